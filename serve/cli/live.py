"""The live view on a terminal: a bar a stage with the time left, downloads, what was heard."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from pipeline.exports.reading import one_line
from pipeline.types import clock
from serve.cli.failures import tell
from serve.cli.pace import Pace
from serve.cli.reporting import STAGES, STEPS, Outcome, summary

if TYPE_CHECKING:
    from pipeline.events import MeetingEvent
    from stages.models import PullEvent

_BAR, _LEAST_BAR = 24, 6
"""Columns of a bar."""

_BESIDE, _BESIDE_DOWNLOAD = 22, 36
"""Columns of a row besides its label and its bar: marks, figures, time, the spaces between."""

_CHECK_SECONDS = 2.0
"""After so long without a word, a check is over."""

_REFRESHES = 6
"""Redraws a second."""


class Download:
    """A step of one model's way here."""

    def __init__(self, event: PullEvent) -> None:
        self.event = event
        self.pace = Pace()
        self.heard = time.monotonic()

    def update(self, event: PullEvent) -> None:
        """Takes in the next report; another step or source begins anew."""
        if (event.step, event.source) != (self.event.step, self.event.source):
            self.pace = Pace()
        self.event, self.heard = event, time.monotonic()
        self.pace.report(event.done / event.total if event.total else 0.0)

    @property
    def label(self) -> str:
        """What is being done to which model."""
        return f"{STEPS[self.event.step]} {self.event.model}"

    @property
    def over(self) -> bool:
        """Whether this step has come to its end; the last word of a quick check may not come."""
        stale = self.event.step == "check" and time.monotonic() - self.heard > _CHECK_SECONDS
        return stale or (self.event.step != "wait" and self.pace.done >= 1)

    def amount(self) -> str:
        """How much of it has come."""
        done, total = self.event.done, self.event.total
        if self.event.step == "convert":
            return f"{done / (total or 1000):.0%}"
        if self.event.step == "wait":
            return ""
        whole = f" of {total / 1e6:,.0f}" if total else ""
        return f"{done / 1e6:,.0f}{whole} MB"


class View:
    """What is on the screen: made of the last report of everything."""

    def __init__(self, heading: str, stages: tuple[str, ...]) -> None:
        self.heading = heading
        self.stages: dict[str, Pace | None] = dict.fromkeys(stages)
        self.downloads: dict[str, Download] = {}
        self.heard = ""
        self._spinner = Spinner("dots", style="cyan")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draws itself as wide as the terminal allows."""
        now = list(self.stages.items())  # at one blow: another thread may add to them
        downloads = [d for d in list(self.downloads.values()) if not d.over]
        labels = [STAGES.get(name, name) for name, _ in now] + [d.label for d in downloads]
        beside = max(map(len, labels), default=0) + (_BESIDE_DOWNLOAD if downloads else _BESIDE)
        bar = max(_LEAST_BAR, min(_BAR, options.max_width - beside))
        yield Text(self.heading, style="bold", no_wrap=True, overflow="ellipsis")
        table = Table.grid(padding=(0, 1))
        table.add_column(width=1)
        table.add_column(no_wrap=True, overflow="ellipsis")
        table.add_column(width=bar)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(no_wrap=True, style="dim")
        order = [*STAGES, *(name for name, _ in now)]
        for name, pace in sorted(now, key=lambda row: order.index(row[0])):
            self._stage_row(table, name, pace, bar)
        for download in downloads:
            self._download_row(table, download, bar)
        yield table
        if self.heard:
            line = Text(f"  {self.heard}", style="dim italic", no_wrap=True, overflow="ellipsis")
            yield line

    def _stage_row(self, table: Table, name: str, pace: Pace | None, bar: int) -> None:
        label = STAGES.get(name, name)
        if pace is None:
            table.add_row("", Text(label, style="dim"), "", "", "")
            return
        if pace.done >= 1:
            done = Text(f"done in {clock(pace.elapsed)}")
            table.add_row(Text("✓", style="green"), label, _bar(1.0, bar), "", done)
            return
        left = pace.left()
        rest = f"{clock(left)} left" if left is not None else ""
        if not pace.begun:
            rest = "starting"  # mostly a model on its way into memory
        table.add_row(self._spinner, label, _bar(pace.done, bar), f"{pace.done:.0%}", rest)

    def _download_row(self, table: Table, download: Download, bar: int) -> None:
        event, left = download.event, download.pace.left()
        rest = f"{clock(left)} left" if left is not None else ""
        known = event.total is not None or event.step == "convert"
        drawn = _bar(download.pace.done, bar) if known and event.step != "wait" else ""
        table.add_row(self._spinner, download.label, drawn, download.amount(), rest)


def _bar(done: float, width: int) -> ProgressBar:
    return ProgressBar(total=1.0, completed=done, width=width, finished_style="green")


class LiveView:
    """The Reporter for people who watch."""

    def __init__(self, console: Console, stages: tuple[str, ...]) -> None:
        self._console = console
        self._stages = stages
        self._lock = threading.Lock()
        self._live: Live | None = None
        self._view = View("", stages)

    def begin(self, path: Path, place: int, count: int) -> None:
        """Puts up the view of one recording."""
        place_of = f"  ({place} of {count})" if count > 1 else ""
        self.open(one_line(path.name) + place_of)
        self._view.stages["decode"] = Pace()

    def open(self, heading: str) -> None:
        """Puts up an empty view."""
        self._view = View(heading, self._stages)
        self._live = Live(
            self._view, console=self._console, transient=True, refresh_per_second=_REFRESHES
        )
        self._live.start()

    def event(self, event: MeetingEvent) -> None:
        """Moves the bars."""
        if event.type == "meeting.started":
            if (length := event.payload["duration"]) is not None:
                self._view.heading += f"  {clock(length)}"
        elif event.type == "utterance.partial":
            self._view.heard = one_line(event.payload["text"])
        elif event.type == "warning":
            self._console.print(Text(f"Note: {one_line(event.payload['text'])}", style="yellow"))
        elif event.type == "stage.progress":
            self._progress(event.payload["stage"], event.payload["done"])
        elif event.type == "meeting.ended":
            self._view.heard = ""
            self._start("minutes")

    def pulling(self, event: PullEvent) -> None:
        """Moves the bar of a download."""
        downloads = self._view.downloads
        if event.model not in downloads:
            downloads[event.model] = Download(event)
        downloads[event.model].update(event)

    def end(self, outcome: Outcome) -> None:
        """Takes the view down and leaves one line in its place."""
        self.close()
        if outcome.failure is not None:
            tell(outcome.failure)
            return
        good = outcome.status in ("done", "skipped")
        mark = ("✓ ", "green") if good else ("! ", "yellow")
        line = Text.assemble(mark, one_line(f"{outcome.path.name}: {summary(outcome)}"))
        self._console.print(line, soft_wrap=True)

    def close(self) -> None:
        """Takes the view down."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _progress(self, stage: str, done: float) -> None:
        with self._lock:
            pace = self._view.stages.get(stage)
            if pace is None:
                pace = self._view.stages[stage] = Pace()
            pace.report(done)
        if stage == "decode" and done >= 1:
            self._start("transcribe", "diarize")

    def _start(self, *names: str) -> None:
        """Stages that have begun, though they have nothing to report yet."""
        with self._lock:
            for name in names:
                if name in self._stages and self._view.stages[name] is None:
                    self._view.stages[name] = Pace()
