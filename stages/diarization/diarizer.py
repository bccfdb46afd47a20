"""The Diarizer port by pyannote.audio models from local weights."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.config import DiarizationSettings
from pipeline.ports import Progress, Sound, SpeakerHint, VoiceWindows
from pipeline.types import Diarization, Span
from stages.diarization.listening import Ears, embed_spans, listen
from stages.diarization.loading import embedding_model, segmentation_model
from stages.diarization.separation import separate

T = TypeVar("T")


class PyannoteDiarizer:
    """segmentation-3.0 and CAM++, each run once a window, with Parley's own clustering.

    segmentation, embedding: folders with the weights. Raises ModelMissing or ModelCorrupt. One
    recording is heard at a time, by `settings.threads` threads that share out its windows.
    """

    def __init__(
        self, settings: DiarizationSettings, *, segmentation: Path, embedding: Path
    ) -> None:
        self._hold(settings, segmentation_model(segmentation), embedding_model(embedding))

    def _hold(self, settings: DiarizationSettings, *models: Any) -> None:
        self._settings = settings
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="diarizer")
        device = device_of(settings)
        self._models = tuple(model.to(device) for model in models)

    async def listen(self, sound: Sound, progress: Progress) -> VoiceWindows:
        """See Diarizer.listen."""
        return await self._run(lambda ears, told: self.hear(sound, ears, told), progress)

    async def embed(
        self, sound: Sound, spans: Sequence[Span], progress: Progress
    ) -> npt.NDArray[np.float32]:
        """See Diarizer.embed."""
        return await self._run(
            lambda ears, told: embed_spans(sound, list(spans), ears, self._settings, told), progress
        )

    async def separate(self, voices: VoiceWindows, hint: SpeakerHint) -> Diarization:
        """See Diarizer.separate."""
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self.group, voices, hint
        )

    def group(self, voices: VoiceWindows, hint: SpeakerHint) -> Diarization:
        """Who spoke when: `voices` grouped into people within the bounds of `hint`."""
        return separate(voices, hint, self._settings)

    def hear(self, sound: Sound, ears: Ears, progress: Progress) -> VoiceWindows:
        """The activity and the voices of each window of `sound`."""
        return listen(sound, ears, self._settings, progress)

    async def _run(self, work: Callable[[Ears, Progress], T], progress: Progress) -> T:
        """Run `work` on the models' thread; stop it between windows if nobody waits any more."""
        import torch

        loop = asyncio.get_running_loop()
        stop = threading.Event()
        half = self._settings.precision == "bfloat16"
        shared = self._settings.mode != "exact"
        ears = Ears(self._models[0], self._models[1], stop.is_set, half, shared)

        def told(part: float) -> None:
            loop.call_soon_threadsafe(progress, part)

        def heard() -> T:
            torch.set_num_threads(1)
            return work(ears, told)

        try:
            return await loop.run_in_executor(self._thread, heard)
        except asyncio.CancelledError:
            stop.set()
            raise


def device_of(settings: DiarizationSettings) -> str:
    """The torch device that `settings.device` names, "auto" being the GPU where there is one."""
    import torch

    if settings.device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    return settings.device
