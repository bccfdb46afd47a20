"""Requests with an idempotency key: done once, answered alike however often they come."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select, update

from pipeline.store.database import Database
from pipeline.store.records import IdempotencyClaim
from pipeline.store.rows import clock
from pipeline.store.tables import idempotency, meetings

_KEY = idempotency.c.key


class Idempotency:
    """The idempotency keys of all owners."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(
        self,
        owner: str,
        key: str,
        request: str,
        *,
        hold: float = 60.0,
        ttl: float = 86_400.0,
        now: float | None = None,
    ) -> IdempotencyClaim:
        """Whether this request is to be done, is being done, or was.

        request: hash of what is asked for. hold: seconds after which a request that was neither
        completed nor abandoned is taken for dead. ttl: seconds the answer is kept.
        """
        moment, token = clock(now), secrets.token_hex(16)
        fresh = {
            "request": request,
            "token": token,
            "held": moment + hold,
            "expires": moment + ttl,
            "response": None,
            "meeting": None,
        }
        mine = (idempotency.c.owner == owner) & (_KEY == key)
        query = self._database.insert(idempotency).values(owner=owner, key=key, **fresh)
        made = query.on_conflict_do_nothing().returning(_KEY)
        with self._database.write() as connection:
            if connection.execute(made).first() is not None:
                return IdempotencyClaim("new", token)
            row = connection.execute(select(idempotency).where(mine).with_for_update()).one()
            dead = row.expires <= moment or (row.response is None and row.held <= moment)
            if dead:
                connection.execute(update(idempotency).where(mine).values(fresh))
                return IdempotencyClaim("new", token)
        if row.request != request:
            return IdempotencyClaim("mismatch")
        if row.response is None:
            return IdempotencyClaim("busy")
        return IdempotencyClaim("done", response=row.response)

    def extend(
        self, owner: str, key: str, token: str, hold: float = 60.0, *, now: float | None = None
    ) -> bool:
        """Hold on for `hold` seconds more; False if the claim is another's by now."""
        query = update(idempotency).where(_claimed(owner, key, token))
        with self._database.write() as connection:
            return connection.execute(query.values(held=clock(now) + hold)).rowcount > 0

    def complete(
        self,
        owner: str,
        key: str,
        token: str,
        response: Mapping[str, Any],
        meeting: str | None = None,
    ) -> bool:
        """Keep the answer; False if the claim is another's by now. Purged with `meeting`."""
        query = update(idempotency).where(_claimed(owner, key, token))
        with self._database.write() as connection:
            if meeting is not None:
                known = select(meetings.c.id).where(meetings.c.id == meeting)
                locked = known.with_for_update(key_share=True)
                if connection.execute(locked).first() is None:  # purged meanwhile
                    connection.execute(delete(idempotency).where(_claimed(owner, key, token)))
                    return False
            values = {"response": dict(response), "meeting": meeting}
            return connection.execute(query.values(values)).rowcount > 0

    def abandon(self, owner: str, key: str, token: str) -> None:
        """Forget the claim, so that the request can be sent again."""
        with self._database.write() as connection:
            connection.execute(delete(idempotency).where(_claimed(owner, key, token)))

    def expire(self, now: float | None = None) -> int:
        """Remove what is older than its ttl; how many."""
        query = delete(idempotency).where(idempotency.c.expires <= clock(now))
        with self._database.write() as connection:
            return connection.execute(query).rowcount


def _claimed(owner: str, key: str, token: str) -> Any:
    mine = (idempotency.c.owner == owner) & (_KEY == key)
    return mine & (idempotency.c.token == token) & idempotency.c.response.is_(None)
