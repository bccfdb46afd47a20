"""Speech and words of one sound, found side by side as it comes, resumable half-way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from pipeline.audio import arriving
from pipeline.checkpoints import Checkpoints, JsonCodec
from pipeline.ports import Sound
from pipeline.settled import Settled
from pipeline.stage import fold
from pipeline.together import together
from pipeline.types import Segment, Speech

if TYPE_CHECKING:
    from pipeline.meeting import Stages

SPEECH_CODEC: JsonCodec[list[Speech]] = JsonCodec(list[Speech])
SEGMENTS_CODEC: JsonCodec[list[Segment]] = JsonCodec(list[Segment])
Part = tuple[int, int, Any, list[Segment]]
"""A part of the way: stretches of speech taken in before and after it, the state, the segments."""
HALFWAY_CODEC: JsonCodec[Part] = JsonCodec(Part)

_CHUNK_SECONDS = 30.0
_AHEAD = 8
"""Stretches of speech that may lie unread while the first words are awaited."""
_SNAPSHOT_SECONDS = 15.0


Told = Callable[[Sequence[Segment], Sequence[Speech]], None]
"""Called with the segments of a window, windows in any order, and the speech it accounts for."""

Heard = Callable[[Segment, float], None]
"""Called with a segment, and the seconds before which every segment has been told of by then."""


class Transcription:
    """The voice activity and transcription stages over one sound, with their checkpoints."""

    def __init__(
        self, checkpoints: Checkpoints, recording: str, speech_key: str, asr_key: str
    ) -> None:
        self._checkpoints = checkpoints
        self._recording = recording
        self._speech_key = speech_key
        self._asr_key = asr_key
        self._parts = 0

    async def run(
        self,
        sound: Sound,
        stages: Stages,
        reached: Callable[[int], None],
        heard: Heard,
    ) -> tuple[list[Speech], list[Segment]]:
        """All speech and all segments, in order, while `sound` may still be growing.

        `heard` is called with each new segment as soon as it is there, later ones maybe before
        earlier ones; `reached` with the samples of speech read by then. What an earlier run had
        read is not told of again.
        """
        segments = self._load("asr", self._asr_key, SEGMENTS_CODEC)
        speech = self._load("speech", self._speech_key, SPEECH_CODEC)
        if segments is None or speech is None:
            found = _Found()
            speech, segments = await together(
                self._listen(sound, stages, speech, found),
                self._write(sound, stages, found, reached, heard),
            )
            self._save("asr", self._asr_key, SEGMENTS_CODEC, segments)
            for part in range(self._parts):
                self._checkpoints.discard(self._recording, _name(part), self._asr_key)
        return speech, segments

    async def _listen(
        self,
        sound: Sound,
        stages: Stages,
        known: list[Speech] | None,
        found: _Found,
    ) -> list[Speech]:
        speech = known
        if speech is None:
            speech = []
            async for piece in fold(await stages.speech(), arriving(sound, _CHUNK_SECONDS)):
                speech.append(piece)
                await found.put(piece)
            self._save("speech", self._speech_key, SPEECH_CODEC, speech)
        else:
            for piece in speech:
                await found.put(piece)
        await found.put(None)
        return speech

    async def _write(
        self,
        sound: Sound,
        stages: Stages,
        found: _Found,
        reached: Callable[[int], None],
        heard: Heard,
    ) -> list[Segment]:
        read, settled = 0, Settled()

        def told(new: Sequence[Segment], pieces: Sequence[Speech]) -> None:
            nonlocal read
            read += sum(p.end - p.start for p in pieces)
            settled.read(pieces)
            for number, segment in enumerate(new, 1):
                later = (s.span.start for s in new[number:])
                heard(segment, min(settled.until, *later) if number < len(new) else settled.until)
            found.go_on()
            reached(read)

        asr = await stages.asr(sound, told)
        state = asr.begin()
        done, segments = 0, list[Segment]()
        for _, end, raw, new in self._halfway():
            done, state = end, TypeAdapter(type(state)).validate_python(raw)
            segments += new
        taken, kept, saved = 0, (done, len(segments)), time.monotonic()
        while (piece := await found.take()) is not None:
            taken += 1
            settled.found(piece)
            if taken <= done:
                continue
            state, new = await asr.step(state, piece)
            segments += new
            if time.monotonic() - saved > _SNAPSHOT_SECONDS:
                self._keep((kept[0], taken, state, segments[kept[1] :]))
                kept, saved = (taken, len(segments)), time.monotonic()
        return segments + await asr.end(state)

    def _halfway(self) -> Iterator[Part]:
        """What an interrupted run kept: parts, each only added, as far as they join on."""
        reached = 0
        while (part := self._load(_name(self._parts), self._asr_key, HALFWAY_CODEC)) is not None:
            if part[0] != reached:
                return
            self._parts, reached = self._parts + 1, part[1]
            yield part

    def _keep(self, part: Part) -> None:
        self._save(_name(self._parts), self._asr_key, HALFWAY_CODEC, part)
        self._parts += 1

    def _load(self, stage: str, key: str, codec: Any) -> Any:
        return self._checkpoints.load(self._recording, stage, key, codec)

    def _save(self, stage: str, key: str, codec: Any, value: Any) -> None:
        self._checkpoints.save(self._recording, stage, key, codec, value)


def _name(number: int) -> str:
    return f"asr-halfway-{number}"


class _Found:
    """Speech found and not yet taken, then None; whoever finds it waits before the first words.

    The first window would be read more slowly beside a search for speech that nobody needs yet.
    """

    def __init__(self) -> None:
        self._pieces: asyncio.Queue[Speech | None] = asyncio.Queue()
        self._wanted = asyncio.Event()
        self._begun = False

    async def put(self, piece: Speech | None) -> None:
        self._pieces.put_nowait(piece)
        if not self._begun and self._pieces.qsize() >= _AHEAD:
            self._wanted.clear()
            await self._wanted.wait()

    async def take(self) -> Speech | None:
        if self._pieces.empty():
            self._wanted.set()
        return await self._pieces.get()

    def go_on(self) -> None:
        """There are words, or a window had none: no more waiting."""
        self._begun = True
        self._wanted.set()
