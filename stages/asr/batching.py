"""Windows that wait at the same time, read together.

A model reads eight windows in little more time than two, so whoever asks for one is answered with
those that wait beside it: the parts of a recording that are read side by side, or several meetings.
Nobody waits for a batch to fill.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")

LINGER = 0.02
"""Seconds a free worker lets more questions come in: those asked together arrive one by one."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting(Generic[Question, Answer]):
    question: Question
    answer: Future[Answer] = field(default_factory=Future)


class Batches(Generic[Question, Answer]):
    """Answers questions in batches of like ones, on `workers` threads, at most `most` at a time.

    work: answers as many questions as it is given, in order; called from several threads at once.
    alike: only questions for which it gives the same value are put together.
    """

    def __init__(
        self,
        work: Callable[[list[Question]], Sequence[Answer]],
        alike: Callable[[Question], Hashable],
        *,
        workers: int,
        most: int,
        name: str,
    ) -> None:
        self._work, self._alike, self._most = work, alike, most
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._waiting: list[_Waiting[Question, Answer]] = []
        self._idle = workers

    async def ask(self, question: Question) -> Answer:
        """The answer; raises what `work` raised. A question nobody waits for is not answered."""
        waiting: _Waiting[Question, Answer] = _Waiting(question)
        with self._lock:
            self._waiting.append(waiting)
        self._threads.submit(self._serve)
        return await asyncio.wrap_future(waiting.answer)

    def _serve(self) -> None:
        time.sleep(LINGER)
        batch = self._take()
        try:
            if not batch:
                return
            try:
                answers = self._work([w.question for w in batch])
            except BaseException as error:
                for waiting in batch:
                    waiting.answer.set_exception(error)
                return
            for waiting, answer in zip(batch, answers, strict=True):
                waiting.answer.set_result(answer)
        finally:
            with self._lock:
                self._idle += 1

    def _take(self) -> list[_Waiting[Question, Answer]]:
        """The questions like the one that waited longest, shared among the idle workers."""
        with self._lock:
            self._waiting = [w for w in self._waiting if not w.answer.cancelled()]
            first = self._alike(self._waiting[0].question) if self._waiting else None
            like = [w for w in self._waiting if self._alike(w.question) == first]
            batch = like[: min(self._most, -(-len(like) // max(1, self._idle)))]
            self._idle -= 1
            batch = [w for w in batch if w.answer.set_running_or_notify_cancel()]
            taken = set(map(id, batch))
            self._waiting = [w for w in self._waiting if id(w) not in taken]
            return batch
