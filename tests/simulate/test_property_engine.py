"""The engine gives results in the jobs' order, bounded in flight, and the same bits for any number of workers."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from pivotal.simulate.engine import AHEAD, executor, in_order
from pivotal.simulate.streams import PATIENTS, Stream, block_size, blocks, generator


def slow_first(job):
    time.sleep(0.02 if job == 0 else 0)
    return job


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_come_in_the_order_of_the_jobs(workers):
    with executor(workers) as (pool, width):
        assert list(in_order(pool, width, slow_first, ((i,) for i in range(20)))) == list(range(20))


def test_a_bounded_number_is_in_flight():
    taken = []

    def jobs():
        for i in range(50):
            taken.append(i)
            yield (i,)

    with executor(2) as (pool, width):
        results = in_order(pool, width, slow_first, jobs())
        next(results)
        assert len(taken) <= AHEAD * 2
        assert len(list(results)) == 49


def test_what_has_not_started_is_cancelled_after_an_error():
    started = []
    lock = threading.Lock()

    def work(job):
        with lock:
            started.append(job)
        if job == 0:
            raise KeyboardInterrupt
        time.sleep(0.05)

    with pytest.raises(KeyboardInterrupt), executor(1) as (pool, width):
        list(in_order(pool, width, work, ((i,) for i in range(100))))
    assert len(started) < 10


def test_generators_are_keyed_by_seed_stream_and_block():
    draws = [
        generator(seed, stream, block).random(4)
        for seed in (1, 2)
        for stream in (Stream.REPLICATES, Stream.POPULATION)
        for block in (0, 1)
    ]
    assert len({tuple(d) for d in draws}) == len(draws)
    np.testing.assert_array_equal(generator(1, Stream.GRID, 7).random(3), generator(1, Stream.GRID, 7).random(3))


@pytest.mark.parametrize("replicates", [1, 511, 512, 513, 5_123])
def test_blocks_add_up(replicates):
    sizes = blocks(replicates, 512)
    assert sum(sizes) == replicates
    assert all(0 < size <= 512 for size in sizes)


@pytest.mark.parametrize("patients", [2, 100, 330, 5_000, 10**8])
def test_a_block_is_a_power_of_two_and_bounded(patients):
    for model, most in PATIENTS.items():
        size = block_size(model, patients)
        assert size == 1 or size * patients <= most
        assert size & (size - 1) == 0


def test_a_seed_out_of_range_says_what_is_allowed():
    with pytest.raises(ValueError, match="whole number from 0"):
        generator(-1, Stream.REPLICATES, 0)
