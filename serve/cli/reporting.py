"""What a run tells while it goes on: nothing, plain lines or JSON lines; all but JSON on stderr."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TextIO

from pipeline.types import clock
from serve.cli.failures import Failure, tell
from serve.cli.pace import Pace

if TYPE_CHECKING:
    from pipeline.events import MeetingEvent
    from pipeline.meeting import Meeting
    from stages.models import PullEvent

STAGES = {
    "decode": "Read the sound",
    "transcribe": "Transcribe",
    "diarize": "Tell speakers apart",
    "attribute": "Match words to voices",
    "minutes": "Write the minutes",
}
"""The stages that report progress, in order, as people read them."""

STEPS = {
    "wait": "Waiting for another download of",
    "fetch": "Fetching",
    "check": "Checking",
    "convert": "Converting",
}
"""The steps of a model's way here, as people read them."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one recording.

    status: partial if only a part could be read, skipped if its results were there. title: what
    readers see. written: the result files. seconds: how long it took.
    """

    path: Path
    status: Literal["done", "partial", "failed", "skipped"]
    exit_code: int = 0
    title: str = ""
    meeting: Meeting | None = None
    written: tuple[Path, ...] = ()
    failure: Failure | None = None
    seconds: float = 0.0


class Reporter(Protocol):
    """Who is told of a run. Events and pulls come from several threads, one at a time each."""

    def begin(self, path: Path, place: int, count: int) -> None:
        """Recording `place` of `count` is begun."""
        ...

    def event(self, event: MeetingEvent) -> None:
        """Something happened in it."""
        ...

    def pulling(self, event: PullEvent) -> None:
        """A model that it needs came a bit nearer."""
        ...

    def end(self, outcome: Outcome) -> None:
        """It is over, well or badly."""
        ...

    def close(self) -> None:
        """Nothing more will come, perhaps in the middle of a recording."""
        ...


class Quiet:
    """Tells of errors and of nothing else."""

    def begin(self, path: Path, place: int, count: int) -> None:
        """Says nothing."""

    def event(self, event: MeetingEvent) -> None:
        """Says nothing."""

    def pulling(self, event: PullEvent) -> None:
        """Says nothing."""

    def end(self, outcome: Outcome) -> None:
        """Says what failed, or that only a part was read."""
        if outcome.failure is not None:
            tell(outcome.failure)
        elif outcome.status == "partial":
            tell(f"[audio.partial] {outcome.path}: {partial(outcome)}")

    def close(self) -> None:
        """Has nothing to put away."""


class Lines:
    """Plain lines for logs and pipes: a line when a stage begins to be slow, and when it ends."""

    def __init__(self, interval: float = 10.0) -> None:
        self._interval = interval
        self._lock = threading.Lock()
        self._paces: dict[str, Pace] = {}
        self._told: dict[str, float] = {}

    def begin(self, path: Path, place: int, count: int) -> None:
        """Names the recording."""
        self._paces, self._told = {}, {}
        tell(f"[{place}/{count}] {path}" if count > 1 else str(path))

    def event(self, event: MeetingEvent) -> None:
        """Tells how far stages have come, every few seconds."""
        if event.type == "warning":
            tell(f"  Note: {event.payload['text']}")
        elif event.type == "stage.progress":
            self._progress(STAGES.get(event.payload["stage"], event.payload["stage"]), event)

    def pulling(self, event: PullEvent) -> None:
        """Tells how much of a model has come, every few seconds."""
        label = f"{STEPS[event.step]} {event.model}"
        ended = event.total is not None and event.done >= event.total
        if self._due(label, final=ended):
            tell(f"  {label}{_amount(event)}")

    def end(self, outcome: Outcome) -> None:
        """Says what came of the recording."""
        tell(f"  {summary(outcome)}" if outcome.failure is None else outcome.failure)

    def close(self) -> None:
        """Has nothing to put away."""

    def _progress(self, label: str, event: MeetingEvent) -> None:
        pace = self._paces.setdefault(label, Pace())
        pace.report(event.payload["done"])
        if pace.done >= 1:
            if self._due(label, final=True):
                tell(f"  {label}: done in {clock(pace.elapsed)}")
        elif self._due(label):
            left = pace.left()
            rest = f", {clock(left)} left" if left is not None else ""
            tell(f"  {label}: {pace.done:.0%}{rest}")

    def _due(self, label: str, final: bool = False) -> bool:
        """Whether to speak of `label` now: not at once, not too often, once at the end."""
        with self._lock:
            now = time.monotonic()
            last = self._told.setdefault(label, now)
            if last == float("inf") or (not final and now - last < self._interval):
                return False
            self._told[label] = float("inf") if final else now
            return True


@dataclass
class JsonLines:
    """One JSON object a line: every event, every step of a download, the end of every recording."""

    stream: TextIO = field(default_factory=lambda: sys.stdout)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._file = ""

    def begin(self, path: Path, place: int, count: int) -> None:
        """Opens a recording."""
        self._file = str(path)
        self._write("file.started", {"place": place, "count": count})

    def event(self, event: MeetingEvent) -> None:
        """Passes the event on as it is."""
        self._write(event.type, event.payload, seq=event.seq, at=event.at)

    def pulling(self, event: PullEvent) -> None:
        """Passes the download's progress on."""
        told = {"model": event.model, "step": event.step, "done": event.done, "total": event.total}
        self._write("model.progress", told)

    def end(self, outcome: Outcome) -> None:
        """Closes the recording: status, exit code, files, error."""
        error = outcome.failure
        if error is not None:
            tell(error)
        self._write(
            "file.ended",
            {
                "status": outcome.status,
                "exit_code": outcome.exit_code,
                "seconds": round(outcome.seconds, 3),
                "outputs": [str(path) for path in outcome.written],
                "error": error and {"code": error.code, "message": error.message},
            },
        )

    def close(self) -> None:
        """Has nothing to put away."""

    def _write(
        self, type_: str, payload: dict[str, Any], seq: int | None = None, at: float | None = None
    ) -> None:
        line = {"type": type_, "file": self._file, "at": at or time.time()}
        line |= {} if seq is None else {"seq": seq}
        with self._lock:
            self.stream.write(json.dumps(line | {"payload": payload}, ensure_ascii=False) + "\n")
            self.stream.flush()


