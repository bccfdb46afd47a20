"""/v1/settings: an owner's defaults for what they bring."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends

from serve.api.access import Reader, Writer
from serve.api.door import Door, door
from serve.api.shapes import OwnerSettings

router = APIRouter(prefix="/v1/settings", tags=["settings"])
Here = Annotated[Door, Depends(door)]


@router.get("")
async def read(here: Here, who: Reader) -> OwnerSettings:
    """The defaults."""
    return OwnerSettings.model_validate(await asyncio.to_thread(here.store.settings.get, who.owner))


@router.put("")
async def write(here: Here, who: Writer, values: OwnerSettings) -> OwnerSettings:
    """Other defaults, for recordings from now on."""
    await asyncio.to_thread(
        here.store.settings.put, who.owner, values.model_dump(mode="json", exclude_defaults=True)
    )
    return values
