"""Meetings as rows: who owns them, what they are called, how far they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

from sqlalchemy import Connection, Row, delete, exc, select, text, update

from pipeline.errors import MeetingMissing, StoreConflict, StoreUnavailable
from pipeline.store.columns import folded, new_id
from pipeline.store.database import Database
from pipeline.store.records import MeetingFields, MeetingRecord, MeetingStatus, Page
from pipeline.store.rows import clock, found, newest
from pipeline.store.tables import jobs, meetings

_COLUMNS = tuple(c for c in meetings.c if c.name != "folded")


class Meetings:
    """The meetings of all owners."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        owner: str,
        *,
        title: str,
        filename: str,
        media_type: str,
        size: int,
        recording: str | None,
        options: Mapping[str, Any],
        status: MeetingStatus = "uploading",
        id: str | None = None,
    ) -> MeetingRecord:
        """A new meeting. Raises StoreConflict if there is one with that id."""
        now, name = clock(None), id or new_id()
        row = {
            "id": name,
            "owner": owner,
            "title": title,
            "filename": filename,
            "folded": _searched(title, filename),
            "media_type": media_type,
            "size": size,
            "recording": recording,
            "options": dict(options),
            "status": status,
            "last_seq": 0,
            "created": now,
            "updated": now,
        }
        with self._database.write() as connection:
            try:
                connection.execute(meetings.insert().values(row))
            except exc.IntegrityError as error:
                raise StoreConflict(f"there is a meeting {name!r} already.") from error
            return _record(found(connection, meetings, name, owner, MeetingMissing))

    def get(self, id: str, owner: str | None = None) -> MeetingRecord:
        """The meeting; raises MeetingMissing if there is none, or it is another owner's."""
        with self._database.read() as connection:
            return _record(found(connection, meetings, id, owner, MeetingMissing))

    def page(
        self,
        owner: str,
        *,
        status: MeetingStatus | None = None,
        text: str | None = None,
        after: str | None = None,
        limit: int = 50,
    ) -> Page[MeetingRecord]:
        """The owner's meetings, newest first; text: part of the title or file name, any case.

        Raises CursorInvalid if `after` is no cursor of such a list.
        """
        query = select(*_COLUMNS).where(meetings.c.owner == owner)
        if status is not None:
            query = query.where(meetings.c.status == status)
        if text:
            query = query.where(meetings.c.folded.contains(folded(text), autoescape=True))
        with self._database.read() as connection:
            return newest(connection, meetings, query, _record, after, limit)

    def update(self, id: str, **fields: Unpack[MeetingFields]) -> MeetingRecord:
        """The meeting with other values. Raises MeetingMissing."""
        with self._database.write() as connection:
            change(connection, id, fields)
            return _record(found(connection, meetings, id, None, MeetingMissing))

    def delete(self, id: str) -> None:
        """Remove a meeting and every row that belongs to it. Raises MeetingMissing."""
        with self._database.write() as connection:
            # Jobs before the meeting: the order in which the queue takes its locks.
            connection.execute(delete(jobs).where(jobs.c.meeting == id))
            gone = connection.execute(delete(meetings).where(meetings.c.id == id)).rowcount
            if gone and self._database.sqlite:
                # Deleted words lie in the index until its parts are merged.
                connection.execute(
                    text("INSERT INTO passages_found(passages_found) VALUES('optimize')")
                )
        if not gone:
            raise MeetingMissing(f"there is no meeting {id[:64]!r}.")
        self._forget()

    def by_recording(self, owner: str | None, recording: str) -> MeetingRecord | None:
        """The newest meeting of that very recording (SHA-256 of the upload, hex).

        owner: only theirs; None: anybody's.
        """
        same = meetings.c.recording == recording
        if owner is not None:
            same &= meetings.c.owner == owner
        query = select(*_COLUMNS).where(same)
        with self._database.read() as connection:
            page = newest(connection, meetings, query, _record, None, 1)
        return page.items[0] if page.items else None

    def _forget(self) -> None:
        """Empty SQLite's log, in which what was deleted can be read, unless it is being read."""
        if not self._database.sqlite:
            return
        try:
            with self._database.plain() as connection:
                patience = connection.execute(text("PRAGMA busy_timeout")).scalar_one()
                connection.execute(text("PRAGMA busy_timeout=200"))
                connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).all()
                connection.execute(text(f"PRAGMA busy_timeout={int(patience)}"))
        except StoreUnavailable:
            return  # a later checkpoint does it


def change(connection: Connection, id: str, fields: MeetingFields) -> None:
    """Set columns of a meeting. Raises MeetingMissing, ValueError on one that cannot change."""
    unknown = fields.keys() - MeetingFields.__annotations__.keys()
    if unknown:
        raise ValueError(f"expected fields of MeetingFields, got {sorted(unknown)}")
    before = found(connection, meetings, id, None, MeetingMissing, lock=True)
    title, filename = (str(fields.get(k, getattr(before, k))) for k in ("title", "filename"))
    values = {**fields, "folded": _searched(title, filename), "updated": clock(None)}
    connection.execute(update(meetings).where(meetings.c.id == id).values(values))


def _searched(title: str, filename: str) -> str:
    return folded(f"{title}\n{filename}")


def _record(row: Row[Any]) -> MeetingRecord:
    values = dict(row._mapping)
    values.pop("folded", None)
    return MeetingRecord(**values)
