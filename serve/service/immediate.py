"""Transcriptions that somebody waits for on an open connection, as OpenAI's clients do.

They take turns with the jobs of the queue, go before those, and leave nothing behind but the
checkpoints, by which the same recording is answered at once the next time.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from pipeline.checkpoints import Checkpoints
from pipeline.config import Profile, load_profile
from pipeline.meeting import Emit, Meeting, MeetingEngine, Request
from pipeline.ports import Diarizer
from serve.openai import Overloaded
from serve.service.gate import Gate
from serve.service.models import ModelSource
from serve.service.reading import merged
from serve.service.settings import ServiceSettings
from serve.service.varied import VariedStages

_FIRST = 0
"""Before every job of the queue."""

_GUESS = 20.0
"""Seconds a transcription takes, until some have been made."""


class Immediate:
    """The Transcriptions port of the OpenAI-compatible routes."""

    def __init__(
        self,
        settings: ServiceSettings,
        profile: Profile,
        source: ModelSource,
        checkpoints: Checkpoints,
        gate: Gate,
    ) -> None:
        self._settings = settings
        self._profile = profile
        self._source = source
        self._checkpoints = checkpoints
        self._gate = gate
        self._usual = _GUESS

    async def run(self, request: Request, settings: dict[str, Any], emit: Emit) -> Meeting:
        """See Transcriptions.run."""
        ahead = self._gate.waiting
        if ahead >= self._settings.limits.immediate:
            raise Overloaded(min(120.0, self._usual * ahead / self._gate.at_once))
        profile = load_profile(self._settings.profile, merged(self._settings.overrides, settings))
        async with self._gate.turn(_FIRST):
            begun = time.monotonic()
            shared = await self._source(str(request.path))
            stages = VariedStages(shared, profile)
            meeting = await MeetingEngine(profile, stages, self._checkpoints).run(request, emit)
            self._usual = 0.8 * self._usual + 0.2 * (time.monotonic() - begun)
            return meeting

    async def diarizer(self) -> Diarizer:
        """Who tells voices apart."""
        return await (await self._source("voices")).diarizer()

    def models(self) -> Sequence[str]:
        """See Models.models: the one that is loaded."""
        return (self._profile.asr.model,)
