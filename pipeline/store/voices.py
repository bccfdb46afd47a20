"""Voices that somebody gave a name to, to be known again in later meetings."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, delete, select, update

from pipeline.errors import VoiceMissing
from pipeline.store.columns import new_id
from pipeline.store.database import Database
from pipeline.store.records import Page, VoiceRecord
from pipeline.store.rows import clock, exists, found, newest
from pipeline.store.tables import voices

_FLOAT = 4
"""Bytes of a float32."""


class Voices:
    """The named voices of all owners. One heard in a meeting is purged with the meeting."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        owner: str,
        *,
        name: str,
        embedding: bytes,
        model: str,
        meeting: str | None = None,
        utterance: str | None = None,
    ) -> VoiceRecord:
        """A new voice. Raises MeetingMissing; ValueError if `embedding` is no float32 array."""
        if not embedding or len(embedding) % _FLOAT:
            raise ValueError(f"expected the bytes of float32 values, got {len(embedding)} bytes")
        now = clock(None)
        row = {
            "id": new_id(),
            "owner": owner,
            "name": name,
            "embedding": embedding,
            "model": model,
            "meeting": meeting,
            "utterance": utterance,
            "created": now,
            "updated": now,
        }
        with self._database.write() as connection:
            if meeting is not None:
                exists(connection, meeting)
            connection.execute(voices.insert().values(row))
            return _record(found(connection, voices, str(row["id"]), owner, VoiceMissing))

    def get(self, id: str, owner: str | None = None) -> VoiceRecord:
        """The voice; raises VoiceMissing if there is none, or it is another owner's."""
        with self._database.read() as connection:
            return _record(found(connection, voices, id, owner, VoiceMissing))

    def page(self, owner: str, *, after: str | None = None, limit: int = 50) -> Page[VoiceRecord]:
        """The owner's voices, newest first. Raises CursorInvalid."""
        query = select(voices).where(voices.c.owner == owner)
        with self._database.read() as connection:
            return newest(connection, voices, query, _record, after, limit)

    def comparable(self, owner: str, model: str) -> list[VoiceRecord]:
        """All of the owner's voices that the model with that fingerprint made, oldest first."""
        query = select(voices).where(voices.c.owner == owner, voices.c.model == model)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(voices.c.created, voices.c.id))
            return [_record(row) for row in rows]

    def rename(self, id: str, name: str, owner: str | None = None) -> VoiceRecord:
        """The voice with another name. Raises VoiceMissing."""
        with self._database.write() as connection:
            found(connection, voices, id, owner, VoiceMissing, lock=True)
            named = update(voices).where(voices.c.id == id).values(name=name, updated=clock(None))
            return _record(connection.execute(named.returning(voices)).one())

    def delete(self, id: str, owner: str | None = None) -> None:
        """Forget a voice. Raises VoiceMissing."""
        with self._database.write() as connection:
            found(connection, voices, id, owner, VoiceMissing, lock=True)
            connection.execute(delete(voices).where(voices.c.id == id))


def _record(row: Row[Any]) -> VoiceRecord:
    return VoiceRecord(**row._mapping)
