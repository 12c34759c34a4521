"""On a real local Dask cluster, with a worker killed in the middle, the bits are those of one thread."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings

import pytest

from pivotal.simulate import simulate
from pivotal.study.load import load

pytest.importorskip("distributed")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_killed_worker_changes_no_bit():
    from distributed import Client, LocalCluster

    study = load("true-ad3")
    settings = {"endpoints": ("IGA-TS",), "scenarios": ("published",), "replicates": 8_192, "seed": 4,
                "population": 200_000}  # fmt: skip
    alone = simulate(study, workers=1, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with (
            LocalCluster(
                n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
            ) as cluster,
            Client(cluster) as client,
        ):
            victim = next(iter(client.run(os.getpid).values()))
            seen = threading.Event()

            def progress(what: str, done: int, total: int) -> None:
                if what == "published" and done:
                    seen.set()

            def kill() -> None:
                seen.wait(60)
                os.kill(victim, signal.SIGKILL)

            killer = threading.Thread(target=kill)
            killer.start()
            spread = simulate(study, dask=cluster.scheduler_address, progress=progress, **settings)
            killer.join()
            time.sleep(0.1)
    assert seen.is_set()
    assert spread.rows == alone.rows
    assert spread.scenarios == alone.scenarios
    assert spread.rates == alone.rates
