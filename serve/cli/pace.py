"""How long something still takes, from how fast it has gone."""

from __future__ import annotations

import time
from collections.abc import Callable

_ENOUGH_SECONDS = 2.0
_ENOUGH_PART = 0.02


class Pace:
    """The pace of one stage.

    The first report counts as the start, since what an earlier run had done comes in one leap.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._start = now()
        self._first: tuple[float, float] | None = None
        self._last = (self._start, 0.0)
        self.done = 0.0

    def report(self, done: float) -> None:
        """`done` in [0, 1]; a smaller figure than before begins anew."""
        now = self._now()
        if self._first is None or done < self.done:
            self._first = (now, done)
        self.done = done
        self._last = (now, done)

    @property
    def begun(self) -> bool:
        """Whether anything was reported."""
        return self._first is not None

    @property
    def elapsed(self) -> float:
        """Seconds from the beginning to the last report."""
        return self._last[0] - self._start

    def left(self) -> float | None:
        """Seconds to go, None while too little is known."""
        if self._first is None or self.done >= 1:
            return None
        (begun, before), (last, done) = self._first, self._last
        if last - begun < _ENOUGH_SECONDS or done - before < _ENOUGH_PART:
            return None
        whole = (last - begun) / (done - before) * (1 - done)
        return max(0.0, whole - (self._now() - last))
