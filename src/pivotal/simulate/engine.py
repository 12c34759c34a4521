"""Blocks of replicates over any `concurrent.futures.Executor`: bounded, in order, interruptible.

One worker is a thread of this process. Several are threads where that is asked for or the interpreter has no lock, else
processes (docs/decisions/0002-workers.md says why); a Dask cluster's are its own. Linear algebra runs on one thread
everywhere: a sum split over threads has other bits, and the workers fill the cores already.
"""

from __future__ import annotations

import pickle
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

from pivotal.errors import PivotalError, UsageError

T = TypeVar("T")
AHEAD = 4
"""Blocks in flight for each worker; more would only fill memory."""

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""What a worker process starts with: linear algebra that is loaded later has one thread too."""

CONNECT_SECONDS = 10
"""How long a Dask scheduler may take to answer."""


class WorkerLostError(PivotalError):
    """A worker process was ended from outside (exit status 1)."""


@contextmanager
def executor(workers: int = 1, dask: str | None = None, *, threads: bool = False) -> Iterator[tuple[Executor, int]]:
    """An executor and its number of workers: threads, processes, or a Dask cluster.

    Parameters
    ----------
    workers
        Number of workers: 1 is a thread of this process, more are processes.
    dask
        Address of a Dask scheduler (``tcp://host:port``); needs the extra ``pivotal[dask]``.
    threads
        Whether several workers, too, are threads of this process: nothing to start and less memory, but slower
        where the interpreter has a lock. Without one they always are.

    Yields
    ------
    tuple
        (executor, workers). On the way out what has not started is cancelled.

    Raises
    ------
    UsageError
        If no scheduler answers, or Dask is not installed.
    WorkerLostError
        If a worker process was ended from outside, as a machine out of memory does.
    """
    if dask is None:
        here = workers == 1 or threads or not _has_lock()
        with _threads(workers) if here else _processes(workers) as pool:
            yield pool, workers
        return
    with _client(dask) as client:
        width = sum(client.nthreads().values())
        cluster = client.get_executor(pure=False, retries=3)
        try:
            yield _Remote(cluster), max(width, 1)
        finally:
            cluster.shutdown(wait=False)


def _client(address: str) -> Any:
    """A client of a Dask scheduler."""
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise UsageError("--dask needs Dask, which is not installed. Use: pip install 'pivotal[dask]'.") from None
    try:
        return Client(address, set_as_default=False, timeout=CONNECT_SECONDS)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise UsageError(
            f"--dask is {address!r}, where no scheduler answers ({type(error).__name__}). Give the address that "
            "the scheduler prints when it starts, such as tcp://127.0.0.1:8786."
        ) from None


def _has_lock() -> bool:
    """Whether this interpreter runs one thread's Python at a time; free-threaded builds, from 3.13 on, do not."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


@contextmanager
def _threads(workers: int) -> Iterator[Executor]:
    pool = ThreadPoolExecutor(workers)
    with ThreadpoolController().limit(limits=1, user_api="blas"):
        try:
            yield pool
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _processes(workers: int) -> Iterator[Executor]:
    from loky import ProcessPoolExecutor

    pool = ProcessPoolExecutor(workers, initializer=_quiet_worker, env=ONE_THREAD)
    stopped = True
    try:
        yield pool
        stopped = False
    except BrokenProcessPool:
        raise WorkerLostError(
            "A worker process was ended from outside, most likely because memory ran out. Nothing was written. "
            f"Use fewer than {workers} workers (--workers 1 runs in this process)."
        ) from None
    finally:
        pool.shutdown(wait=True, kill_workers=stopped)


def _quiet_worker() -> None:
    """Ctrl-C is the parent's to answer."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _one_blas_thread()


class _Remote(Executor):
    """A cluster's executor, its workers' linear algebra on one thread."""

    def __init__(self, cluster: Executor) -> None:
        self._cluster = cluster

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        return self._cluster.submit(_on_worker, fn, *args, **kwargs)


@cache
def _one_blas_thread() -> None:
    """Set linear algebra to one thread for good, in a worker process."""
    ThreadpoolController().limit(limits=1, user_api="blas")


def _on_worker(work: Callable[..., T], *job: Any) -> T:
    _one_blas_thread()
    return work(*job)


def pack(shared: Any) -> bytes:
    """What many blocks need, made ready once for every worker that it is sent to."""
    return pickle.dumps(shared, protocol=pickle.HIGHEST_PROTOCOL)


@lru_cache(maxsize=8)
def unpack(packed: bytes) -> Any:
    """The inverse of `pack`, done once in each worker: a block need not wait for it."""
    return pickle.loads(packed)


def in_order(pool: Executor, workers: int, work: Callable[..., T], jobs: Iterable[tuple[Any, ...]]) -> Iterator[T]:
    """Run `work(*job)` for every job and give the results in the jobs' order, a bounded number in flight.

    Where it is left early, `executor` cancels what has not started.
    """
    waiting: deque[Future[T]] = deque()
    for job in jobs:
        waiting.append(pool.submit(work, *job))
        if len(waiting) >= AHEAD * workers:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
