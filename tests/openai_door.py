"""The OpenAI-compatible routes over an engine of fakes, for tests of clients."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI

from pipeline.checkpoints import Checkpoints
from pipeline.config import load_profile
from pipeline.meeting import Emit, Meeting, MeetingEngine, Request
from pipeline.types import SAMPLE_RATE, Samples, SpeakerId, SpeakerTurn
from serve.openai import DoorSettings, Voices, VoiceSample, openai_router
from stages.fakes import FakeStages


def talk(*parts: tuple[float, float]) -> Samples:
    """Stretches of (seconds, level): each level is a voice of its own to the fakes."""
    return np.concatenate([np.full(round(t * SAMPLE_RATE), v, np.float32) for t, v in parts])


class FakeTranscriptions:
    """Transcriptions by an engine without models.

    asked: requests and settings, in order. pause: seconds that each window takes. fails: what is
    raised instead, before anything is done or, with `late`, once the first words are told. held:
    what is waited for at the end.
    """

    def __init__(self, folder: Path, pause: float = 0.0) -> None:
        self.folder = folder
        self.pause = pause
        self.asked: list[tuple[Request, dict[str, Any]]] = []
        self.fails: Exception | None = None
        self.late = False
        self.held: asyncio.Event | None = None
        self.cancelled = asyncio.Event()

    async def run(self, request: Request, settings: dict[str, Any], emit: Emit) -> Meeting:
        """See Transcriptions.run."""
        assert request.path.is_file()
        self.asked.append((request, settings))
        if self.fails is not None and not self.late:
            raise self.fails
        profile = load_profile("cpu", settings, environ={})
        stages = FakeStages(profile, self.pause)
        try:
            meeting = await MeetingEngine(profile, stages, Checkpoints(self.folder)).run(
                request, emit
            )
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        if self.held is not None:
            await self.held.wait()
        if self.fails is not None:
            raise self.fails
        return meeting


class FakeModels:
    """Two local models."""

    def models(self) -> Sequence[str]:
        """See Models.models."""
        return ["faster-whisper-base", "faster-whisper-tiny.en"]


class FirstSpeakers:
    """Voices that gives the names of the references to the first speakers, in order."""

    def __init__(self) -> None:
        self.asked: list[Sequence[VoiceSample]] = []

    async def identify(
        self, recording: Path, turns: Sequence[SpeakerTurn], references: Sequence[VoiceSample]
    ) -> Mapping[SpeakerId, str]:
        """See Voices.identify."""
        assert all(r.path.is_file() for r in references)
        self.asked.append(references)
        speakers = dict.fromkeys(t.speaker for t in turns)
        return dict(zip(speakers, (r.name for r in references), strict=False))


def door(
    transcriptions: FakeTranscriptions,
    voices: Voices | None = None,
    settings: DoorSettings | None = None,
    dependencies: Sequence[Any] = (),
) -> FastAPI:
    """An application of nothing but the routes."""
    app = FastAPI()
    app.include_router(openai_router(transcriptions, FakeModels(), voices, settings, dependencies))
    return app


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The application on a port of loopback; gives its base URL."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    finally:
        server.should_exit = True
        await running
        listener.close()
