"""From the engine's events of one run to what the meeting's log gets: one whole pass at a time.

The engine may be run again, after a crash or with other wishes. What it found replaces what was
there in one step, and what people corrected is carried over; a run that finds the same adds
nothing, so a reader never sees anything twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pipeline.corrections import carried
from pipeline.events import MeetingEvent, MeetingView, jsonable, replay
from pipeline.types import Transcript

Entry = tuple[str, float, dict[str, Any]]
"""Type, Unix time and payload of an event that has no place in the log yet."""


def entries(before: MeetingView, run: Sequence[MeetingEvent], after: Transcript) -> list[Entry]:
    """What to add to the log of a meeting known as `before` after the durable events of a run.

    after: what is to be known then, see `found_in`.
    """
    if before.ended and _same(before.transcript, after):
        return []
    at = max(event.at for event in run)
    begun = next(e.payload for e in run if e.type == "meeting.started")
    ended = next(e.payload for e in run if e.type == "meeting.ended")
    added: list[Entry] = []
    if before.transcript.utterances or before.transcript.speakers or before.ended:
        added.append(("transcript.reset", at, {}))
    added.append(("meeting.started", at, begun | {"title": before.title or begun["title"]}))
    added += [("warning", at, {"text": text}) for text in after.warnings]
    added += [("speaker.joined", at, jsonable(s)) for s in after.speakers]
    added += [("utterance.final", at, jsonable(u)) for u in after.utterances]
    added.append(("meeting.ended", at, ended))
    return added


def found_in(before: MeetingView, run: Sequence[MeetingEvent]) -> Transcript:
    """The transcript a run came to, with what people had corrected before."""
    return carried(before.transcript, replay(run).transcript)


def _same(before: Transcript, after: Transcript) -> bool:
    return replace(before, turns=(), warnings=()) == replace(after, turns=(), warnings=())
