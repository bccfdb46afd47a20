"""/v1/voices: voices with names, known again in the owner's later meetings."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from serve.api.access import Reader, Writer
from serve.api.door import Door, door
from serve.api.shapes import VoiceIn, VoiceOut, VoicePage, VoicePatch
from serve.service.library import clean

router = APIRouter(prefix="/v1/voices", tags=["voices"])
Here = Annotated[Door, Depends(door)]


@router.post("", status_code=201)
async def enrol(here: Here, who: Writer, asked: VoiceIn) -> VoiceOut:
    """Keep the voice of an utterance; later meetings with it get the name by themselves."""
    record = await here.voices.enrol(who.owner, asked.meeting, asked.utterance, clean(asked.name))
    return VoiceOut.of(record)


@router.get("")
async def listed(
    here: Here,
    who: Reader,
    after: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(gt=0, le=200)] = 50,
) -> VoicePage:
    """The voices kept, newest first."""
    page = await asyncio.to_thread(
        partial(here.store.voices.page, who.owner, after=after, limit=limit)
    )
    return VoicePage(items=[VoiceOut.of(v) for v in page.items], after=page.after)


@router.patch("/{voice}")
async def rename(here: Here, who: Writer, voice: str, asked: VoicePatch) -> VoiceOut:
    """Another name, for meetings from now on."""
    found = await asyncio.to_thread(here.store.voices.rename, voice, clean(asked.name), who.owner)
    return VoiceOut.of(found)


@router.delete("/{voice}", status_code=204)
async def delete(here: Here, who: Writer, voice: str) -> None:
    """Forget a voice; names that meetings have got by it stay."""
    await asyncio.to_thread(here.store.voices.delete, voice, who.owner)
