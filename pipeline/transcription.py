"""Speech and words of one sound, found side by side as it comes, resumable half-way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from pipeline.audio import arriving
from pipeline.checkpoints import Checkpoints, JsonCodec
from pipeline.ports import Sound
from pipeline.stage import fold
from pipeline.together import together
from pipeline.types import Segment, Speech

if TYPE_CHECKING:
    from pipeline.meeting import Stages

SPEECH_CODEC: JsonCodec[list[Speech]] = JsonCodec(list[Speech])
SEGMENTS_CODEC: JsonCodec[list[Segment]] = JsonCodec(list[Segment])
HALFWAY_CODEC: JsonCodec[tuple[int, Any, list[Segment]]] = JsonCodec(tuple[int, Any, list[Segment]])

_CHUNK_SECONDS = 30.0
_SNAPSHOT_SECONDS = 15.0


class Transcription:
    """The voice activity and transcription stages over one sound, with their checkpoints."""

    def __init__(
        self, checkpoints: Checkpoints, recording: str, speech_key: str, asr_key: str
    ) -> None:
        self._checkpoints = checkpoints
        self._recording = recording
        self._speech_key = speech_key
        self._asr_key = asr_key

    async def run(
        self,
        sound: Sound,
        stages: Stages,
        reached: Callable[[int], None],
        heard: Callable[[Segment], None],
    ) -> tuple[list[Speech], list[Segment]]:
        """All speech and all segments, in order, while `sound` may still be growing.

        `heard` is called with each new segment, `reached` with the sample they go up to.
        """
        segments = self._load("asr", self._asr_key, SEGMENTS_CODEC)
        speech = self._load("speech", self._speech_key, SPEECH_CODEC)
        if segments is None or speech is None:
            found: asyncio.Queue[Speech | None] = asyncio.Queue()
            speech, segments = await together(
                self._listen(sound, stages, speech, found),
                self._write(sound, stages, found, reached, heard),
            )
            self._save("asr", self._asr_key, SEGMENTS_CODEC, segments)
            self._checkpoints.discard(self._recording, "asr-halfway", self._asr_key)
        return speech, segments

    async def _listen(
        self,
        sound: Sound,
        stages: Stages,
        known: list[Speech] | None,
        found: asyncio.Queue[Speech | None],
    ) -> list[Speech]:
        speech = known
        if speech is None:
            speech = []
            async for piece in fold(await stages.speech(), arriving(sound, _CHUNK_SECONDS)):
                speech.append(piece)
                found.put_nowait(piece)
            self._save("speech", self._speech_key, SPEECH_CODEC, speech)
        else:
            for piece in speech:
                found.put_nowait(piece)
        found.put_nowait(None)
        return speech

    async def _write(
        self,
        sound: Sound,
        stages: Stages,
        found: asyncio.Queue[Speech | None],
        reached: Callable[[int], None],
        heard: Callable[[Segment], None],
    ) -> list[Segment]:
        asr = await stages.asr(sound)
        state = asr.begin()
        done, segments = 0, list[Segment]()
        halfway = self._load("asr-halfway", self._asr_key, HALFWAY_CODEC)
        if halfway is not None:
            done, raw, segments = halfway
            state = TypeAdapter(type(state)).validate_python(raw)
        taken, saved = 0, time.monotonic()
        while (piece := await found.get()) is not None:
            taken += 1
            if taken <= done:
                continue
            state, new = await asr.step(state, piece)
            segments += new
            for segment in new:
                heard(segment)
            if new:
                reached(piece.end)
            if time.monotonic() - saved > _SNAPSHOT_SECONDS:
                self._save("asr-halfway", self._asr_key, HALFWAY_CODEC, (taken, state, segments))
                saved = time.monotonic()
        for segment in await asr.end(state):
            segments.append(segment)
            heard(segment)
        return segments

    def _load(self, stage: str, key: str, codec: Any) -> Any:
        return self._checkpoints.load(self._recording, stage, key, codec)

    def _save(self, stage: str, key: str, codec: Any, value: Any) -> None:
        self._checkpoints.save(self._recording, stage, key, codec, value)
