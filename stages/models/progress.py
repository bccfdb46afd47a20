"""What a pull tells while it runs, and how a source says that it failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Step = Literal["wait", "fetch", "check", "convert"]


@dataclass(frozen=True, slots=True)
class PullEvent:
    """How far a model has come.

    step: wait (another process holds the model), fetch and check count bytes, convert counts
    thousandths. done never falls within a step of one source; total is None while unknown. source:
    kind of the source in use, empty for the other steps.
    """

    model: str
    step: Step
    done: int
    total: int | None
    source: str = ""


Progress = Callable[[PullEvent], None]
"""Called from the pulling thread, at most some twenty times a second."""

Report = Callable[[int], None]
"""Called with the bytes done so far."""


class SourceFailed(Exception):
    """A source could not give a file; the message is one line of why. The next source is tried."""


class SourceGated(SourceFailed):
    """The source wants terms accepted and a token."""

    def __init__(self, reason: str, page: str = "") -> None:
        super().__init__(reason)
        self.page = page


class Unreachable(SourceFailed):
    """The host did not answer at all."""


def shifted(report: Report, before: int) -> Report:
    """`report` for a file that comes after `before` bytes of others."""
    return lambda done: report(before + done)


class Throttle:
    """Passes on a progress figure at most every `interval` seconds, and whenever it is final."""

    def __init__(self, report: Report, interval: float = 0.05) -> None:
        self._report = report
        self._interval = interval
        self._last = float("-inf")

    def __call__(self, done: int, now: float, final: bool = False) -> None:
        """Reports `done` if it is due at `now` (seconds of any steady clock)."""
        if final or now - self._last >= self._interval:
            self._last = now
            self._report(done)
