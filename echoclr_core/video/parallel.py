"""Work over many files in several processes, in order, surviving the crash of a decoder."""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import cv2

from echoclr_core.common.processes import main_script_hidden


def map_files(
    function: Callable[[Any], Any], jobs: Sequence[Any], *, workers: int, crashed: Any
) -> list[Any]:
    """``[function(job) for job in jobs]`` over ``workers`` processes.

    Parameters
    ----------
    function
        A function of an importable module (not of the main script); the same results in any process.
    jobs
        Picklable values.
    workers
        Processes, at least 1; with 1 (or one job) everything runs in this process.
    crashed
        The result of a job whose process dies (a decoder that faults, or takes all memory).

    Raises
    ------
    ValueError
        ``workers`` is below 1. Whatever else ``function`` raises comes through.
    """
    if workers < 1:
        raise ValueError(f"workers is {workers!r}; allowed is 1 or more")
    if workers == 1 or len(jobs) < 2:
        return [function(job) for job in jobs]
    results: list[Any] = []
    while len(results) < len(jobs):
        waiting = jobs[len(results) :]
        results += _until_crash(function, waiting, workers)
        if len(results) < len(jobs):
            # A broken pool does not say which job broke it: try the next one by itself.
            alone = _until_crash(function, jobs[len(results) : len(results) + 1], 1)
            results += alone or [crashed]
    return results


def _until_crash(function: Callable[[Any], Any], jobs: Sequence[Any], workers: int) -> list[Any]:
    """The results of the jobs before the first one that a broken pool lost."""
    context = multiprocessing.get_context("spawn")
    workers = min(workers, len(jobs))
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=cv2.setNumThreads, initargs=(1,))
    done: list[Any] = []
    with pool:
        with main_script_hidden():
            futures = [pool.submit(function, job) for job in jobs]
        try:
            for future in futures:
                done.append(future.result())
        except BrokenProcessPool:
            return done
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return done
