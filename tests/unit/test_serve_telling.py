"""Long work as a stream: progress now and then, one result, and an end when nobody listens."""

from __future__ import annotations

import asyncio
import threading

import pytest

from pipeline.errors import ModelCorrupt
from pipeline.ports import Progress
from serve.deployments.signs import Signs
from serve.deployments.telling import Result, Step, telling


async def test_progress_is_put_together_and_the_result_comes_last() -> None:
    async def work(progress: Progress) -> str:
        for n in range(100):
            progress((n + 1) / 100)
            await asyncio.sleep(0.001)
        return "minutes"

    told = [t async for t in telling(work, Signs(), every=0.05)]
    assert isinstance(told[-1], Result)
    assert told[-1].value == "minutes"
    steps = [t.done for t in told[:-1] if isinstance(t, Step)]
    assert 1 <= len(steps) == len(told) - 1 < 50
    assert steps == sorted(set(steps))


async def test_progress_may_be_told_by_another_thread() -> None:
    async def work(progress: Progress) -> None:
        thread = threading.Thread(target=progress, args=(0.5,))
        thread.start()
        thread.join()
        await asyncio.sleep(0.1)

    told = [t async for t in telling(work, Signs(), every=0.05)]
    assert told[0] == Step(0.5)


async def test_an_error_of_the_work_is_the_error_of_the_stream() -> None:
    async def work(progress: Progress) -> None:
        raise ModelCorrupt("no such weights")

    with pytest.raises(ModelCorrupt, match="no such weights"):
        [t async for t in telling(work, Signs(), every=0.05)]


async def test_the_work_stops_when_the_listener_goes() -> None:
    stopped = asyncio.Event()

    async def work(progress: Progress) -> None:
        try:
            progress(0.1)
            await asyncio.sleep(60)
        finally:
            stopped.set()

    async def listener() -> None:
        async for _ in telling(work, Signs(), every=0.05):
            heard.set()

    heard = asyncio.Event()
    task = asyncio.create_task(listener())
    await heard.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert stopped.is_set()
