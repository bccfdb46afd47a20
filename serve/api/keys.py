"""/v1/keys, /v1/tokens and share links: who else may read or write."""

from __future__ import annotations

import asyncio
import secrets
import time
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from serve.api.access import Admin, Reader, Writer
from serve.api.door import Door, door
from serve.api.shapes import (
    KeyIn,
    KeyMade,
    KeyOut,
    KeyPage,
    LinkIn,
    LinkMade,
    LinkOut,
    TokenIn,
    TokenOut,
)
from serve.service.refused import Refused

router = APIRouter(prefix="/v1", tags=["access"])
Here = Annotated[Door, Depends(door)]


@router.post("/keys", status_code=201)
async def make_key(here: Here, who: Admin, asked: KeyIn) -> KeyMade:
    """Make an API key; its secret is in this answer and nowhere else."""
    owner = asked.owner or f"key:{secrets.token_hex(8)}"
    record, secret = await asyncio.to_thread(
        here.store.keys.create, asked.name, owner, asked.scopes, asked.expires
    )
    return KeyMade(secret=secret, **KeyOut.of(record).model_dump())


@router.get("/keys")
async def keys(
    here: Here,
    who: Admin,
    after: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(gt=0, le=200)] = 50,
) -> KeyPage:
    """All API keys, without their secrets."""
    page = await asyncio.to_thread(partial(here.store.keys.page, after=after, limit=limit))
    return KeyPage(items=[KeyOut.of(k) for k in page.items], after=page.after)


@router.delete("/keys/{key}")
async def revoke_key(here: Here, who: Admin, key: str) -> KeyOut:
    """Make an API key good for nothing."""
    return KeyOut.of(await asyncio.to_thread(here.store.keys.revoke, key))


@router.post("/tokens", status_code=201)
async def mint(here: Here, who: Reader, asked: TokenIn) -> TokenOut:
    """A short-lived token for one meeting or upload, for what cannot send headers."""
    if who.only is not None:
        raise Refused("access.forbidden", "a token cannot make tokens.")
    if "write" in asked.scopes and not who.may("write"):
        raise Refused("access.forbidden", "this needs the scope 'write'.")
    known = here.store.meetings.get if asked.kind == "meeting" else here.store.uploads.get
    await asyncio.to_thread(known, asked.id, who.owner)
    token, expires = here.tokens.mint(
        who.owner, asked.kind, asked.id, frozenset(asked.scopes), asked.seconds
    )
    return TokenOut(token=token, expires=expires)


@router.post("/meetings/{meeting}/links", status_code=201)
async def share(here: Here, who: Writer, meeting: str, asked: LinkIn) -> LinkMade:
    """A link by which anybody may read this meeting; its token is in this answer only."""
    await asyncio.to_thread(here.store.meetings.get, meeting, who.owner)
    expires = None if asked.seconds is None else time.time() + asked.seconds
    record, token = await asyncio.to_thread(
        partial(here.store.links.create, meeting, who.owner, expires=expires)
    )
    return LinkMade(token=token, **LinkOut.of(record).model_dump())


@router.get("/meetings/{meeting}/links")
async def links(here: Here, who: Writer, meeting: str) -> list[LinkOut]:
    """The links of a meeting, without their tokens."""
    await asyncio.to_thread(here.store.meetings.get, meeting, who.owner)
    return [LinkOut.of(x) for x in await asyncio.to_thread(here.store.links.of, meeting)]


@router.delete("/meetings/{meeting}/links/{link}")
async def unshare(here: Here, who: Writer, meeting: str, link: str) -> LinkOut:
    """Make a link good for nothing."""
    await asyncio.to_thread(here.store.meetings.get, meeting, who.owner)
    return LinkOut.of(await asyncio.to_thread(here.store.links.revoke, link, who.owner))
