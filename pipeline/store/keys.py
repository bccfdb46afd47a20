"""API keys: shown once, kept as hashes."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.store.database import Database
from pipeline.store.records import KeyRecord, Page, Scope


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
        raise NotImplementedError

    def authenticate(self, secret: str, now: float | None = None) -> KeyRecord | None:
        """The key with that secret; None if there is none, it ended or was revoked."""
        raise NotImplementedError

    def get(self, id: str, owner: str | None = None) -> KeyRecord:
        """The key; raises KeyMissing if there is none, or it is another owner's."""
        raise NotImplementedError

    def page(
        self, owner: str | None = None, *, after: str | None = None, limit: int = 50
    ) -> Page[KeyRecord]:
        """Keys of one owner, or of all; newest first, revoked ones too."""
        raise NotImplementedError

    def revoke(self, id: str, owner: str | None = None) -> KeyRecord:
        """The key, good for nothing from now on. Raises KeyMissing."""
        raise NotImplementedError
