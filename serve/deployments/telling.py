"""Long work as a stream: how far it is, now and then, and at last its result."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pipeline.ports import Progress
from serve.deployments.signs import Signs

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    """The part done, in [0, 1]."""

    done: float


@dataclass(frozen=True, slots=True, eq=False)
class Result(Generic[T]):
    """What came of the work; the last of a stream."""

    value: T


async def telling(
    work: Callable[[Progress], Coroutine[Any, Any, T]], signs: Signs, every: float
) -> AsyncIterator[Step | Result[T]]:
    """How far `work` is, at most every so many seconds, then its result; raises what it raises.

    Progress may be told from any thread. Whoever stops listening stops the work.
    """
    reached = told = 0.0

    def progress(done: float) -> None:
        nonlocal reached
        reached = done
        signs.seen()

    with signs.call():
        task = asyncio.ensure_future(work(progress))
        try:
            while not (await asyncio.wait([task], timeout=every))[0]:
                if reached > told:
                    told = reached
                    yield Step(told)
            yield Result(task.result())
        finally:
            task.cancel()
            await asyncio.wait([task])
