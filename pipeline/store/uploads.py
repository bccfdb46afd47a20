"""Uploads that arrive in pieces (tus)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, delete, exc, select, update

from pipeline.errors import StoreConflict, UploadMissing
from pipeline.store.columns import new_id
from pipeline.store.database import Database
from pipeline.store.records import UploadRecord
from pipeline.store.rows import clock, exists, found
from pipeline.store.tables import uploads


class Uploads:
    """The uploads of all owners."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        owner: str,
        *,
        length: int | None,
        metadata: Mapping[str, Any],
        expires: float,
        meeting: str | None = None,
        id: str | None = None,
    ) -> UploadRecord:
        """A new upload of `length` bytes, None while unknown.

        Raises MeetingMissing, StoreConflict if there is one with that id.
        """
        now = clock(None)
        row = {
            "id": id or new_id(),
            "owner": owner,
            "length": length,
            "offset": 0,
            "metadata": dict(metadata),
            "meeting": meeting,
            "created": now,
            "updated": now,
            "expires": expires,
        }
        with self._database.write() as connection:
            if meeting is not None:
                exists(connection, meeting)
            try:
                connection.execute(uploads.insert().values(row))
            except exc.IntegrityError as error:
                raise StoreConflict(f"there is an upload {row['id']!r} already.") from error
            return _record(found(connection, uploads, str(row["id"]), owner, UploadMissing))

    def get(self, id: str, owner: str | None = None) -> UploadRecord:
        """The upload; raises UploadMissing if there is none, or it is another owner's."""
        with self._database.read() as connection:
            return _record(found(connection, uploads, id, owner, UploadMissing))

    def advance(
        self, id: str, before: int, offset: int, expires: float | None = None
    ) -> UploadRecord:
        """The upload with `offset` bytes received. Raises UploadMissing.

        Raises StoreConflict if it was not at `before`, or `offset` is less or beyond its length.
        """
        with self._database.write() as connection:
            row = found(connection, uploads, id, None, UploadMissing, lock=True)
            if row.offset != before:
                raise StoreConflict(f"expected to go on at byte {row.offset}, got {before}.")
            if not before <= offset <= (offset if row.length is None else row.length):
                raise StoreConflict(f"expected at most {row.length} bytes, got {offset}.")
            until = row.expires if expires is None else expires
            return _set(connection, id, offset=offset, expires=until)

    def declare(self, id: str, length: int) -> UploadRecord:
        """Say how long it is. Raises UploadMissing; StoreConflict if that was said, or is wrong."""
        with self._database.write() as connection:
            row = found(connection, uploads, id, None, UploadMissing, lock=True)
            if row.length not in (None, length) or length < row.offset:
                known = row.offset if row.length is None else row.length
                raise StoreConflict(f"expected a length of {known} bytes, got {length}.")
            return _set(connection, id, length=length)

    def attach(self, id: str, meeting: str) -> UploadRecord:
        """Say which meeting it became. Raises UploadMissing, MeetingMissing."""
        with self._database.write() as connection:
            exists(connection, meeting)
            found(connection, uploads, id, None, UploadMissing, lock=True)
            return _set(connection, id, meeting=meeting)

    def delete(self, id: str, owner: str | None = None) -> None:
        """Forget an upload. Raises UploadMissing."""
        with self._database.write() as connection:
            found(connection, uploads, id, owner, UploadMissing, lock=True)
            connection.execute(delete(uploads).where(uploads.c.id == id))

    def expired(self, now: float | None = None) -> list[UploadRecord]:
        """Uploads whose time ran out, oldest first."""
        query = select(uploads).where(uploads.c.expires <= clock(now)).order_by(uploads.c.expires)
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query)]


def _set(connection: Connection, id: str, **values: Any) -> UploadRecord:
    query = update(uploads).where(uploads.c.id == id).values(updated=clock(None), **values)
    return _record(connection.execute(query.returning(uploads)).one())


def _record(row: Row[Any]) -> UploadRecord:
    return UploadRecord(**row._mapping)
