"""Requests with an idempotency key: done once, answered alike however often they come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.store.database import Database
from pipeline.store.records import IdempotencyClaim


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
        raise NotImplementedError

    def extend(self, owner: str, key: str, token: str, hold: float = 60.0) -> bool:
        """Hold on for `hold` seconds more; False if the claim is another's by now."""
        raise NotImplementedError

    def complete(
        self,
        owner: str,
        key: str,
        token: str,
        response: Mapping[str, Any],
        meeting: str | None = None,
    ) -> bool:
        """Keep the answer; False if the claim is another's by now. Purged with `meeting`."""
        raise NotImplementedError

    def abandon(self, owner: str, key: str, token: str) -> None:
        """Forget the claim, so that the request can be sent again."""
        raise NotImplementedError

    def expire(self, now: float | None = None) -> int:
        """Remove what is older than its ttl; how many."""
        raise NotImplementedError
