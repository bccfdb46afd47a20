"""Windows that wait together are read together, and each asker gets its own answer."""

from __future__ import annotations

import asyncio
import threading

import pytest

from stages.asr.batching import Batches


class Reader:
    """Work that notes the batches it was given; numbers of one parity are alike."""

    def __init__(self, workers: int = 1, most: int = 4) -> None:
        self.batches: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.queue: Batches[int, str] = Batches(
            self.work, lambda n: n % 2, workers=workers, most=most, name="reader"
        )

    def work(self, numbers: list[int]) -> list[str]:
        self.gate.wait(10)
        if 99 in numbers:
            raise ValueError("ninety-nine")
        self.batches.append(numbers)
        return [str(n) for n in numbers]

    async def ask(self, *numbers: int) -> list[str]:
        return await asyncio.gather(*(self.queue.ask(n) for n in numbers))


@pytest.mark.parametrize("workers", [1, 2, 3])
async def test_each_asker_gets_the_answer_to_its_own_question(workers: int) -> None:
    reader = Reader(workers)
    assert await reader.ask(*range(20)) == [str(n) for n in range(20)]
    assert sorted(n for batch in reader.batches for n in batch) == list(range(20))


async def test_only_like_questions_are_put_together_and_never_too_many() -> None:
    reader = Reader(most=3)
    await reader.ask(*range(16))
    assert all(len({n % 2 for n in batch}) == 1 for batch in reader.batches)
    assert max(map(len, reader.batches)) == 3


async def test_questions_asked_together_are_shared_among_idle_workers() -> None:
    reader = Reader(workers=2, most=8)
    await reader.ask(0, 2, 4, 6, 8, 10)
    assert len(reader.batches) > 1


async def test_a_failure_reaches_those_who_asked_and_nobody_else() -> None:
    reader = Reader()
    answers = await asyncio.gather(
        *(reader.queue.ask(n) for n in (99, 97, 2)), return_exceptions=True
    )
    assert isinstance(answers[0], ValueError)
    assert answers[2] == "2"
    assert await reader.ask(4) == ["4"]


async def test_a_question_nobody_waits_for_is_not_answered() -> None:
    reader = Reader(most=1)
    reader.gate.clear()
    first = asyncio.create_task(reader.queue.ask(1))
    await asyncio.sleep(0.05)
    given_up = asyncio.create_task(reader.queue.ask(3))
    await asyncio.sleep(0.05)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    reader.gate.set()
    assert await first == "1"
    assert await reader.ask(5) == ["5"]
    assert [3] not in reader.batches
