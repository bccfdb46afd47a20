"""Markdown (CommonMark with GitHub's tables): the minutes, each point linked to its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.exports.reading import ExportContext, Reading, Reference, Section
from pipeline.minutes import Minutes
from pipeline.types import Transcript

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|~&$#])")
_OPENING = re.compile(r"^([-+=:]|\d+[.)])")


def to_md(transcript: Transcript, minutes: Minutes | None, context: ExportContext) -> bytes:
    """Markdown in UTF-8; utterance n has the anchor `un`."""
    reading = Reading(transcript, minutes, context)
    blocks = [f"# {escape(reading.title)}", escape(reading.facts)]
    blocks += [f"> **Note:** {escape(notice)}" for notice in reading.notices]
    if minutes is not None:
        blocks += ["## Minutes", *_minutes(reading)]
    blocks.append("## Transcript")
    for passage in reading.passages:
        if passage.speaker is None:
            blocks.append(f"*{escape(passage.text)}*")
        else:
            speaker, text = escape(passage.speaker), escape(passage.text)
            blocks.append(f'<a id="{passage.anchor}"></a>**{speaker}** ({passage.time}): {text}')
    if not reading.passages:
        blocks.append("*No speech.*")
    return ("\n\n".join(blocks) + "\n").encode()


def escape(text: str) -> str:
    """`text` as Markdown that shows it as it is."""
    text = _SPECIAL.sub(r"\\\1", text)
    return _OPENING.sub(lambda m: f"{m[0][:-1]}\\{m[0][-1]}", text)


def _minutes(reading: Reading) -> Iterator[str]:
    for section in reading.sections:
        yield f"{'#' * (section.level + 2)} {escape(section.title)}"
        if section.points:
            yield "\n".join(f"- {escape(p.text)}{_links(p.references)}" for p in section.points)
        if section.tasks:
            yield _table(section)
    if reading.keywords:
        yield from ("### Keywords", ", ".join(map(escape, reading.keywords)))
    if reading.talk_time:
        rows = [f"| {escape(name)} | {time} | {share} |" for name, time, share in reading.talk_time]
        yield from (
            "### Talk time",
            "\n".join(["| Speaker | Time | Share |", "|---|--:|--:|", *rows]),
        )
    yield from (f"*{escape(line)}*" for line in reading.method)


def _table(section: Section) -> str:
    rows = ["| Task | Owner | Due | Said at |", "|---|---|---|---|"]
    for task in section.tasks:
        cells = [escape(task.task), escape(task.owner), escape(task.due)]
        rows.append(f"| {' | '.join([*cells, _links(task.references).strip()])} |")
    return "\n".join(rows)


def _links(references: tuple[Reference, ...]) -> str:
    links = ", ".join(f"[{r.time}](#{r.anchor})" for r in references)
    return f" {links}" if links else ""
