"""Timing the stages of a profile on this machine, with its models and a recording."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from pipeline.config import AsrSettings, DiarizationSettings, Profile
from pipeline.ports import AsrHint, Diarizer, LanguageModel, Prompt, Transcriber, VoiceWindows
from pipeline.types import SAMPLE_RATE, Samples
from stages.calibration.choice import likeness
from stages.calibration.rounds import Part
from stages.threads import limit_threads, share

T = TypeVar("T")

LEAST, MOST = 2, 16
"""Times the recording is heard, between these as many as there are cores, to busy them all."""

_WINDOW = 30 * SAMPLE_RATE
_TOKENS = 40
_PROMPTS = tuple(
    Prompt(
        "You write the minutes of meetings. Retell what is quoted in one plain sentence.",
        f"{name}: We looked at the numbers of the {quarter} quarter and they are better than we "
        "feared, but the release slipped by two weeks, so I would rather move the launch than cut "
        "the tests. Can somebody tell the customers before Friday?",
    )
    for name, quarter in (("Anna", "first"), ("Ben", "second"), ("Chloe", "third"), ("Dev", "last"))
)


class Repeated:
    """A recording heard several times over, as one Sound."""

    def __init__(self, samples: Samples, times: int) -> None:
        self._samples = np.tile(samples, times)

    @property
    def length(self) -> int:
        """See Sound.length."""
        return len(self._samples)

    def read(self, start: int, end: int) -> Samples:
        """See Sound.read."""
        return self._samples[max(0, start) : max(0, end)]


class Bench:
    """Times parts of a run; a model is loaded anew only where a setting asks for it.

    samples: a recording of people talking, float32 mono 16 kHz. models: the folder of each model's
    weights by its name.
    """

    def __init__(
        self, profile: Profile, models: Mapping[str, Path], samples: Samples, cores: int
    ) -> None:
        limit_threads()
        self._profile, self._models = profile, models
        self._sound = Repeated(samples, min(MOST, max(LEAST, cores)))
        self._loaded: dict[str, tuple[Any, Any]] = {}
        self._heard: dict[str, VoiceWindows] = {}

    @property
    def duration(self) -> float:
        """Seconds of sound that are heard in one go."""
        return self._sound.length / SAMPLE_RATE

    def seconds(self, part: Part, settings: Mapping[str, Any]) -> float:
        """See Timer.seconds. Raises ModelError if a model cannot be loaded."""
        work: list[Callable[[], Awaitable[None]]] = []
        if part in ("asr", "together"):
            work.append(self._asr(self._profile.asr.model_copy(update=_of("asr", settings))))
        if part in ("diarization", "together"):
            chosen = _of("diarization", settings)
            work.append(self._diarization(self._profile.diarization.model_copy(update=chosen)))
        if part == "minutes":
            for other in ("asr", "diarization"):
                self._loaded.pop(other, None)  # a language model wants the memory
            work.append(self._minutes(share(settings.get("minutes.threads"), 1)))

        async def go() -> float:
            begun = time.perf_counter()
            await asyncio.gather(*(job() for job in work))
            return time.perf_counter() - begun

        return asyncio.run(go())

    def agreement(self) -> float:
        """See Timer.agreement."""
        return likeness(self._heard["float32"], self._heard["bfloat16"])

    def _asr(self, settings: AsrSettings) -> Callable[[], Awaitable[None]]:
        settings = settings.model_copy(update={"threads": share(settings.threads, 1)})

        def load() -> Transcriber:
            from stages.asr.faster_whisper import FasterWhisper

            return FasterWhisper(settings, self._models[settings.model])

        hint = AsrHint(language=settings.language, allowed=settings.languages)
        size = min(_WINDOW, -(-self._sound.length // settings.streams))
        starts = range(0, self._sound.length, size)
        model: Transcriber = self._once(
            "asr", settings, load, lambda m: m.transcribe(self._sound.read(0, size), hint)
        )

        async def transcribe() -> None:
            await asyncio.gather(
                *(model.transcribe(self._sound.read(s, s + size), hint) for s in starts)
            )

        return transcribe

    def _diarization(self, settings: DiarizationSettings) -> Callable[[], Awaitable[None]]:
        settings = settings.model_copy(update={"threads": share(settings.threads, 2)})

        def load() -> Diarizer:
            from stages.diarization import build_diarizer

            names = settings.segmentation, settings.embedding
            return build_diarizer(settings, *(self._models[name] for name in names))

        short = Repeated(self._sound.read(0, 10 * SAMPLE_RATE), 1)
        model: Diarizer = self._once(
            "diarization", settings, load, lambda m: m.listen(short, lambda _: None)
        )

        async def listen() -> None:
            heard = await model.listen(self._sound, lambda _: None)
            self._heard[settings.precision] = heard

        return listen

    def _minutes(self, threads: int) -> Callable[[], Awaitable[None]]:
        settings = self._profile.minutes

        def load() -> LanguageModel:
            from stages.summarization import build_language_model

            path = self._models[str(settings.language_model)]
            return build_language_model(settings, path, threads)

        model: LanguageModel = self._once(
            "minutes", threads, load, lambda m: m.complete(_PROMPTS[:1], max_tokens=1)
        )

        async def write() -> None:
            await model.complete(_PROMPTS, max_tokens=_TOKENS)

        return write

    def _once(
        self,
        stage: str,
        settings: Any,
        load: Callable[[], T],
        warm_up: Callable[[T], Awaitable[Any]],
    ) -> T:
        """The model of a stage under its settings; only the last one stays in memory.

        warm_up: a little of its work; the first is slower than any other.
        """
        if stage not in self._loaded or self._loaded[stage][0] != settings:
            self._loaded.pop(stage, None)
            model = load()
            asyncio.run(_awaited(warm_up(model)))
            self._loaded[stage] = settings, model
        loaded: T = self._loaded[stage][1]
        return loaded


async def _awaited(work: Awaitable[Any]) -> None:
    await work


def _of(stage: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of one stage, by their own names."""
    return {
        key.partition(".")[2]: value
        for key, value in settings.items()
        if key.startswith(f"{stage}.")
    }
