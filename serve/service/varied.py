"""The stages of one meeting over models that many share: its wishes are policy, not weights."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from pipeline.config import Profile
from pipeline.meeting import Stages, Summariser
from pipeline.ports import Diarizer, Sound, Transcriber
from pipeline.stage import Stage
from pipeline.transcription import Told
from pipeline.types import AudioChunk, Segment, Speech
from stages.asr.stage import AsrStage


class SharedStages(Stages, Protocol):
    """Stages whose recogniser can be had by itself."""

    async def recogniser(self) -> Transcriber:
        """Who turns a window into words."""
        ...


class VariedStages:
    """See Stages: those of `shared`, with the transcription policy of `profile`.

    Models stay where they are after a meeting, for others use them too.
    """

    def __init__(self, shared: SharedStages, profile: Profile) -> None:
        self._shared = shared
        self._profile = profile

    def fingerprint(self, stage: Literal["speech", "asr", "listen", "separate", "minutes"]) -> str:
        """See Stages.fingerprint."""
        return self._shared.fingerprint(stage)

    async def speech(self) -> Stage[AudioChunk, Any, Speech]:
        """See Stages.speech."""
        return await self._shared.speech()

    async def asr(self, sound: Sound, told: Told) -> Stage[Speech, Any, Segment]:
        """See Stages.asr."""
        return AsrStage(await self._shared.recogniser(), self._profile.asr, sound, told)

    async def diarizer(self) -> Diarizer:
        """See Stages.diarizer."""
        return await self._shared.diarizer()

    async def summariser(self) -> Summariser:
        """See Stages.summariser."""
        return await self._shared.summariser()

    async def release(self) -> None:
        """Nothing: the models are everybody's."""
