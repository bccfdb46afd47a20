"""Work shared out among threads, its results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def in_order(jobs: Iterable[Callable[[], T]], threads: int) -> Iterator[T]:
    """The results of `jobs`, in their order, `threads` of them at work at a time.

    Each thread keeps torch to itself: an operation spread over two cores waits for the slower one,
    two operations side by side do not. A few jobs are done ahead, so results do not pile up.
    """
    import torch

    if threads == 1:
        torch.set_num_threads(1)
        yield from (job() for job in jobs)
        return
    with ThreadPoolExecutor(threads, "listening", torch.set_num_threads, (1,)) as pool:
        pending: deque[Future[T]] = deque()
        try:
            for job in jobs:
                pending.append(pool.submit(job))
                if len(pending) > 2 * threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()
