"""The result on a terminal: who spoke, what it came to, then who said what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.padding import Padding
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pipeline.exports import ExportContext
from pipeline.exports.reading import Passage, Reading, Reference, Section, one_line
from pipeline.types import clock
from serve.cli.languages import LANGUAGES
from serve.cli.reporting import named

if TYPE_CHECKING:
    from pipeline.meeting import Meeting

COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red", "bright_cyan", "bright_magenta")
WIDEST = 100
"""Columns; longer lines are hard to read."""

LONG = 30
"""Utterances from which on a transcript is too long for a screen."""

SHOWN = 15
"""Utterances of a long transcript that are shown, so that the minutes stay in sight."""

_READABLE = (".md", ".txt", ".docx", ".vtt", ".srt", ".json")

_NAME = 18

Part = Text | Padding | Table


class Result:
    """One meeting, to be printed."""

    def __init__(self, meeting: Meeting, title: str, written: Sequence[Path] = ()) -> None:
        self._meeting = meeting
        self._reading = Reading(meeting.transcript, meeting.minutes, ExportContext(title, title))
        self._written = written
        names = list(self._reading.names.values())
        self._colours = {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}

    def print(self, console: Console, *, brief: bool = False) -> None:
        """On `console`, of a long transcript only the beginning; brief: the overview alone."""
        parts = self._head()
        sections = self._reading.sections
        for section in sections[:1] if brief else sections:
            parts += self._section(section)
        if not brief:
            parts += [*self._tail(), *self._transcript(), *self._files()]
        console.print(Group(*parts), width=min(console.width, WIDEST), highlight=False)

    def _head(self) -> list[Part]:
        reading = self._reading
        parts: list[Part] = [
            Text(),
            Text(reading.title, style="bold"),
            Text(self._facts(), style="dim"),
        ]
        parts += [Text(f"! {notice}", style="yellow") for notice in reading.notices]
        if reading.names:
            parts += [Text(), self._talk_time()]
        return parts

    def _tail(self) -> list[Part]:
        reading, parts = self._reading, list[Part]()
        if reading.keywords:
            parts += [Text(), Text("Keywords", style="bold"), _hanging(", ".join(reading.keywords))]
        if reading.method:
            parts.append(Text())
            parts += [_hanging(line, style="dim italic") for line in reading.method]
        return parts

    def _facts(self) -> str:
        transcript = self._meeting.transcript
        heard = len({u.speaker for u in self._reading.utterances})
        facts = [clock(transcript.duration)]
        if heard:
            facts.append(f"{heard} speaker" + "s" * (heard != 1))
        if transcript.language:
            facts.append(LANGUAGES.get(transcript.language, transcript.language))
        if transcript.coverage.gaps:
            facts.append(f"{transcript.coverage.ratio:.0%} of the speech transcribed")
        return " · ".join(facts)

    def _talk_time(self) -> Table:
        speakers = self._meeting.transcript.speakers
        whole = sum(s.talk_time for s in speakers) or 1.0
        table = Table.grid(padding=(0, 1))
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=30)
        table.add_column(justify="right")
        table.add_column(width=24)
        table.add_column(justify="right")
        for speaker in speakers:
            name, share = self._reading.names[speaker.id], speaker.talk_time / whole
            colour = self._colours[name]
            bar = ProgressBar(
                1.0, share, width=24, complete_style=colour, finished_style=colour, style="default"
            )
            table.add_row(
                Text(f"  {name}", style=f"bold {colour}"), clock(speaker.talk_time), bar,
                f"{share:.0%}",
            )  # fmt: skip
        return table

    def _section(self, section: Section) -> list[Part]:
        chapter = section.level == 2
        parts: list[Part] = [] if chapter else [Text()]
        parts.append(
            _hanging(section.title, style="italic") if chapter else Text(section.title, "bold")
        )
        indent = 4 if chapter else 2
        for point in section.points:
            parts.append(_bullet(Text(point.text) + _times(point.references), indent))
        for task in section.tasks:
            text = Text(task.task)
            if task.owner:
                # A script without spaces would be broken after one.
                colon = ": " if task.task.isascii() or " " in task.task else "："
                colour = self._colours.get(task.owner, "default")
                owner = Text(f"{task.owner}{colon}", style=f"bold {colour}")
                text = Text.assemble(owner, text)
            if task.due:
                text += Text(f" (due: {task.due})", style="bold")
            parts.append(_bullet(text + _times(task.references), indent))
        return parts

    def _transcript(self) -> list[Part]:
        passages = self._reading.passages
        heading: list[Part] = [Text(), Text("Transcript", style="bold")]
        if not passages:
            return [*heading, Text("  No speech was heard.", style="dim")]
        shown = passages if len(passages) <= LONG else passages[:SHOWN]
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", justify="right", no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis", max_width=_NAME)
        table.add_column(overflow="fold")
        before = None
        for passage in shown:
            table.add_row(*self._passage(passage, passage.speaker == before))
            before = passage.speaker
        rest = len(passages) - len(shown)
        if not rest:
            return [*heading, table]
        end = clock(self._meeting.transcript.duration)
        return [*heading, table, Text(f"  … {rest} more until {end}{self._where()}", style="dim")]

    def _files(self) -> list[Part]:
        return [Text(), Text.assemble(("Written to ", "bold"), one_line(named(self._written)))]

    def _where(self) -> str:
        """Where the whole is to be read."""
        by_ending = {p.suffix: p for p in reversed(self._written)}
        best = next((by_ending[e] for e in _READABLE if e in by_ending), None)
        return f"; all of it is in {one_line(str(best))}" if best else ""

    def _passage(self, passage: Passage, again: bool) -> tuple[str, Text, Text]:
        if passage.speaker is None:
            return passage.time, Text(), Text(passage.text, style="dim italic")
        colour = self._colours.get(passage.speaker, "default")
        name = Text() if again else Text(passage.speaker, style=f"bold {colour}")
        return passage.time, name, Text(passage.text)


def _times(references: tuple[Reference, ...]) -> Text:
    times = ", ".join(r.time for r in references)
    return Text(f" [{times}]" if times else "", style="cyan")


def _bullet(text: Text, indent: int) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=indent, justify="right")
    table.add_column(overflow="fold")
    table.add_row("•", text)
    return table


def _hanging(text: str, style: str = "") -> Padding:
    return Padding(Text(text, style=style), (0, 0, 0, 2))
