"""The transcription policy: which sound is shown to Whisper when, and what of its words is kept.

Speech is laid end to end without the silences between, and decoded in windows of up to 30 s. A
window reports how much of it its words account for; the next begins there, so that no word is cut
and none is heard twice. Where somebody is heard and no word was written, that stretch is listened
to again by itself, since long windows now and then skip a sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.config import AsrSettings
from pipeline.coverage import joined, untranscribed
from pipeline.ports import AsrHint, Hearing, Sound, Transcriber
from pipeline.types import SAMPLE_RATE, Segment, Span, Speech, Word
from stages.asr.gates import believable, better, certain, doubtful

WINDOW = 30 * SAMPLE_RATE
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
        return sum(s.end - s.start for s in self.pending)


class AsrStage:
    """The stage Speech → Segment over one recording."""

    name = "asr"
    version = 1

    def __init__(self, transcriber: Transcriber, settings: AsrSettings, sound: Sound) -> None:
        self._transcriber = transcriber
        self._settings = settings
        self._sound = sound

    def begin(self) -> AsrState:
        """Nothing heard; the prompt is the one of the settings."""
        return AsrState(prompt=self._settings.prompt)

    async def step(self, state: AsrState, item: Speech) -> tuple[AsrState, list[Segment]]:
        """Take in a stretch of speech; decode while there is a whole window."""
        state = replace(state, pending=(*state.pending, item))
        outputs: list[Segment] = []
        while state.waiting >= WINDOW:
            state, segments = await self._decode(state)
            outputs += segments
        return state, outputs

    async def end(self, state: AsrState) -> list[Segment]:
        """Decode what is left."""
        outputs: list[Segment] = []
        while state.waiting > 0:
            state, segments = await self._decode(state, last=state.waiting <= WINDOW)
            outputs += segments
        return outputs

    async def _decode(self, state: AsrState, last: bool = False) -> tuple[AsrState, list[Segment]]:
        hint = self._hint(state)
        pieces, hearing = await self._hear(_first(state.pending, WINDOW), hint)
        length = _length(pieces)
        heard = max(1, min(length, round(hearing.consumed * SAMPLE_RATE)))
        if last and state.waiting - heard < _SHORTEST:
            heard = length
        placed = [_placed(s, pieces, self._settings.max_word_duration) for s in hearing.segments]
        segments = [s for s in placed if believable(s, self._settings)]
        after = AsrState(
            pending=_rest(state.pending, heard),
            prompt="",
            context=hearing.context,
            language=hearing.language,
        )
        missed = replace(hint, prompt="", context=(), language=hearing.language)
        return after, await self._recover(_first(state.pending, heard), segments, missed)

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
            half = _first(pieces, _pause_near(pieces, WINDOW // 2))
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


def _first(pending: Sequence[Speech], samples: int) -> list[Speech]:
    """The first `samples` of the speech waiting."""
    taken: list[Speech] = []
    for speech in pending:
        if samples <= 0:
            break
        taken.append(_cut(speech, speech.start, min(speech.end, speech.start + samples)))
        samples -= taken[-1].end - taken[-1].start
    return taken


def _length(pieces: Sequence[Speech]) -> int:
    """Samples in all."""
    return sum(p.end - p.start for p in pieces)


def _pause_near(pieces: Sequence[Speech], samples: int) -> int:
    """The end of the voiced part that ends nearest to `samples` from the start."""
    ends, before = [_length(pieces)], 0
    for piece in pieces:
        ends += [before + end - piece.start for _, end in piece.voiced]
        before += piece.end - piece.start
    return max(1, min(ends, key=lambda e: abs(e - samples)))


def _rest(pending: Sequence[Speech], samples: int) -> tuple[Speech, ...]:
    """What is left of the speech waiting after its first `samples`."""
    left: list[Speech] = []
    for speech in pending:
        cut = min(samples, speech.end - speech.start)
        samples -= cut
        if speech.start + cut < speech.end:
            left.append(_cut(speech, speech.start + cut, speech.end))
    return tuple(left)


def _cut(speech: Speech, start: int, end: int) -> Speech:
    parts = ((max(a, start), min(b, end)) for a, b in speech.voiced)
    return Speech(start, end, tuple((a, b) for a, b in parts if a < b))


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
