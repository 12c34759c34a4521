"""Blocks of replicates over any `concurrent.futures.Executor`: bounded, in order, interruptible."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
AHEAD = 4
"""Blocks in flight for each worker; more would only fill memory."""


@contextmanager
def executor(workers: int = 1, dask: str | None = None) -> Iterator[tuple[Executor, int]]:
    """An executor and its number of workers: threads, or a Dask cluster.

    Parameters
    ----------
    workers
        Number of threads.
    dask
        Address of a Dask scheduler (``tcp://host:port``); needs the extra ``pivotal[dask]``.

    Yields
    ------
    tuple
        (executor, workers). On the way out what has not started is cancelled.
    """
    if dask is None:
        pool: Executor = ThreadPoolExecutor(workers)
        try:
            yield pool, workers
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return
    from distributed import Client

    with Client(dask, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        threads = sum(client.nthreads().values())
        pool = client.get_executor(pure=False, retries=3)
        try:
            yield pool, max(threads, 1)
        finally:
            pool.shutdown(wait=False)


def in_order(pool: Executor, workers: int, work: Callable[..., T], jobs: Iterable[tuple[Any, ...]]) -> Iterator[T]:
    """Run `work(*job)` for every job and give the results in the jobs' order, a bounded number in flight."""
    waiting: deque[Future[T]] = deque()
    try:
        for job in jobs:
            waiting.append(pool.submit(work, *job))
            if len(waiting) >= AHEAD * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
