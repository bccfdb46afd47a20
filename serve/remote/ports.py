"""The engine's ports with their models in replicas."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from pipeline.audio import GrowingSound, PcmFile
from pipeline.minutes import Minutes
from pipeline.ports import AsrHint, Hearing, Progress, Sound, SpeakerHint, VoiceWindows
from pipeline.types import Diarization, Samples, Span, Transcript
from pipeline.voices import VOICES_CODEC
from serve.deployments.sounds import SoundRef, packed
from serve.remote.handles import Handles
from serve.remote.places import Place


class RemoteTranscriber:
    """The Transcriber port; a window travels as 16-bit sound where it came from such."""

    def __init__(self, handles: Handles) -> None:
        self._handles = handles

    async def transcribe(self, window: Samples, hint: AsrHint) -> Hearing:
        """See Transcriber.transcribe."""
        return await self._handles.transcribe(packed(window), hint)


class RemoteDiarizer:
    """The Diarizer port on recordings that lie in a work file, handed over by reference."""

    def __init__(self, handles: Handles, place: Place) -> None:
        self._handles, self._place = handles, place

    async def listen(self, sound: Sound, progress: Progress) -> VoiceWindows:
        """See Diarizer.listen."""
        ref = await self._placed(sound)
        voices = await self._handles.told("listen", progress, ref)
        return await asyncio.to_thread(VOICES_CODEC.parse, voices)

    async def embed(
        self, sound: Sound, spans: Sequence[Span], progress: Progress
    ) -> npt.NDArray[np.float32]:
        """See Diarizer.embed."""
        ref = await self._placed(sound)
        return np.array(await self._handles.told("embed", progress, ref, list(spans)))

    async def separate(self, voices: VoiceWindows, hint: SpeakerHint) -> Diarization:
        """See Diarizer.separate."""
        data = await asyncio.to_thread(VOICES_CODEC.dump, voices)
        return await self._handles.separate(data, hint)

    async def _placed(self, sound: Sound) -> SoundRef:
        if isinstance(sound, GrowingSound):
            sound = await asyncio.to_thread(sound.whole)
        if not isinstance(sound, PcmFile):
            raise TypeError(f"expected the sound of a work file, got {type(sound).__name__}")
        return await self._place.put(sound)


class RemoteSummariser:
    """The Summariser port. made: told the fingerprint of what made the minutes."""

    def __init__(self, handles: Handles, made: Callable[[str], None]) -> None:
        self._handles, self._made = handles, made

    async def summarise(self, transcript: Transcript, progress: Progress) -> Minutes:
        """See Summariser.summarise."""
        minutes: Minutes
        minutes, fingerprint = await self._handles.told("summarise", progress, transcript)
        self._made(fingerprint)
        return minutes
