"""A service in one process: store, sound, models and runner, opened and closed together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pipeline.blobs import Blobs
from pipeline.checkpoints import Checkpoints
from pipeline.config import Profile, load_profile
from pipeline.errors import ParleyError
from pipeline.store import Store
from serve.service.bell import Bell
from serve.service.gate import Gate
from serve.service.immediate import Immediate
from serve.service.known import KnownVoices
from serve.service.library import Library
from serve.service.measures import Measures
from serve.service.models import ModelSource
from serve.service.runner import Runner
from serve.service.settings import ServiceSettings
from serve.service.views import Views
from serve.service.wire import Wire

_LOG = logging.getLogger("parley.service")

_TIDY = 600.0
"""Seconds between two rounds of tidying."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a service is made of."""

    settings: ServiceSettings
    store: Store
    library: Library
    runner: Runner
    bell: Bell
    wire: Wire
    measures: Measures
    immediate: Immediate
    known: KnownVoices


def profile_of(settings: ServiceSettings) -> Profile:
    """The profile jobs start from. Raises ConfigInvalid."""
    return load_profile(settings.profile, settings.overrides)


def assemble(settings: ServiceSettings, source: Callable[[Profile], ModelSource]) -> Parts:
    """Open a service's parts; nothing runs yet. Raises StoreUnavailable, ConfigInvalid."""
    profile = profile_of(settings)
    settings.data.mkdir(parents=True, exist_ok=True)
    store, blobs = Store.open(settings.database_url), Blobs.open(settings.blobs_url)
    checkpoints = Checkpoints(settings.data / "checkpoints")
    views, bell, wire, measures = Views(store), Bell(), Wire(), Measures()
    library = Library(store, blobs, checkpoints, views, settings, bell, wire)
    models, gate = source(profile), Gate(settings.jobs.at_once)
    known = KnownVoices(store, blobs, views, models)
    runner = Runner(
        store,
        blobs,
        checkpoints,
        models,
        known,
        gate,
        profile,
        settings.jobs,
        settings.limits.duration,
        views,
        bell,
        wire,
        measures,
    )
    immediate = Immediate(settings, profile, models, checkpoints, gate)
    return Parts(settings, store, library, runner, bell, wire, measures, immediate, known)


@asynccontextmanager
async def running(parts: Parts) -> AsyncIterator[None]:
    """Work jobs off for the length of the block; what is in hand at its end is given back."""
    tasks = [
        asyncio.create_task(parts.runner.run(), name="jobs"),
        asyncio.create_task(_tidied(parts.library), name="tidying"),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(parts.store.close)


async def _tidied(library: Library) -> None:
    """Remove what nobody will come back for, at once and then every ten minutes."""
    while True:
        try:
            await library.tidy()
        except ParleyError as error:
            _LOG.warning("not tidied: %s", error)
        await asyncio.sleep(_TIDY)
