"""/v1/meetings: bring, list, read, correct and delete."""

from __future__ import annotations

import asyncio
import hashlib
import json
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from pipeline.errors import EditInvalid
from pipeline.events import jsonable
from serve.api.access import Principal, Reader, Writer
from serve.api.door import Door, door
from serve.api.jobs import current
from serve.api.shapes import MeetingOut, MeetingPage, MeetingPatch
from serve.service.refused import Refused
from serve.service.wishes import Wishes

router = APIRouter(prefix="/v1/meetings", tags=["meetings"])

Status = Literal["uploading", "queued", "running", "ready", "failed", "canceled"]
Here = Annotated[Door, Depends(door)]

_HOLD = 3600.0
"""Seconds an upload with an idempotency key may take before it is taken for dead."""


def wishes(
    language: Annotated[str | None, Query(max_length=8)] = None,
    languages: Annotated[list[str], Query()] = [],  # noqa: B006 - FastAPI copies it
    hotwords: Annotated[list[str], Query()] = [],  # noqa: B006
    prompt: Annotated[str, Query(max_length=2000)] = "",
    speakers: Annotated[int | None, Query(gt=0, le=50)] = None,
    min_speakers: Annotated[int | None, Query(gt=0, le=50)] = None,
    max_speakers: Annotated[int | None, Query(gt=0, le=50)] = None,
    channels: Literal["mix", "separate"] = "mix",
    minutes: bool = True,
) -> Wishes:
    """What is wanted of a recording, from the query. Raises Refused if it contradicts itself."""
    try:
        return Wishes(
            language=language,
            languages=tuple(languages),
            hotwords=tuple(hotwords),
            prompt=prompt,
            speakers=speakers,
            min_speakers=min_speakers,
            max_speakers=max_speakers,
            channels=channels,
            minutes=minutes,
        )
    except ValueError as error:
        raise Refused("request.invalid", _told(error)) from None


