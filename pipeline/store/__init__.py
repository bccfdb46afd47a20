"""What the service keeps: meetings, their events, jobs, keys and the rest, in one database.

`Store.open(url)` brings the database up to date and gives the parts. All of it is synchronous, safe
to call from any thread, and in short transactions; coroutines call it by `asyncio.to_thread`.
"""

from pipeline.store.opening import Store

__all__ = ["Store"]
