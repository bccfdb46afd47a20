"""The three deployments: each holds a model and nothing else. None of them needs ray by itself."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.audio import PcmFile
from pipeline.config import Profile
from pipeline.minutes import Minutes
from pipeline.ports import AsrHint, Hearing, Progress, SpeakerHint
from pipeline.types import SAMPLE_RATE, Diarization, Span, Transcript
from pipeline.voices import VOICES_CODEC
from serve.deployments.arguments import ModelsArgs, Tuning
from serve.deployments.models import About, Models, about, loaded, models_of
from serve.deployments.signs import Signs
from serve.deployments.sounds import Packed, SoundRef, opened, unpacked
from serve.deployments.telling import Result, Step, telling

ENVIRONMENT = {
    "PYANNOTE_METRICS_ENABLED": "0",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
}
"""Ray sets threads by the cores it counts; pyannote.audio and the hub would report home."""

Told = AsyncIterator[Step | Result[Any]]


class Deployed:
    """What the three have in common: a profile's models, signs of life, and tuning."""

    def __init__(self, args: ModelsArgs) -> None:
        os.environ.update(ENVIRONMENT | args.environment)
        self._profile: Profile = args.loaded()
        self._models: Models = models_of(args)
        self._signs = Signs()
        self._tuning = Tuning()

    async def about(self) -> About:
        """What the models are, for the keys of checkpoints."""
        return about(self._models, self._profile)

    async def check_health(self) -> None:
        """Raises Stuck if a model is at work and shows no sign of life; Serve then replaces it."""
        self._signs.check(self._tuning.patience)

    def reconfigure(self, user_config: dict[str, Any]) -> None:
        """Take over another tuning; nothing is loaded again."""
        self._tuning = Tuning.model_validate(user_config)


class Transcriber(Deployed):
    """The Transcriber port; calls that wait together are read together, whoever made them.

    beside: the application's other deployments, which come and go with this one.
    """

    def __init__(self, args: ModelsArgs, *beside: object) -> None:
        super().__init__(args)
        self._model = loaded(self._models.recogniser)
        loaded(partial(self._model.transcribe, np.zeros(SAMPLE_RATE, np.float32), AsrHint("en")))

    async def transcribe(self, window: Packed, hint: AsrHint) -> Hearing:
        """See ports.Transcriber.transcribe."""
        with self._signs.call():
            return await self._model.transcribe(unpacked(window), hint)


class Diarizer(Deployed):
    """The Diarizer port on recordings by reference."""

    def __init__(self, args: ModelsArgs) -> None:
        super().__init__(args)
        self._model = loaded(self._models.diarizer)

    async def listen(self, ref: SoundRef) -> Told:
        """See ports.Diarizer.listen; the result in its checkpoint's form, compressed."""

        async def work(progress: Progress) -> bytes:
            async with _hearing(ref) as sound:
                voices = await self._model.listen(sound, progress)
                return await asyncio.to_thread(VOICES_CODEC.dump, voices)

        async for told in telling(work, self._signs, self._tuning.every):
            yield told

    async def embed(self, ref: SoundRef, spans: Sequence[Span]) -> Told:
        """See ports.Diarizer.embed."""

        async def work(progress: Progress) -> npt.NDArray[np.float32]:
            async with _hearing(ref) as sound:
                return await self._model.embed(sound, spans, progress)

        async for told in telling(work, self._signs, self._tuning.every):
            yield told

    async def separate(self, voices: bytes, hint: SpeakerHint) -> Diarization:
        """See ports.Diarizer.separate; voices: what `listen` gave."""
        with self._signs.call():
            heard = await asyncio.to_thread(VOICES_CODEC.parse, voices)
            return await self._model.separate(heard, hint)


class Summarizer(Deployed):
    """The Summariser port; its models come for each transcript and go after it."""

    def __init__(self, args: ModelsArgs) -> None:
        super().__init__(args)
        self._model = loaded(self._models.summariser)

    async def summarise(self, transcript: Transcript) -> Told:
        """See Summariser.summarise; the result with the fingerprint of what made it."""

        async def work(progress: Progress) -> tuple[Minutes, str]:
            minutes = await self._model.summarise(transcript, progress)
            return minutes, self._models.fingerprint("minutes")

        async for told in telling(work, self._signs, self._tuning.every):
            yield told


@asynccontextmanager
async def _hearing(ref: SoundRef) -> AsyncIterator[PcmFile]:
    """The sound; memory that only listening to it needed is given back at the end."""
    from stages.summarization.memory import return_memory

    async with opened(ref) as sound:
        yield sound
    await asyncio.to_thread(return_memory)
