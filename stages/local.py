"""The stages of one profile in this process, each model loaded when it is first needed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

from pipeline.config import Profile
from pipeline.errors import ModelError, ParleyError
from pipeline.meeting import Summariser
from pipeline.ports import Diarizer, LanguageModel, Sound, TextEmbedder, Transcriber
from pipeline.stage import Stage
from pipeline.transcription import Told
from pipeline.types import AudioChunk, Segment, Speech
from stages.asr.stage import AsrStage
from stages.diarization import DIARIZATION_VERSION, LISTENING_VERSION
from stages.models import Progress, Registry, is_url
from stages.threads import limit_threads, share
from stages.vad.speech import SpeechStage

T = TypeVar("T")


class LocalStages:
    """The engine's `Stages` with models in threads of this process.

    Weights come from `registry`, pulled on first use unless it is offline; `progress` hears of the
    download. Nothing is loaded for a stage whose checkpoint is found.
    """

    def __init__(
        self, profile: Profile, registry: Registry, progress: Progress | None = None
    ) -> None:
        limit_threads()
        self._profile = profile
        self._registry = registry
        self._progress = progress
        self._pulling = asyncio.Lock()
        self._built: dict[str, Any] = {}
        self._building: dict[str, asyncio.Lock] = {}
        self.remarks: dict[str, str] = {}
        """What of the minutes' models could not be had, and how it is done without."""

    def fingerprint(self, stage: Literal["speech", "asr", "listen", "separate", "minutes"]) -> str:
        """Code version and weights of a stage."""
        p = self._profile
        if stage == "speech":
            return f"silero-v6 {SpeechStage.version}"
        if stage == "asr":
            return f"{AsrStage.version} {self._weights(p.asr.model)}"
        if stage == "listen":
            d = p.diarization
            names = [d.pipeline] if d.pipeline else [d.segmentation, d.embedding]
            return f"{LISTENING_VERSION} {' '.join(self._weights(n) for n in names)}"
        if stage == "separate":
            return f"{DIARIZATION_VERSION}"
        from stages.summarization import MINUTES_VERSION

        m = p.minutes
        models = [
            None if "embedder" in self.remarks else m.embedder,
            None if "language_model" in self.remarks else m.language_model,
        ]
        return f"{MINUTES_VERSION} {' '.join(self._weights(n) if n else '-' for n in models)}"

    async def speech(self) -> Stage[AudioChunk, Any, Speech]:
        """Silero and its policy."""

        async def build() -> Stage[AudioChunk, Any, Speech]:
            from stages.vad.silero import Silero

            settings = self._profile.vad
            detector = await asyncio.to_thread(Silero, share(settings.threads, 2))
            return SpeechStage(detector, settings)

        return await self._once("speech", build)

    async def asr(self, sound: Sound, told: Told = lambda *_: None) -> Stage[Speech, Any, Segment]:
        """Whisper and its policy over `sound`."""
        return AsrStage(await self.recogniser(), self._profile.asr, sound, told)

    async def recogniser(self) -> Transcriber:
        """Whisper by itself, for a policy of the caller's own."""

        async def build() -> Transcriber:
            from stages.asr.faster_whisper import FasterWhisper

            settings = self._profile.asr
            settings = settings.model_copy(update={"threads": share(settings.threads, 1)})
            path = await self._pulled(settings.model)
            return await asyncio.to_thread(FasterWhisper, settings, path)

        found: Transcriber = await self._once("asr", build)
        return found

    async def diarizer(self) -> Diarizer:
        """pyannote.audio with the weights of the profile."""

        async def build() -> Diarizer:
            from stages.diarization import build_diarizer

            settings = self._profile.diarization
            settings = settings.model_copy(update={"threads": share(settings.threads, 1)})
            names = (
                [settings.pipeline]
                if settings.pipeline
                else [settings.segmentation, settings.embedding]
            )
            paths = [await self._pulled(name) for name in names]
            return await asyncio.to_thread(build_diarizer, settings, *paths)

        return await self._once("diarizer", build)

    async def summariser(self) -> Summariser:
        """Who writes the minutes, with a language model if one can be had."""

        async def build() -> Summariser:
            from stages.summarization import MinutesStage, lent

            settings = self._profile.minutes
            return MinutesStage(
                settings,
                lent(partial(self._embedder, settings.embedder)) if settings.embedder else None,
                lent(partial(self._language_model, settings.language_model))
                if settings.language_model
                else None,
                remarks=self.remarks.values(),
            )

        return await self._once("summariser", build)

    async def release(self) -> None:
        """See Stages.release: what is still at work goes when it is done."""
        from stages.summarization.memory import return_memory

        for name in ("speech", "asr", "diarizer"):
            self._built.pop(name, None)
        await asyncio.to_thread(return_memory)

    async def _embedder(self, name: str) -> TextEmbedder | None:
        from stages.embedding import SentenceEmbedder

        self.remarks.pop("embedder", None)
        try:
            path = await self._pulled(name)
            threads = share(self._profile.minutes.threads, 1)
            return await asyncio.to_thread(SentenceEmbedder, path, threads)
        except ModelError as error:
            self.remarks["embedder"] = f"Made without sentence embeddings: {error.message}"
            return None

    async def _language_model(self, name: str) -> LanguageModel | None:
        from stages.summarization import build_language_model

        self.remarks.pop("language_model", None)
        settings = self._profile.minutes
        try:
            path: Path | str = name if is_url(name) else await self._pulled(name)
            threads = share(settings.threads, 1)
            return await asyncio.to_thread(build_language_model, settings, path, threads)
        except ParleyError as error:
            # Minutes without a language model are worth having; minutes that fail are not.
            self.remarks["language_model"] = f"Made without a language model: {error.message}"
            return None

    async def _pulled(self, model: str) -> Path:
        async with self._pulling:
            return await asyncio.to_thread(self._registry.ensure, model, self._progress)

    async def _once(self, name: str, build: Callable[[], Awaitable[T]]) -> T:
        async with self._building.setdefault(name, asyncio.Lock()):
            if name not in self._built:
                self._built[name] = await build()
            built: T = self._built[name]
            return built

    def _weights(self, model: str) -> str:
        """A name and what it stands for: the catalogue's digest, or a folder of the user's own."""
        known = model in self._registry.names()
        return f"{model}@{self._registry.entry(model).digest}" if known else model
