"""/v1/meetings/{id}/export/{format}: the meeting as a file, as the command line writes it."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from pipeline.exports import FORMATS, ExportContext
from serve.api.access import Reader
from serve.api.door import Door, door
from serve.service.refused import Refused

router = APIRouter(prefix="/v1/meetings/{meeting}/export", tags=["export"])
Here = Annotated[Door, Depends(door)]
Format = Literal["json", "txt", "md", "srt", "vtt", "docx", "rttm", "seglst"]


@router.get("/{format}", response_class=Response)
async def export(here: Here, who: Reader, meeting: str, format: Format) -> Response:
    """Transcript and minutes in one of the formats; 409 meeting.not_ready before there are any."""
    found = await asyncio.to_thread(here.store.meetings.get, meeting, who.owner)
    _, view = await asyncio.to_thread(here.library.views.of, meeting)
    if not view.ended:
        raise Refused("meeting.not_ready", "the transcript is not there yet.", 5)
    form = FORMATS[format]
    stem = re.sub(r"[^\w.-]+", "-", found.title).strip("-.") or "meeting"
    context = ExportContext(stem, found.title)
    data = await asyncio.to_thread(form.write, view.transcript, view.minutes, context)
    name = f"{stem}{form.suffix}"
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    return Response(
        data,
        media_type=form.media_type,
        headers={
            "Content-Disposition": (
                f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"
            ),
            "X-Content-Type-Options": "nosniff",
        },
    )
