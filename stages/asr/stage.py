"""The transcription policy: which sound is shown to Whisper when, and what of its words is kept.

Speech is laid end to end without the silences between, and decoded in windows of up to 30 s. A
window reports how much of it its words account for; the next begins there, so that no word is cut
and none is heard twice. A long recording is parted at pauses into streams that are read side by
side, so that the model has several windows to decode at once. Where somebody is heard and no word
was written, that stretch is listened to again by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.config import AsrSettings
from pipeline.coverage import joined, untranscribed
from pipeline.ports import AsrHint, Hearing, Sound, Transcriber
from pipeline.types import SAMPLE_RATE, Segment, Span, Speech, Word
from stages.asr.gates import believable, better, certain, doubtful
from stages.asr.pauses import first, length, parted, pause_near, rest

WINDOW = 30 * SAMPLE_RATE
"""Samples Whisper hears at once."""

_SHORTEST = SAMPLE_RATE
"""Less than this at the very end is not listened to again."""

_MARGIN = 0.3
"""Seconds of sound around a stretch that is listened to again."""


@dataclass(frozen=True, slots=True)
class AsrState:
    """Where the transcription stands.

    pending: speech not yet transcribed, in order. context: the transcriber's own note of the text
    before it. language: the one heard last, None at the start.
    """

    pending: tuple[Speech, ...] = ()
    prompt: str = ""
    context: tuple[int, ...] = ()
    language: str | None = None

    @property
    def waiting(self) -> int:
        """Samples of speech not yet transcribed."""
        return length(self.pending)


class AsrStage:
    """The stage Speech → Segment over one recording.

    told: called with the segments of each window and the speech it accounts for, as soon as it is
    read. Streams being read side by side, that is not in order.
    """

    name = "asr"
    version = 2

    def __init__(
        self,
        transcriber: Transcriber,
        settings: AsrSettings,
        sound: Sound,
        told: Callable[[Sequence[Segment], Sequence[Speech]], None] = lambda *_: None,
    ) -> None:
        self._transcriber = transcriber
        self._settings = settings
        self._sound = sound
        self._told = told
        self._window = round(settings.window * SAMPLE_RATE)
        self._stream = round(settings.stream * SAMPLE_RATE)

    def begin(self) -> AsrState:
        """Nothing heard; the prompt is the one of the settings."""
        return AsrState(prompt=self._settings.prompt)

    async def step(self, state: AsrState, item: Speech) -> tuple[AsrState, list[Segment]]:
        """Take in a stretch of speech; decode while there is enough of it."""
        state = replace(state, pending=(*state.pending, item))
        outputs: list[Segment] = []
        while state.waiting >= self._enough(state):
            state, segments = await self._advance(state)
            outputs += segments
        return state, outputs

    async def end(self, state: AsrState) -> list[Segment]:
        """Decode what is left."""
        return (await self._streams(state, state.waiting))[1]

    def _enough(self, state: AsrState) -> int:
        """Samples worth beginning with: a window at first, so that words come soon.

        Later as much as leaves whole streams for the end.
        """
        if self._alone(state):
            return self._window
        return 2 * self._settings.streams * self._stream

    def _alone(self, state: AsrState) -> bool:
        return state.language is None or self._settings.streams == 1

    async def _advance(self, state: AsrState) -> tuple[AsrState, list[Segment]]:
        if self._alone(state):
            return await self._decode(state)
        return await self._streams(state, self._settings.streams * self._stream)

    async def _streams(self, state: AsrState, samples: int) -> tuple[AsrState, list[Segment]]:
        """Decode the first `samples` of what is pending, in streams from pause to pause."""
        whole = first(state.pending, pause_near(state.pending, samples))
        count = max(1, min(self._settings.streams, length(whole) // self._stream))
        begins = [
            AsrState(pending=tuple(part), language=state.language) for part in parted(whole, count)
        ]
        if begins:
            begins[0] = replace(state, pending=begins[0].pending)
        done = await asyncio.gather(*(self._finish(begin) for begin in begins))
        left = rest(state.pending, length(whole))
        last = done[-1][0] if done else state
        return replace(last, pending=left), [s for _, segments in done for s in segments]

    async def _finish(self, state: AsrState) -> tuple[AsrState, list[Segment]]:
        """Decode all that is pending, window after window."""
        outputs: list[Segment] = []
        while state.waiting > 0:
            state, segments = await self._decode(state, last=state.waiting <= self._window)
            outputs += segments
        return state, outputs

    async def _decode(self, state: AsrState, last: bool = False) -> tuple[AsrState, list[Segment]]:
        hint = self._hint(state)
        window = first(state.pending, self._window)
        pieces, hearing = await self._hear(window, hint)
        heard = max(1, min(length(pieces), round(hearing.consumed * SAMPLE_RATE)))
        if last and state.waiting - heard < _SHORTEST:
            heard = length(pieces)
        placed = [_placed(s, pieces, self._settings.max_word_duration) for s in hearing.segments]
        segments = [s for s in placed if believable(s, self._settings)]
        after = AsrState(
            pending=rest(state.pending, heard),
            context=hearing.context,
            language=hearing.language,
        )
        missed = replace(hint, prompt="", context=(), language=hearing.language)
        read = first(state.pending, heard)
        segments = await self._recover(read, segments, missed)
        self._told(segments, read)
        return after, segments

    async def _hear(self, pieces: list[Speech], hint: AsrHint) -> tuple[list[Speech], Hearing]:
        """The best reading of a window, or of its first part: what was read, and how.

        A text that is unsure or goes round in circles is read again without the text before it,
        which may have led it astray, then only up to a pause half-way, at higher temperatures too.
        """
        hearing = await self._read(pieces, hint)
        if not doubtful(hearing, self._settings):
            return pieces, hearing
        alone = replace(hint, prompt="", context=())
        if hint.context or hint.prompt:
            hearing = better(hearing, await self._read(pieces, alone), self._settings)
        if doubtful(hearing, self._settings):
            half = first(pieces, pause_near(pieces, WINDOW // 2))
            shorter = await self._read(half, replace(alone, patient=True))
            if better(hearing, shorter, self._settings) is shorter:
                pieces, hearing = half, shorter
        return pieces, replace(hearing, context=())

    async def _read(self, pieces: Sequence[Speech], hint: AsrHint) -> Hearing:
        window = np.concatenate([self._sound.read(p.start, p.end) for p in pieces])
        return await self._transcriber.transcribe(window, hint)

    def _hint(self, state: AsrState) -> AsrHint:
        return AsrHint(
            language=self._settings.language,
            allowed=self._settings.languages,
            usual=state.language,
            prompt=state.prompt,
            context=state.context,
            hotwords=self._settings.hotwords,
            task=self._settings.task,
        )

    async def _recover(
        self, pieces: Sequence[Speech], segments: list[Segment], hint: AsrHint
    ) -> list[Segment]:
        """The segments, and what a second listening finds where there is voice and no word."""
        if self._settings.recover_gap is None:
            return segments
        voiced = [(a / SAMPLE_RATE, b / SAMPLE_RATE) for p in pieces for a, b in p.voiced]
        words = [w for s in segments for w in s.words]
        silent = joined(untranscribed(voiced, words, self._settings.recover_reach), _MARGIN)
        for start, end in silent:
            if end - start >= self._settings.recover_gap:
                segments = _inserted(segments, await self._again(start, end, hint))
        return segments

    async def _again(self, start: float, end: float, hint: AsrHint) -> list[Segment]:
        """What is said between two times (seconds) with nothing before it, if it is certain."""
        low = max(0, round((start - _MARGIN) * SAMPLE_RATE))
        high = min(round((end + _MARGIN) * SAMPLE_RATE), low + WINDOW)
        window = self._sound.read(low, high)
        hearing = await self._transcriber.transcribe(window, hint)
        piece = [Speech(low, low + len(window))]
        placed = [_placed(s, piece, self._settings.max_word_duration) for s in hearing.segments]
        return [s for s in placed if certain(s, self._settings)]


def _placed(segment: Segment, pieces: Sequence[Speech], longest: float) -> Segment:
    """The segment with its words at their times in the recording, inside the speech."""
    return replace(segment, words=tuple(_place(w, pieces, longest) for w in segment.words))


def _place(word: Word, pieces: Sequence[Speech], longest: float) -> Word:
    """The word where its middle falls, its ends kept inside that stretch of speech."""
    middle, before = word.span.middle * SAMPLE_RATE, 0
    for piece in pieces[:-1]:
        if middle < before + piece.end - piece.start:
            break
        before += piece.end - piece.start
    else:
        piece = pieces[-1]
    shift = (piece.start - before) / SAMPLE_RATE
    low, high = piece.start / SAMPLE_RATE, piece.end / SAMPLE_RATE
    start = min(max(word.span.start + shift, low), high)
    end = min(max(word.span.end + shift, start), high, start + longest)
    return replace(word, span=Span(start, end))


def _inserted(segments: Sequence[Segment], more: Sequence[Segment]) -> list[Segment]:
    """Both, in order of time; a segment that another falls into is parted there."""
    for new in more:
        parted: list[Segment] = []
        for segment in segments:
            before = tuple(w for w in segment.words if w.span.middle <= new.span.start)
            after = segment.words[len(before) :]
            parted += [replace(segment, words=part) for part in (before, after) if part]
        segments = sorted([*parted, new], key=lambda s: s.words[0].span.start)
    return list(segments)
