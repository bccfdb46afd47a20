"""Search in what was said: FTS5 under SQLite, tsvector under PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Text,
    bindparam,
    cast,
    column,
    delete,
    insert,
    literal,
    or_,
    select,
    table,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR

from pipeline.store.columns import cursor, folded, place_of
from pipeline.store.database import Database
from pipeline.store.records import Page, SearchHit
from pipeline.store.rows import exists
from pipeline.store.tables import meetings, passages
from pipeline.store.words import Term, snippet, terms, tokens
from pipeline.types import Speaker, SpeakerId, Utterance

_POSITIONS = 16_383
"""Highest position a tsvector knows; an utterance is never that long."""


class Search:
    """The words of all meetings."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def index(
        self, meeting: str, utterances: Iterable[Utterance], speakers: Iterable[Speaker]
    ) -> None:
        """Make a meeting findable, in place of what was known of it. Raises MeetingMissing."""
        names = {s.id: s.name for s in speakers}
        rows = [self._row(meeting, u, names.get(u.speaker, str(u.speaker))) for u in utterances]
        added = insert(passages)
        if not self._database.sqlite:
            added = added.values(tokens=cast(bindparam("tokens", type_=Text), TSVECTOR))
        with self._database.write() as connection:
            exists(connection, meeting)
            connection.execute(delete(passages).where(passages.c.meeting == meeting))
            if rows:
                connection.execute(added, rows)

    def rename(self, meeting: str, speaker: SpeakerId, name: str) -> None:
        """Show another name for a speaker."""
        mine = (passages.c.meeting == meeting) & (passages.c.speaker == speaker)
        query = update(passages).where(mine)
        with self._database.write() as connection:
            connection.execute(query.values(speaker_name=name, speaker_folded=folded(name)))

    def drop(self, meeting: str) -> None:
        """Make a meeting unfindable."""
        with self._database.write() as connection:
            connection.execute(delete(passages).where(passages.c.meeting == meeting))

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
        place = None if after is None else place_of(after, float, str, float, int)
        wanted = terms(text)
        if not wanted:
            return Page((), None)
        query = (
            select(passages, meetings.c.title, meetings.c.created)
            .join(meetings, meetings.c.id == passages.c.meeting)
            .where(meetings.c.owner == owner, self._holds(wanted))
            .order_by(
                meetings.c.created.desc(), meetings.c.id.desc(), passages.c.starts, passages.c.id
            )
        )
        if speaker is not None:
            query = query.where(passages.c.speaker_folded == folded(speaker))
        if since is not None:
            query = query.where(meetings.c.created >= since)
        if until is not None:
            query = query.where(meetings.c.created <= until)
        if place is not None:
            query = query.where(_behind(*place))
        with self._database.read() as connection:
            rows = connection.execute(query.limit(limit + 1)).all()
        more, rows = len(rows) > limit, rows[:limit]
        following = None
        if more and rows:
            last = rows[-1]
            following = cursor(last.created, last.meeting, last.starts, last.id)
        return Page(tuple(_hit(row, wanted) for row in rows), following)

    def _row(self, meeting: str, utterance: Utterance, name: str) -> dict[str, Any]:
        text = utterance.text
        words = [token.word for token in tokens(text)]
        return {
            "meeting": meeting,
            "utterance": utterance.id,
            "starts": utterance.span.start,
            "ends": utterance.span.end,
            "speaker": utterance.speaker,
            "speaker_name": name,
            "speaker_folded": folded(name),
            "text": text,
            "tokens": " ".join(words) if self._database.sqlite else _vector(words),
        }

    def _holds(self, wanted: Sequence[Term]) -> ColumnElement[bool]:
        if self._database.sqlite:
            index = table("passages_found", column("rowid"), column("passages_found"))
            holds = index.c.passages_found.match(_fts5(wanted))
            return passages.c.id.in_(select(index.c.rowid).where(holds))
        return passages.c.tokens.op("@@")(cast(literal(_tsquery(wanted), Text), TSQUERY))


def _behind(created: float, meeting: str, starts: float, id: int) -> ColumnElement[bool]:
    """What comes after a place in the order of hits."""
    here = meetings.c.id == meeting
    return or_(
        tuple_(meetings.c.created, meetings.c.id) < tuple_(created, meeting),
        here & (tuple_(passages.c.starts, passages.c.id) > tuple_(starts, id)),
    )


def _fts5(wanted: Sequence[Term]) -> str:
    """As FTS5 writes queries: https://www.sqlite.org/fts5.html#full_text_query_syntax."""
    return " AND ".join(f'"{" ".join(t.words)}"{" *" if t.beginning else ""}' for t in wanted)


def _tsquery(wanted: Sequence[Term]) -> str:
    """As PostgreSQL writes queries: https://www.postgresql.org/docs/current/datatype-textsearch."""
    return " & ".join(
        "(" + " <-> ".join(f"'{word}'" for word in t.words) + (":*" if t.beginning else "") + ")"
        for t in wanted
    )


def _vector(words: Sequence[str]) -> str:
    """A tsvector as text: words with their places. They hold no quotes (`pipeline.store.words`)."""
    return " ".join(f"'{word}':{min(i, _POSITIONS)}" for i, word in enumerate(words, 1))


def _hit(row: Row[Any], wanted: Sequence[Term]) -> SearchHit:
    shown, marks = snippet(row.text, wanted)
    return SearchHit(
        meeting=row.meeting,
        title=row.title,
        created=row.created,
        utterance=row.utterance,
        start=row.starts,
        end=row.ends,
        speaker=row.speaker,
        speaker_name=row.speaker_name,
        snippet=shown,
        marks=marks,
    )
