"""/v1/search: words, phrases and speakers over all meetings."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from serve.api.access import Reader
from serve.api.door import Door, door
from serve.api.shapes import HitOut, HitPage
from serve.service.refused import Refused

router = APIRouter(prefix="/v1/search", tags=["search"])


@router.get("")
async def search(
    here: Annotated[Door, Depends(door)],
    who: Reader,
    q: Annotated[str, Query(min_length=1, max_length=200)],
    speaker: Annotated[str | None, Query(max_length=200)] = None,
    since: float | None = None,
    until: float | None = None,
    after: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(gt=0, le=100)] = 20,
) -> HitPage:
    """Utterances that hold every word of `q`; "in quotes" a phrase. since, until: Unix seconds."""
    if who.only is not None:
        raise Refused("access.forbidden", "the token is for one meeting only.")
    page = await asyncio.to_thread(
        partial(
            here.store.search.query,
            who.owner,
            q,
            speaker=speaker,
            since=since,
            until=until,
            limit=limit,
            after=after,
        )
    )
    return HitPage(items=[HitOut.of(h) for h in page.items], after=page.after)
