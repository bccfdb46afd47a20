"""The gate, the bell and the wire of the service."""

from __future__ import annotations

import asyncio

from pipeline.events import MeetingEvent
from serve.service.bell import Bell
from serve.service.gate import Gate
from serve.service.wire import Wire


async def settled() -> None:
    """Let every task go as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_those_in_a_hurry_go_first() -> None:
    gate, order = Gate(1), []

    async def work(name: str, priority: int) -> None:
        async with gate.turn(priority):
            order.append(name)
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        async with gate.turn(0):
            for name, priority in (("batch", 2), ("queued", 1), ("waiting", 0), ("also", 0)):
                group.create_task(work(name, priority))
            await settled()
            assert gate.waiting == 4
    assert order == ["waiting", "also", "queued", "batch"]
    assert gate.free


async def test_whoever_gives_up_waiting_takes_no_turn() -> None:
    gate = Gate(1)

    async def wait() -> None:
        async with gate.turn(0):
            raise AssertionError("not reached")

    async with gate.turn(0):
        tasks = [asyncio.create_task(wait()) for _ in range(3)]
        await settled()
        assert gate.waiting == 3
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert gate.waiting == 0
    assert gate.free


async def test_a_bell_wakes_only_those_who_wait_for_it() -> None:
    bell = Bell()
    one = asyncio.create_task(bell.wait("a", 5))
    two = asyncio.create_task(bell.wait("b", 0.05))
    await asyncio.sleep(0)
    bell.ring("a")
    assert await one and not await two


def test_a_wire_forgets_what_is_old_and_goes_on_where_a_reader_was() -> None:
    wire = Wire()
    for n in range(1000):
        wire.tell("m", MeetingEvent(None, "stage.progress", float(n), {}))
    number, events = wire.after("m", 0)
    assert number == 1000 and events[-1].at == 999.0 and len(events) < 1000
    assert wire.after("m", number) == (number, [])
    wire.tell("other", MeetingEvent(None, "stage.progress", 0.0, {}))
    assert wire.after("m", number)[1] == []
