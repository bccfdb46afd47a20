"""Share links: read access to one meeting for whoever has the token."""

from __future__ import annotations

from pipeline.store.database import Database
from pipeline.store.records import LinkRecord


class Links:
    """The share links of all meetings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, meeting: str, owner: str, expires: float | None = None
    ) -> tuple[LinkRecord, str]:
        """A new link and its token (`sl_…`), which is not kept. Raises MeetingMissing."""
        raise NotImplementedError

    def resolve(self, token: str, now: float | None = None) -> LinkRecord | None:
        """The link with that token; None if there is none, it ended or was revoked."""
        raise NotImplementedError

    def of(self, meeting: str) -> list[LinkRecord]:
        """The links of a meeting, newest first, revoked ones too."""
        raise NotImplementedError

    def revoke(self, id: str, owner: str | None = None) -> LinkRecord:
        """The link, good for nothing from now on. Raises LinkMissing."""
        raise NotImplementedError
