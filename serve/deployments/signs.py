"""Signs of life: whether a model that is at work gets anywhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stuck(RuntimeError):
    """A model has been at work for too long without a sign of life."""


class Signs:
    """When the model last showed that it is alive.

    The beginning of work after a rest is a sign, and so are progress and the end of any call. A
    further call is none: many that ask do not make a model that hangs answer.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._calls = 0
        self._last = clock()

    @contextmanager
    def call(self) -> Iterator[None]:
        """The model is at work until the end of this context."""
        if not self._calls:
            self.seen()
        self._calls += 1
        try:
            yield
        finally:
            self._calls -= 1
            self.seen()

    def seen(self) -> None:
        """The model has got somewhere; may be called from any thread."""
        self._last = self._clock()

    def check(self, patience: float) -> None:
        """Raises Stuck if nothing was seen of a model at work for more than `patience` seconds."""
        silent = self._clock() - self._last
        if self._calls and silent > patience:
            raise Stuck(
                f"{self._calls} calls at work and no sign of life for {silent:.0f} s "
                f"(patience: {patience:.0f} s)"
            )
