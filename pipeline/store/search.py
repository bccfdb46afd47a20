"""Search in what was said: FTS5 under SQLite, tsvector under PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.store.database import Database
from pipeline.store.records import Page, SearchHit
from pipeline.types import Speaker, Utterance


class Search:
    """The words of all meetings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def index(
        self, meeting: str, utterances: Iterable[Utterance], speakers: Iterable[Speaker]
    ) -> None:
        """Make a meeting findable, in place of what was known of it. Raises MeetingMissing."""
        raise NotImplementedError

    def drop(self, meeting: str) -> None:
        """Make a meeting unfindable."""
        raise NotImplementedError

    def query(
        self,
        owner: str,
        text: str,
        *,
        speaker: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 20,
        after: str | None = None,
    ) -> Page[SearchHit]:
        """Utterances that hold every word of `text`, newest meeting first, then by time.

        Words of three letters or more also match longer words they begin; "in quotes" a phrase.
        Chinese and other scripts without spaces match as they are written. speaker: a name, any
        case. since, until: Unix time the meeting was created. Raises CursorInvalid.
        """
        raise NotImplementedError
