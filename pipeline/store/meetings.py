"""Meetings as rows: who owns them, what they are called, how far they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

from pipeline.store.database import Database
from pipeline.store.records import MeetingFields, MeetingRecord, MeetingStatus, Page


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
        raise NotImplementedError

    def get(self, id: str, owner: str | None = None) -> MeetingRecord:
        """The meeting; raises MeetingMissing if there is none, or it is another owner's."""
        raise NotImplementedError

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
        raise NotImplementedError

    def update(self, id: str, **fields: Unpack[MeetingFields]) -> MeetingRecord:
        """The meeting with other values. Raises MeetingMissing."""
        raise NotImplementedError

    def delete(self, id: str) -> None:
        """Remove a meeting and every row that belongs to it. Raises MeetingMissing."""
        raise NotImplementedError

    def by_recording(self, owner: str, recording: str) -> MeetingRecord | None:
        """The owner's newest meeting of that very recording (SHA-256 of the upload, hex)."""
        raise NotImplementedError
