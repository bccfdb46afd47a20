"""Share links: read access to one meeting for whoever has the token."""

from __future__ import annotations

import hmac
from typing import Any

from sqlalchemy import Row, select, update

from pipeline.errors import LinkMissing
from pipeline.store.columns import hash_of, new_id, new_secret
from pipeline.store.database import Database
from pipeline.store.records import LinkRecord
from pipeline.store.rows import clock, exists, found
from pipeline.store.tables import links


class Links:
    """The share links of all meetings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, meeting: str, owner: str, expires: float | None = None
    ) -> tuple[LinkRecord, str]:
        """A new link and its token (`sl_…`), which is not kept. Raises MeetingMissing."""
        token = new_secret("sl")
        row = {
            "id": new_id(),
            "owner": owner,
            "meeting": meeting,
            "scope": "read",
            "hash": hash_of(token),
            "created": clock(None),
            "expires": expires,
        }
        with self._database.write() as connection:
            exists(connection, meeting)
            connection.execute(links.insert().values(row))
            return _record(found(connection, links, str(row["id"]), owner, LinkMissing)), token

    def resolve(self, token: str, now: float | None = None) -> LinkRecord | None:
        """The link with that token; None if there is none, it ended or was revoked."""
        digest = hash_of(token)
        with self._database.read() as connection:
            row = connection.execute(select(links).where(links.c.hash == digest)).one_or_none()
        if row is None or not hmac.compare_digest(row.hash, digest):
            return None
        if row.revoked is not None or (row.expires is not None and row.expires <= clock(now)):
            return None
        return _record(row)

    def of(self, meeting: str) -> list[LinkRecord]:
        """The links of a meeting, newest first, revoked ones too."""
        latest = links.c.created.desc(), links.c.id.desc()
        query = select(links).where(links.c.meeting == meeting).order_by(*latest)
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def revoke(self, id: str, owner: str | None = None) -> LinkRecord:
        """The link, good for nothing from now on. Raises LinkMissing."""
        with self._database.write() as connection:
            row = found(connection, links, id, owner, LinkMissing, lock=True)
            if row.revoked is None:
                gone = update(links).where(links.c.id == id).values(revoked=clock(None))
                row = connection.execute(gone.returning(links)).one()
            return _record(row)


def _record(row: Row[Any]) -> LinkRecord:
    values = dict(row._mapping)
    del values["hash"]
    return LinkRecord(**values)
