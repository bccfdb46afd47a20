"""The service in one process: the HTTP door, and the runner of jobs beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI

from pipeline.config import Profile
from serve.api.app import create_app
from serve.api.door import Door
from serve.service.local import assemble, running
from serve.service.models import ModelSource, always
from serve.service.settings import ServiceSettings


def local_models(profile: Profile) -> ModelSource:
    """The models of `profile` in threads of this process, loaded when first needed."""
    from stages.local import LocalStages
    from stages.models import Registry

    return always(LocalStages(profile, Registry.load(offline=True)))


def application(
    settings: ServiceSettings, models: Callable[[Profile], ModelSource] = local_models
) -> FastAPI:
    """The application, with its runner at work while it is served.

    Raises StoreUnavailable, ConfigInvalid.
    """
    parts = assemble(settings, models)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with running(parts):
            yield

    door = Door(
        settings, parts.library, parts.known, parts.bell, parts.wire, measures=parts.measures
    )
    return create_app(door, openai=parts.immediate, lifespan=lifespan)
