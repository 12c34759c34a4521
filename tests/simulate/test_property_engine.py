"""The engine gives results in the jobs' order, bounded in flight, and the same bits for any number of workers."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest

from pivotal.errors import PivotalError
from pivotal.simulate import simulate
from pivotal.simulate.engine import AHEAD, WorkerLostError, executor, in_order
from pivotal.simulate.streams import PATIENTS, Stream, block_size, blocks, generator
from pivotal.study.load import load


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_come_in_the_order_of_the_jobs(workers):
    def slow_first(job):
        time.sleep(0.02 if job == 0 else 0)
        return job

    with executor(workers) as (pool, width):
        assert list(in_order(pool, width, slow_first, ((i,) for i in range(20)))) == list(range(20))


def test_a_bounded_number_is_in_flight():
    taken = []

    def jobs():
        for i in range(50):
            taken.append(i)
            yield (i,)

    with executor(2) as (pool, width):
        results = in_order(pool, width, str, jobs())
        next(results)
        assert len(taken) <= AHEAD * 2
        assert len(list(results)) == 49


def test_one_worker_is_this_process_and_several_are_others():
    with executor(1) as (pool, _):
        assert pool.submit(os.getpid).result() == os.getpid()
    with executor(2) as (pool, _):
        assert pool.submit(os.getpid).result() != os.getpid()


def test_several_workers_are_threads_where_asked_or_where_there_is_no_lock(monkeypatch):
    with executor(2, threads=True) as (pool, width):
        assert (pool.submit(os.getpid).result(), width) == (os.getpid(), 2)
    monkeypatch.setattr("sys._is_gil_enabled", lambda: False, raising=False)
    with executor(2) as (pool, _):
        assert pool.submit(os.getpid).result() == os.getpid()


def test_linear_algebra_has_one_thread_in_a_worker():
    def threads():
        import scipy.linalg  # noqa: F401
        from threadpoolctl import threadpool_info

        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    with executor(2) as (pool, _):
        assert set(pool.submit(threads).result()) <= {1}


def test_the_same_seed_gives_the_same_bits_for_any_number_of_workers():
    settings = {"endpoints": ("IGA-TS",), "scenarios": ("published",), "replicates": 4_500, "population": 400_000}
    one, *others = (
        simulate(load("true-ad3"), workers=n, threads=threads, **settings)
        for n, threads in ((1, False), (2, False), (2, True), (3, True))
    )
    for other in others:
        assert one.rows == other.rows
        assert one.scenarios == other.scenarios
        assert one.rates == other.rates


def test_a_lost_worker_is_said_plainly():
    with pytest.raises(WorkerLostError, match="fewer than 2 workers") as caught, executor(2) as (pool, _):
        pool.submit(os._exit, 1).result()
    assert isinstance(caught.value, PivotalError)


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
    size = block_size(patients)
    assert size == 1 or size * patients <= PATIENTS
    assert size & (size - 1) == 0


def test_a_seed_out_of_range_says_what_is_allowed():
    with pytest.raises(ValueError, match="whole number from 0"):
        generator(-1, Stream.REPLICATES, 0)
