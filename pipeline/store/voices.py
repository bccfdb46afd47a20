"""Voices that somebody gave a name to, to be known again in later meetings."""

from __future__ import annotations

from pipeline.store.database import Database
from pipeline.store.records import Page, VoiceRecord


class Voices:
    """The named voices of all owners."""

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
        raise NotImplementedError

    def get(self, id: str, owner: str | None = None) -> VoiceRecord:
        """The voice; raises VoiceMissing if there is none, or it is another owner's."""
        raise NotImplementedError

    def page(self, owner: str, *, after: str | None = None, limit: int = 50) -> Page[VoiceRecord]:
        """The owner's voices, newest first."""
        raise NotImplementedError

    def comparable(self, owner: str, model: str) -> list[VoiceRecord]:
        """All of the owner's voices that the model with that fingerprint made."""
        raise NotImplementedError

    def rename(self, id: str, name: str, owner: str | None = None) -> VoiceRecord:
        """The voice with another name. Raises VoiceMissing."""
        raise NotImplementedError

    def delete(self, id: str, owner: str | None = None) -> None:
        """Forget a voice. Raises VoiceMissing."""
        raise NotImplementedError
