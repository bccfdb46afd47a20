"""/v1/meetings/{id}/events: the log as JSON pages, or followed live as server-sent events."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse

from pipeline.errors import MeetingMissing, StoreUnavailable
from pipeline.events import MeetingEvent
from serve.api.access import Reader
from serve.api.door import Door, door
from serve.api.shapes import EventOut, EventPage
from serve.service.refused import Refused

router = APIRouter(prefix="/v1/meetings/{meeting}/events", tags=["events"])
Here = Annotated[Door, Depends(door)]

_PAGE = 200
"""Durable events read from the store at once."""

_LOOK = 1.0
"""Seconds after which the store is looked at though nobody rang, for other processes write too."""

_QUIET = 15.0
"""Seconds of silence after which a comment shows that the connection lives."""

_SSE = "text/event-stream"


@router.get(
    "",
    response_model=EventPage,
    responses={200: {"content": {_SSE: {"schema": {"type": "string"}}}}},
)
async def events(
    request: Request,
    here: Here,
    who: Reader,
    meeting: str,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(gt=0, le=1000)] = 500,
    last_event_id: Annotated[str | None, Header(max_length=40)] = None,
) -> Any:
    """Events after a number: as a stream where `Accept: text/event-stream` asks for one.

    A stream goes on after `Last-Event-ID`, tells progress and words just heard too, and never ends
    by itself; whoever has seen `meeting.ended` and wants no minutes may leave.
    """
    await asyncio.to_thread(here.store.meetings.get, meeting, who.owner)
    if _SSE not in request.headers.get("accept", ""):
        found = await asyncio.to_thread(here.store.events.read, meeting, after, limit)
        last = found[-1].seq if found else after
        return EventPage(
            items=[EventOut.of(e) for e in found], last=last or after, more=len(found) == limit
        )
    if last_event_id is not None:
        if not last_event_id.isdigit():
            raise Refused("request.invalid", "expected a number as Last-Event-ID.")
        after = int(last_event_id)
    if here.readers >= here.settings.limits.readers:
        raise Refused("limit.readers", "too many event streams are open.", 10)
    return _Stream(here, meeting, after)


class _Stream(StreamingResponse):
    """The events of a meeting as they come. Counted while it is open."""

    def __init__(self, here: Door, meeting: str, after: int) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(_followed(here, meeting, after), media_type=_SSE, headers=headers)
        self._here = here

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._here.readers += 1
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._here.readers -= 1


async def _followed(here: Door, meeting: str, seq: int) -> AsyncIterator[bytes]:
    """Pages of the log, then what is new. What a slow reader has not taken is not read yet."""
    heard, said = here.wire.now(), time.monotonic()
    yield b"retry: 2000\n\n"
    while True:
        try:
            page = await asyncio.to_thread(here.store.events.read, meeting, seq, _PAGE)
            if not page:
                await asyncio.to_thread(here.store.meetings.get, meeting)
        except MeetingMissing:
            yield _sse(MeetingEvent(None, "meeting.deleted", time.time(), {}))  # type: ignore[arg-type]
            return
        except StoreUnavailable:
            page = []  # a hiccup; the reader need not know
        heard, passing = here.wire.after(meeting, heard)
        if page or passing:
            yield b"".join(_sse(e) for e in [*page, *passing])
            seq, said = (page[-1].seq or seq) if page else seq, time.monotonic()
            if len(page) == _PAGE:
                continue
        elif time.monotonic() - said >= _QUIET:
            yield b": still here\n\n"
            said = time.monotonic()
        await here.bell.wait(meeting, _LOOK)


def _sse(event: MeetingEvent) -> bytes:
    number = "" if event.seq is None else f"id: {event.seq}\n"
    data = {"seq": event.seq, "type": event.type, "at": event.at, "payload": event.payload}
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"{number}event: {event.type}\ndata: {text}\n\n".encode()
