"""What each owner set for themselves, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from pipeline.store.database import Database
from pipeline.store.tables import settings


class OwnerSettings:
    """The settings of all owners."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, owner: str) -> dict[str, Any]:
        """The owner's settings, empty if nothing was set."""
        query = select(settings.c.payload).where(settings.c.owner == owner)
        with self._database.read() as connection:
            return dict(connection.execute(query).scalar_one_or_none() or {})

    def put(self, owner: str, values: Mapping[str, Any]) -> None:
        """Set all of them."""
        fresh = dict(values)
        query = self._database.insert(settings).values(owner=owner, payload=fresh)
        query = query.on_conflict_do_update(index_elements=["owner"], set_={"payload": fresh})
        with self._database.write() as connection:
            connection.execute(query)

    def merge(self, owner: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Set some of them at the top level, None removes one; the settings afterwards."""
        first = self._database.insert(settings).values(owner=owner, payload={})
        mine = settings.c.owner == owner
        with self._database.write() as connection:
            connection.execute(first.on_conflict_do_nothing())
            query = select(settings.c.payload).where(mine).with_for_update()
            merged = connection.execute(query).scalar_one() | dict(changes)
            merged = {name: value for name, value in merged.items() if value is not None}
            connection.execute(update(settings).where(mine).values(payload=merged))
        return dict(merged)
