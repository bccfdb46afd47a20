"""Uploads that arrive in pieces (tus)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.store.database import Database
from pipeline.store.records import UploadRecord


class Uploads:
    """The unfinished uploads of all owners."""

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
        """A new upload of `length` bytes, None while unknown. Raises StoreConflict on a known id."""
        raise NotImplementedError

    def get(self, id: str, owner: str | None = None) -> UploadRecord:
        """The upload; raises UploadMissing if there is none, or it is another owner's."""
        raise NotImplementedError

    def advance(
        self, id: str, before: int, offset: int, expires: float | None = None
    ) -> UploadRecord:
        """The upload with `offset` bytes received. Raises UploadMissing.

        Raises StoreConflict if it was not at `before`, or `offset` lies behind or beyond its length.
        """
        raise NotImplementedError

    def declare(self, id: str, length: int) -> UploadRecord:
        """Say how long it is. Raises UploadMissing; StoreConflict if that was said, or is wrong."""
        raise NotImplementedError

    def attach(self, id: str, meeting: str) -> UploadRecord:
        """Say which meeting it became. Raises UploadMissing, MeetingMissing."""
        raise NotImplementedError

    def delete(self, id: str, owner: str | None = None) -> None:
        """Forget an upload. Raises UploadMissing."""
        raise NotImplementedError

    def expired(self, now: float | None = None) -> list[UploadRecord]:
        """Uploads whose time ran out, oldest first."""
        raise NotImplementedError