def summary(outcome: Outcome) -> str:
    """One line on a recording that did not fail."""
    if outcome.status == "skipped" or outcome.meeting is None:
        return f"passed over: {named(outcome.written)} already there"
    length, took = outcome.meeting.transcript.duration, outcome.seconds
    text = f"{clock(length)} of sound in {clock(took)}; wrote {named(outcome.written)}"
    return (
        f"only partly readable: {partial(outcome)}; {text}" if outcome.status == "partial" else text
    )


def named(paths: Sequence[Path]) -> str:
    """Files that differ in their endings only, in short, such as `m/talk.json, .md`."""
    texts = [str(path) for path in paths]
    same = os.path.commonprefix(texts).rfind(".")
    if len(texts) < 2 or same < 0:
        return ", ".join(texts)
    return ", ".join([texts[0], *(text[same:] for text in texts[1:])])


def partial(outcome: Outcome) -> str:
    """Why only a part of the recording was read."""
    return (outcome.meeting and outcome.meeting.transcript.partial) or "it breaks off"


def _amount(event: PullEvent) -> str:
    if event.step == "wait":
        return ""
    if event.step == "convert" or event.total is None:
        part = event.done / (event.total or 1000)
        return f": {part:.0%}" if event.step == "convert" else f": {event.done / 1e6:.0f} MB"
    return f": {event.done / 1e6:.0f} of {event.total / 1e6:.0f} MB"
