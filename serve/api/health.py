"""/healthz and /readyz: whether the process lives, and whether the store answers."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends

from serve.api.door import Door, door
from serve.api.shapes import Health
from serve.cli.version import version

router = APIRouter(tags=["health"])


@router.get("/healthz")
@router.get("/health", include_in_schema=False)
async def alive() -> Health:
    """The process answers."""
    return Health(version=version())


@router.get("/readyz")
async def ready(here: Annotated[Door, Depends(door)]) -> Health:
    """The store answers; 503 with the reason otherwise. Models are not asked."""
    await asyncio.to_thread(here.store.ping)
    return Health(version=version())
