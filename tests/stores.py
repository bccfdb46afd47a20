"""Meetings in a store, for tests that need one."""

from __future__ import annotations

from typing import Any

from pipeline.store import Store
from pipeline.store.records import MeetingRecord
from pipeline.store.tables import metadata
from pipeline.types import Span, SpeakerId, Utterance, UtteranceId, Word


def meeting(store: Store, owner: str = "ann", **fields: Any) -> MeetingRecord:
    """A meeting of which nothing matters but what is given."""
    given: dict[str, Any] = {
        "title": "Standup",
        "filename": "standup.wav",
        "media_type": "audio/wav",
        "size": 10,
        "recording": None,
        "options": {},
    }
    return store.meetings.create(owner, **given | fields)


def emptied(store: Store) -> None:
    """Remove every row."""
    with store.database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())


def utterance(
    text: str, start: float = 0.0, speaker: str = "S1", name: str = "u1", language: str = "en"
) -> Utterance:
    """What somebody said: a word a second, without spaces in Chinese."""
    parts = list(text) if language == "zh" else text.split()
    words = tuple(
        Word(part, Span(start + i, start + i + 1), 1.0, SpeakerId(speaker), glued=language == "zh")
        for i, part in enumerate(parts)
    )
    return Utterance(UtteranceId(name), SpeakerId(speaker), words, language)
