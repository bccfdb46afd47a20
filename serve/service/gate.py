"""Whose turn it is to compute: a few at a time, those in a hurry first."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count


class Gate:
    """Lets `at_once` through at a time; of those that wait the lowest number goes first."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self._inside = 0
        self._order = count()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(1 for *_, turn in self._waiting if not turn.done())

    @property
    def free(self) -> bool:
        """Whether the next would go straight through."""
        return self._inside < self.at_once and not self.waiting

    @asynccontextmanager
    async def turn(self, priority: int) -> AsyncIterator[None]:
        """A turn for the length of the block."""
        if not self.free:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiting, (priority, next(self._order), turn))
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._left()  # it was ours already
                raise
        else:
            self._inside += 1
        try:
            yield
        finally:
            self._left()

    def _left(self) -> None:
        self._inside -= 1
        while self._waiting and self._inside < self.at_once:
            *_, turn = heapq.heappop(self._waiting)
            if not turn.done():
                self._inside += 1
                turn.set_result(None)
