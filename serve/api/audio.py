"""/v1/meetings/{id}/audio: the recording in pieces, as players ask for it (RFC 9110, ranges)."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import Response

from serve.api.access import Reader
from serve.api.door import Door, door
from serve.service.places import sound_key

router = APIRouter(prefix="/v1/meetings/{meeting}/audio", tags=["audio"])
Here = Annotated[Door, Depends(door)]

LARGEST = 4 << 20
"""Bytes of an answer at most, whatever was asked for: it may be held in memory on its way."""

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_SOUND = re.compile(r"(audio|video)/[a-z0-9.+-]+")


@router.get(
    "",
    response_class=Response,
    responses={
        200: {"content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}}},
        206: {"content": {"audio/*": {"schema": {"type": "string", "format": "binary"}}}},
        416: {"description": "The range lies beyond the end"},
    },
)
@router.head("", include_in_schema=False)
async def audio(
    request: Request,
    here: Here,
    who: Reader,
    meeting: str,
    asked: Annotated[str | None, Header(alias="range", max_length=100)] = None,
) -> Response:
    """A part of the recording: at most 4 MiB, also where more or no range was asked for."""
    found = await asyncio.to_thread(here.store.meetings.get, meeting, who.owner)
    size = await asyncio.to_thread(here.library.blobs.size, sound_key(meeting))
    kind = found.media_type.partition(";")[0].strip().lower()
    headers = {
        "Accept-Ranges": "bytes",
        # Never a type that a browser would run or guess at.
        "Content-Type": kind if _SOUND.fullmatch(kind) else "application/octet-stream",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, max-age=3600",
        "ETag": f'"{found.recording or meeting}"',
    }
    span = ranged(asked, size)
    if span is None:
        return Response(status_code=416, headers=headers | {"Content-Range": f"bytes */{size}"})
    start, end = span
    whole = (start, end) == (0, size)
    if not whole or asked:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    if request.method == "HEAD":
        return Response(headers=headers | {"Content-Length": str(size)})
    data = await asyncio.to_thread(here.library.blobs.read, sound_key(meeting), start, end)
    return Response(data, 206 if "Content-Range" in headers else 200, headers)


def ranged(asked: str | None, size: int) -> tuple[int, int] | None:
    """The bytes [start, end) to answer with; None if the range cannot be had.

    A header that is no single range of bytes is taken as none, as RFC 9110 § 14.2 has it.
    """
    match = _RANGE.fullmatch(asked.strip()) if asked else None
    if match is None or not any(match.groups()):
        return 0, min(size, LARGEST)
    first, last = match.groups()
    if not first:
        start = max(0, size - int(last))
        end = size if int(last) else start
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    if start >= size or end <= start:
        return None
    return start, min(end, start + LARGEST)
