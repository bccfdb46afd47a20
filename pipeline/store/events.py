"""The log of each meeting: durable events, numbered from 1 without gaps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Row, func, insert, or_, select, update

from pipeline.errors import MeetingMissing, StoreConflict
from pipeline.events import EVENT_TYPES, VOLATILE, Fold, MeetingEvent, MeetingView
from pipeline.store.database import Database
from pipeline.store.meetings import change
from pipeline.store.records import MeetingFields
from pipeline.store.rows import clock, found
from pipeline.store.tables import events, meetings
from pipeline.store.transitions import held

Entry = tuple[str, float, Mapping[str, Any]]
"""Type, Unix time and payload of an event that has no number yet."""

_DURABLE = frozenset(EVENT_TYPES) - VOLATILE


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
        holder: tuple[str, str] | None = None,
    ) -> list[MeetingEvent]:
        """Add events to a meeting's log and change its row, both or neither.

        expect: number of the newest event the caller knows; if there are later ones nothing is
        done and StoreConflict raised. holder: a job's id and its worker; if the job is not that
        worker's any more nothing is done and JobLost raised. Raises MeetingMissing, and ValueError
        on a type that is not durable or a payload that is no JSON.
        """
        added = list(entries)
        for type_, _, payload in added:
            if type_ not in _DURABLE:
                raise ValueError(f"expected a durable event type, got {type_!r}")
            _checked(payload)
        with self._database.write() as connection:
            if holder is not None:
                held(connection, *holder)
            row = found(connection, meetings, meeting, None, MeetingMissing, lock=True)
            last: int = row.last_seq
            if expect is not None and expect != last:
                raise StoreConflict(f"expected event {expect} to be the last, it is {last}.")
            if update:
                change(connection, meeting, update)
            numbered = [
                MeetingEvent(seq, type_, at, dict(payload))  # type: ignore[arg-type]
                for seq, (type_, at, payload) in enumerate(added, last + 1)
            ]
            if numbered:
                connection.execute(insert(events), [_row(meeting, event) for event in numbered])
                connection.execute(_reached(meeting, last + len(numbered)))
        return numbered

    def read(self, meeting: str, after: int = 0, limit: int = 500) -> list[MeetingEvent]:
        """The events after number `after`, at most `limit`; empty if there is no such meeting."""
        query = select(events).where(events.c.meeting == meeting, events.c.seq > after)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(events.c.seq).limit(limit))
            return [_event(row) for row in rows]

    def last_seq(self, meeting: str) -> int:
        """Number of the newest event, 0 for none. Raises MeetingMissing."""
        with self._database.read() as connection:
            row = found(connection, meetings, meeting, None, MeetingMissing)
        return int(row.last_seq)

    def view(self, meeting: str) -> tuple[MeetingView, int]:
        """The fold of all events, and the number of the last. Raises MeetingMissing.

        Of what came before the last `transcript.reset` only the title is read.
        """
        mine = events.c.meeting == meeting
        with self._database.read() as connection:
            found(connection, meetings, meeting, None, MeetingMissing)
            resets = select(func.coalesce(func.max(events.c.seq), 0)).where(
                mine, events.c.type == "transcript.reset"
            )
            reset = connection.execute(resets).scalar_one()
            wanted = or_(events.c.seq >= reset, events.c.type == "meeting.started")
            rows = connection.execute(select(events).where(mine, wanted).order_by(events.c.seq))
            fold, last = Fold(), 0
            for row in rows:
                fold.add(_event(row))
                last = row.seq
        return fold.view, last


def _reached(meeting: str, seq: int) -> Any:
    return (
        update(meetings).where(meetings.c.id == meeting).values(last_seq=seq, updated=clock(None))
    )


def _checked(payload: Mapping[str, Any]) -> None:
    try:
        json.dumps(payload, allow_nan=False)
    except TypeError as error:
        raise ValueError("expected a payload of JSON values only") from error


def _row(meeting: str, event: MeetingEvent) -> dict[str, Any]:
    return {
        "meeting": meeting,
        "seq": event.seq,
        "type": event.type,
        "at": event.at,
        "payload": event.payload,
    }


def _event(row: Row[Any]) -> MeetingEvent:
    return MeetingEvent(row.seq, row.type, row.at, row.payload)