@router.post(
    "",
    status_code=201,
    response_model=MeetingOut,
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The recording's bytes as they are, of any format FFmpeg reads.",
            "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
    responses={200: {"model": MeetingOut, "description": "The same recording is here already"}},
)
async def bring(
    request: Request,
    here: Here,
    who: Writer,
    asked: Annotated[Wishes, Depends(wishes)],
    filename: Annotated[str, Query(max_length=300)] = "",
    title: Annotated[str, Query(max_length=300)] = "",
    priority: Literal["interactive", "batch"] = "interactive",
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Bring a recording as the raw body; it is transcribed as soon as its turn comes."""
    _whole(who)
    length = _length(request)
    claim = None
    if idempotency_key is not None:
        asked_for = json.dumps([filename, title, length, asked.model_dump(mode="json")])
        digest = hashlib.sha256(asked_for.encode()).hexdigest()
        claim = await asyncio.to_thread(
            partial(here.store.idempotency.claim, who.owner, idempotency_key, digest, hold=_HOLD)
        )
        if claim.outcome == "mismatch":
            raise Refused("request.reused", "the Idempotency-Key was used for another request.")
        if claim.outcome == "busy":
            raise Refused("request.busy", "a request with this Idempotency-Key is under way.", 5)
        if claim.outcome == "done" and claim.response is not None:
            found = await _shown(here, who, str(claim.response["id"]))
            return JSONResponse(found.model_dump(mode="json"), 200)
    try:
        meeting, new = await here.library.bring(
            who.owner,
            request.stream(),
            filename=filename,
            media_type=request.headers.get("content-type", "application/octet-stream")[:200],
            title=title,
            wishes=asked,
            length=length,
            priority=1 if priority == "interactive" else 2,
        )
    except BaseException:
        if claim is not None and claim.token is not None and idempotency_key is not None:
            await asyncio.shield(
                asyncio.to_thread(
                    here.store.idempotency.abandon, who.owner, idempotency_key, claim.token
                )
            )
        raise
    if claim is not None and claim.token is not None and idempotency_key is not None:
        await asyncio.to_thread(
            here.store.idempotency.complete,
            who.owner,
            idempotency_key,
            claim.token,
            {"id": meeting.id},
            meeting.id,
        )
    found = await _shown(here, who, meeting.id)
    headers = {"Location": f"/v1/meetings/{meeting.id}"}
    return JSONResponse(found.model_dump(mode="json"), 201 if new else 200, headers)


@router.get("")
async def listed(
    here: Here,
    who: Reader,
    status: Status | None = None,
    text: Annotated[str | None, Query(max_length=200)] = None,
    after: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(gt=0, le=200)] = 50,
) -> MeetingPage:
    """The meetings, newest first; text: part of title or file name."""
    _whole(who)
    page = await asyncio.to_thread(
        partial(
            here.store.meetings.page, who.owner, status=status, text=text, after=after, limit=limit
        )
    )
    return MeetingPage(items=[MeetingOut.of(m) for m in page.items], after=page.after)


@router.get("/{meeting}")
async def read(here: Here, who: Reader, meeting: str) -> MeetingOut:
    """One meeting with its latest job."""
    return await _shown(here, who, meeting)


@router.patch("/{meeting}")
async def patch(here: Here, who: Writer, meeting: str, changes: MeetingPatch) -> MeetingOut:
    """Another title, names for speakers, corrections of utterances."""
    if not changes.model_fields_set:
        raise EditInvalid("expected title, speakers or utterances, got nothing to change.")
    if changes.title is not None:
        await here.library.rename(who.owner, meeting, changes.title)
    for speaker in changes.speakers:
        await here.library.rename_speaker(who.owner, meeting, speaker.id, speaker.name)
    for edit in changes.utterances:
        await here.library.correct(
            who.owner,
            meeting,
            edit.id,
            text=edit.text,
            speaker=edit.speaker,
            revision=edit.revision,
        )
    return await _shown(here, who, meeting)


@router.delete("/{meeting}", status_code=204)
async def delete(here: Here, who: Writer, meeting: str) -> None:
    """Remove a meeting and every trace of it: sound, transcript, minutes, jobs, links."""
    await here.library.delete(who.owner, meeting)


@router.get("/{meeting}/transcript")
async def transcript(here: Here, who: Reader, meeting: str) -> dict[str, Any]:
    """The transcript as it is known now; complete once the status is ready."""
    _, view = await _view(here, who, meeting)
    found: dict[str, Any] = jsonable(view.transcript)
    for entry, utterance in zip(found["utterances"], view.transcript.utterances, strict=True):
        entry |= {
            "start": utterance.span.start,
            "end": utterance.span.end,
            "text": utterance.text,
        }
    return found | {"ended": view.ended}


@router.get("/{meeting}/minutes")
async def minutes(here: Here, who: Reader, meeting: str) -> dict[str, Any]:
    """The minutes. 409 meeting.not_ready while there are none."""
    _, view = await _view(here, who, meeting)
    if view.minutes is None:
        raise Refused("meeting.not_ready", "there are no minutes yet.", 5)
    found: dict[str, Any] = jsonable(view.minutes)
    return found


async def _view(here: Door, who: Principal, meeting: str) -> Any:
    await asyncio.to_thread(here.store.meetings.get, meeting, who.owner)
    return await asyncio.to_thread(here.library.views.of, meeting)


async def _shown(here: Door, who: Principal, meeting: str) -> MeetingOut:
    found = await asyncio.to_thread(here.store.meetings.get, meeting, who.owner)
    return MeetingOut.of(found, await current(here, meeting))


def _told(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"])) or "query"
    return f"{where}: {first['msg'].removeprefix('Value error, ')}."


def _whole(who: Principal) -> None:
    """A token for one meeting is no pass to all."""
    if who.only is not None:
        raise Refused("access.forbidden", "the token is for one meeting only.")


def _length(request: Request) -> int | None:
    text = request.headers.get("content-length")
    return int(text) if text is not None and text.isdigit() else None
