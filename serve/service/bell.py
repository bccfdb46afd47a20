"""Wakes those who wait for a meeting's next event; a look at the store tells what it is."""

from __future__ import annotations

import asyncio
from collections import defaultdict

JOBS = "jobs"
"""What is rung for, in place of a meeting, when there is work."""


class Bell:
    """Rung for a meeting when something of it changed. For one event loop; rings from any thread.

    Other processes ring bells of their own, so whoever waits also looks now and then.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None

    def ring(self, meeting: str) -> None:
        """Wake everybody who waits for `meeting`."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake, meeting)

    async def wait(self, meeting: str, seconds: float) -> bool:
        """Wait for a ring, or for `seconds`; True if it rang."""
        self._loop = asyncio.get_running_loop()
        rung = asyncio.Event()
        self._waiting[meeting].add(rung)
        try:
            async with asyncio.timeout(seconds):
                await rung.wait()
            return True
        except TimeoutError:
            return False
        finally:
            self._waiting[meeting].discard(rung)
            if not self._waiting[meeting]:
                del self._waiting[meeting]

    def _wake(self, meeting: str) -> None:
        for rung in self._waiting.get(meeting, ()):
            rung.set()
