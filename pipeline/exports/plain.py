"""Plain text: the minutes, then who said what and when, one utterance a line."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.exports.reading import ExportContext, Reading, Reference
from pipeline.minutes import Minutes
from pipeline.types import Transcript


def to_txt(transcript: Transcript, minutes: Minutes | None, context: ExportContext) -> bytes:
    """Text in UTF-8, for people and for grep."""
    reading = Reading(transcript, minutes, context)
    lines = [reading.title, reading.facts, ""]
    for notice in reading.notices:
        lines += [f"! {notice}", ""]
    if minutes is not None:
        lines += ["MINUTES", "", *_minutes(reading)]
    lines += ["TRANSCRIPT", ""]
    for passage in reading.passages:
        if passage.speaker is None:
            lines.append(passage.text)
        else:
            lines.append(f"[{passage.time}] {passage.speaker}: {passage.text}")
    if not reading.passages:
        lines.append("(no speech)")
    return ("\n".join(lines) + "\n").encode()


def _minutes(reading: Reading) -> Iterator[str]:
    for section in reading.sections:
        yield section.title
        yield from (f"- {p.text}{_times(p.references)}" for p in section.points)
        for task in section.tasks:
            owner = f"{task.owner}: " if task.owner else ""
            due = f" (due: {task.due})" if task.due else ""
            yield f"- {owner}{task.task}{due}{_times(task.references)}"
        yield ""
    if reading.keywords:
        yield from ("Keywords", ", ".join(reading.keywords), "")
    if reading.talk_time:
        yield "Talk time"
        yield from (f"- {name}: {time} ({share})" for name, time, share in reading.talk_time)
        yield ""
    yield from (*reading.method, "")


def _times(references: tuple[Reference, ...]) -> str:
    return f" [{', '.join(r.time for r in references)}]" if references else ""
