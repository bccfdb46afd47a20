"""The log of each meeting: durable events, numbered from 1 without gaps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.events import MeetingEvent, MeetingView
from pipeline.store.database import Database
from pipeline.store.records import MeetingFields

Entry = tuple[str, float, Mapping[str, Any]]
"""Type, Unix time and payload of an event that has no number yet."""


class Events:
    """The events of all meetings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(
        self,
        meeting: str,
        entries: Iterable[Entry],
        *,
        update: MeetingFields | None = None,
        expect: int | None = None,
    ) -> list[MeetingEvent]:
        """Add events to a meeting's log and change its row, both or neither.

        expect: number of the newest event the caller knows; if there are later ones nothing is
        done and StoreConflict raised. Raises MeetingMissing, and ValueError on a type that is not
        durable or a payload that is no JSON.
        """
        raise NotImplementedError

    def read(self, meeting: str, after: int = 0, limit: int = 500) -> list[MeetingEvent]:
        """The events after number `after`, at most `limit`; empty if there is no such meeting."""
        raise NotImplementedError

    def last_seq(self, meeting: str) -> int:
        """Number of the newest event, 0 for none. Raises MeetingMissing."""
        raise NotImplementedError

    def view(self, meeting: str) -> tuple[MeetingView, int]:
        """The fold of all events, and the number of the last. Raises MeetingMissing.

        What came before the last `transcript.reset` is not read.
        """
        raise NotImplementedError
