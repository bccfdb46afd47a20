"""The HTTP application: routes, errors, checks of who sends what from where."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware

from pipeline.ports import Diarizer
from serve.api import (
    audio,
    events,
    exports,
    health,
    jobs,
    keys,
    meetings,
    metrics,
    preferences,
    problems,
    search,
    uploads,
    voices,
)
from serve.api.access import by_method
from serve.api.bodies import SmallBodies
from serve.api.door import Door
from serve.api.guard import Guard, names_of
from serve.api.shapes import Problem
from serve.cli.version import version
from serve.openai import (
    DoorSettings,
    EmbeddedVoices,
    Models,
    Transcriptions,
    openai_router,
)

_PROBLEM = {"application/problem+json": {"schema": Problem.model_json_schema()}}
_EITHER: dict[str, Any] = {"application/json": {}, **_PROBLEM}
"""OpenAI's envelope, or a problem where no route of theirs was meant."""


class OpenAi(Transcriptions, Models, Protocol):
    """Who transcribes for OpenAI's clients, with which models."""

    async def diarizer(self) -> Diarizer:
        """Who tells voices apart."""
        ...


Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

_MODULES = (meetings, jobs, events, audio, exports, search, uploads, voices, keys, preferences)
_OWN = (health, metrics)


@asynccontextmanager
async def _nothing(app: FastAPI) -> AsyncIterator[None]:
    yield


def create_app(door: Door, openai: OpenAi | None = None, lifespan: Lifespan = _nothing) -> FastAPI:
    """The application over what `door` opens; it knows neither Ray nor models.

    openai: who transcribes for OpenAI's clients; without, those routes are not there.
    lifespan: what runs beside it from start to end, such as the runner of jobs.
    """
    settings = door.settings
    app = FastAPI(
        title="Parley",
        version=version(),
        description="Recordings of meetings in, who said what and minutes out.",
        lifespan=lifespan,
        responses={
            "4XX": {"description": "Not done", "content": _PROBLEM},
            "5XX": {"description": "Failed here", "content": _PROBLEM},
        },
    )
    app.state.door = door
    problems.install(app)
    for module in (*_MODULES, *_OWN):
        app.include_router(module.router)
    if openai is not None:
        limits = DoorSettings(file_bytes=settings.limits.upload_bytes)
        check = [Depends(by_method)]
        app.include_router(
            openai_router(openai, openai, EmbeddedVoices(openai.diarizer), limits, check),
            responses={
                "4XX": {"description": "Not done", "content": _EITHER},
                "5XX": {"description": "Failed here", "content": _EITHER},
            },
        )
    app.add_middleware(metrics.Timed, measures=door.measures)
    app.add_middleware(SmallBodies, limit=settings.limits.body_bytes)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.origins),
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["Location", "Content-Range", "Upload-Offset", "Retry-After"],
        )
    app.add_middleware(
        Guard, names=names_of(settings.host, settings.hosts), origins=settings.origins
    )
    return app
