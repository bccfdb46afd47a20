"""How many requests an owner may send in a minute, in this process."""

from __future__ import annotations

import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from serve.service.refused import Refused


class Rate:
    """Counts the requests of each owner over a sliding minute."""

    def __init__(self, a_minute: int) -> None:
        self._item = RateLimitItemPerMinute(a_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def count(self, owner: str) -> None:
        """One request more. Raises Refused: limit.requests, with when to come again."""
        if self._limiter.hit(self._item, owner):
            return
        reset = self._limiter.get_window_stats(self._item, owner).reset_time
        raise Refused(
            "limit.requests",
            f"expected at most {self._item.amount} requests a minute, got more. "
            "Follow a meeting by its event stream rather than by asking again and again.",
            max(1.0, reset - time.time()),
        )
