"""What the parts have in common: a row by id and owner, and lists that are read in pages."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, Table, select, tuple_

from pipeline.errors import MeetingMissing, RecordMissing
from pipeline.store.columns import cursor, place_of
from pipeline.store.records import Page
from pipeline.store.tables import meetings

T = TypeVar("T")


def clock(now: float | None) -> float:
    """`now`, or what the clock says: Unix seconds."""
    return time.time() if now is None else now


def found(
    connection: Connection,
    table: Table,
    id: str,
    owner: str | None,
    missing: type[RecordMissing],
    *,
    lock: bool = False,
) -> Row[Any]:
    """The row of that id; raises `missing` if there is none, or it is another owner's.

    lock: nobody else changes it before the transaction ends.
    """
    query = select(table).where(table.c.id == id)
    if owner is not None:
        query = query.where(table.c.owner == owner)
    if lock:
        query = query.with_for_update(key_share=True)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise missing(f"there is no {table.name.removesuffix('s')} {id[:64]!r}.")
    return row


def exists(connection: Connection, meeting: str) -> None:
    """Hold on to a meeting until the transaction ends. Raises MeetingMissing."""
    found(connection, meetings, meeting, None, MeetingMissing, lock=True)


def newest(
    connection: Connection,
    table: Table,
    query: Select[Any],
    make: Callable[[Any], T],
    after: str | None,
    limit: int,
) -> Page[T]:
    """A page of `query` over `table`, newest first. Raises CursorInvalid."""
    place = tuple_(table.c.created, table.c.id)
    if after is not None:
        query = query.where(place < tuple_(*place_of(after, float, str)))
    ordered = query.order_by(table.c.created.desc(), table.c.id.desc())
    rows = connection.execute(ordered.limit(limit + 1)).all()
    more = len(rows) > limit
    rows = rows[:limit]
    last = cursor(rows[-1].created, rows[-1].id) if more and rows else None
    return Page(tuple(make(row) for row in rows), last)
