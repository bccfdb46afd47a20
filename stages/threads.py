"""Thread counts, set once and for all before a numerical library can choose its own.

An LSTM on more threads than there are free cores runs ten times slower than on one.
"""

from __future__ import annotations

import os

from stages.allocation import keep_pages

_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def cores() -> int:
    """Processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def limit_threads() -> None:
    """Keep libraries that read their thread count from the environment to one thread.

    To be called before they are imported, and before there are threads, whose memory is kept too.

    Those that take it as an argument are given it by the settings.
    """
    for name in _VARIABLES:
        os.environ.setdefault(name, "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    keep_pages()


def share(threads: int | None, workers: int) -> int:
    """`threads` where set, else this worker's part of the cores when `workers` run at a time."""
    return threads or max(1, cores() // workers)
