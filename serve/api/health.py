"""/healthz and /readyz: whether the process lives, and whether it can do work."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends

from serve.api.door import Door, door
from serve.api.shapes import Health
from serve.cli.version import version
from serve.service.refused import Refused

router = APIRouter(tags=["health"])


@router.get("/healthz")
@router.get("/health", include_in_schema=False)
async def alive() -> Health:
    """The process answers."""
    return Health(version=version())


@router.get("/readyz")
async def ready(here: Annotated[Door, Depends(door)]) -> Health:
    """Store and models can be used; 503 with the reason otherwise."""
    await asyncio.to_thread(here.store.ping)
    if reason := here.ready():
        raise Refused("models.unavailable", reason, 5)
    return Health(version=version())
