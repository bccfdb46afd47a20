"""API keys: shown once, kept as hashes."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, get_args

from sqlalchemy import Row, select, update

from pipeline.errors import KeyMissing, StoreUnavailable
from pipeline.store.columns import hash_of, new_id, new_secret
from pipeline.store.database import Database
from pipeline.store.records import KeyRecord, Page, Scope
from pipeline.store.rows import clock, found, newest
from pipeline.store.tables import keys

_HINT = 7
"""Letters of a secret that are kept to tell keys apart, the prefix among them."""

_USE = 60.0
"""Seconds by which `used` may lag behind, so that not every request writes."""


class Keys:
    """The API keys of all owners."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, name: str, owner: str, scopes: Iterable[Scope], expires: float | None = None
    ) -> tuple[KeyRecord, str]:
        """A new key and its secret (`pk_…`, 32 random bytes), which is not kept.

        Raises ValueError on an unknown scope or none.
        """
        wanted = set(scopes)
        if not wanted or not wanted <= set(get_args(Scope)):
            raise ValueError(f"expected some of {get_args(Scope)}, got {sorted(wanted)}")
        secret = new_secret("pk")
        row = {
            "id": new_id(),
            "owner": owner,
            "name": name,
            "scopes": " ".join(sorted(wanted)),
            "hint": secret[:_HINT],
            "hash": hash_of(secret),
            "created": clock(None),
            "expires": expires,
        }
        with self._database.write() as connection:
            connection.execute(keys.insert().values(row))
            return _record(found(connection, keys, str(row["id"]), owner, KeyMissing)), secret

    def authenticate(self, secret: str, now: float | None = None) -> KeyRecord | None:
        """The key with that secret; None if there is none, it ended or was revoked."""
        moment, digest = clock(now), hash_of(secret)
        with self._database.read() as connection:
            row = connection.execute(select(keys).where(keys.c.hash == digest)).one_or_none()
        # The index compares hashes of what is sent, of which time tells nothing; nor does this.
        if row is None or not hmac.compare_digest(row.hash, digest):
            return None
        if row.revoked is not None or (row.expires is not None and row.expires <= moment):
            return None
        if row.used is None or moment - row.used >= _USE:
            with suppress(StoreUnavailable), self._database.write() as connection:
                connection.execute(update(keys).where(keys.c.id == row.id).values(used=moment))
        return _record(row)

    def get(self, id: str, owner: str | None = None) -> KeyRecord:
        """The key; raises KeyMissing if there is none, or it is another owner's."""
        with self._database.read() as connection:
            return _record(found(connection, keys, id, owner, KeyMissing))

    def page(
        self, owner: str | None = None, *, after: str | None = None, limit: int = 50
    ) -> Page[KeyRecord]:
        """Keys of one owner, or of all; newest first, revoked ones too. Raises CursorInvalid."""
        query = select(keys)
        if owner is not None:
            query = query.where(keys.c.owner == owner)
        with self._database.read() as connection:
            return newest(connection, keys, query, _record, after, limit)

    def revoke(self, id: str, owner: str | None = None) -> KeyRecord:
        """The key, good for nothing from now on. Raises KeyMissing."""
        with self._database.write() as connection:
            row = found(connection, keys, id, owner, KeyMissing, lock=True)
            if row.revoked is None:
                gone = update(keys).where(keys.c.id == id).values(revoked=clock(None))
                row = connection.execute(gone.returning(keys)).one()
            return _record(row)


def _record(row: Row[Any]) -> KeyRecord:
    values = dict(row._mapping)
    del values["hash"]
    return KeyRecord(**values | {"scopes": frozenset(row.scopes.split())})
