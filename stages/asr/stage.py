"""The transcription policy: which sound is shown to Whisper when, and what of its words is kept.

Speech is laid end to end without the silences between, and decoded in windows of up to 30 s. A
window reports how much of it its words account for; the next begins there, so that no word is cut
and none is heard twice. The text before goes along as a prompt until a window needed a high
temperature, since an invented sentence breeds more of its kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.config import AsrSettings
from pipeline.ports import AsrHint, Sound, Transcriber
from pipeline.types import SAMPLE_RATE, Segment, Span, Speech, Word
from stages.asr.gates import keep

WINDOW = 30 * SAMPLE_RATE
_SHORTEST = SAMPLE_RATE
"""Less than this at the very end is not listened to again."""


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
            state, segments = await self._decode(state, final=False)
            outputs += segments
        return state, outputs

    async def end(self, state: AsrState) -> list[Segment]:
        """Decode what is left."""
        outputs: list[Segment] = []
        while state.waiting > 0:
            state, segments = await self._decode(state, final=state.waiting <= WINDOW)
            outputs += segments
        return outputs

    async def _decode(self, state: AsrState, final: bool) -> tuple[AsrState, list[Segment]]:
        pieces = _first(state.pending, WINDOW)
        hint = AsrHint(
            language=self._settings.language,
            allowed=self._settings.languages,
            usual=state.language,
            prompt=state.prompt,
            context=state.context,
            hotwords=self._settings.hotwords,
        )
        window = np.concatenate([self._sound.read(p.start, p.end) for p in pieces])
        hearing = await self._transcriber.transcribe(window, hint)
        segments = _placed(hearing.segments, pieces, self._settings.max_word_duration)
        heard = max(1, min(len(window), round(hearing.consumed * SAMPLE_RATE)))
        if final and len(window) - heard < _SHORTEST:
            heard = len(window)
        after = AsrState(
            pending=_rest(state.pending, heard),
            prompt=state.prompt if not state.context and not hearing.context else "",
            context=hearing.context,
            language=hearing.language,
        )
        return after, [s for s in segments if keep(s, self._settings)]


def _first(pending: Sequence[Speech], samples: int) -> list[Speech]:
    """The first `samples` of the speech waiting."""
    taken: list[Speech] = []
    for speech in pending:
        if samples <= 0:
            break
        taken.append(Speech(speech.start, min(speech.end, speech.start + samples)))
        samples -= taken[-1].end - taken[-1].start
    return taken


def _rest(pending: Sequence[Speech], samples: int) -> tuple[Speech, ...]:
    """What is left of the speech waiting after its first `samples`."""
    left: list[Speech] = []
    for speech in pending:
        cut = min(samples, speech.end - speech.start)
        samples -= cut
        if speech.start + cut < speech.end:
            left.append(Speech(speech.start + cut, speech.end))
    return tuple(left)


def _placed(segments: Sequence[Segment], pieces: Sequence[Speech], longest: float) -> list[Segment]:
    """The segments with their words at their times in the recording, inside the speech."""
    return [replace(s, words=tuple(_place(w, pieces, longest) for w in s.words)) for s in segments]


def _place(word: Word, pieces: Sequence[Speech], longest: float) -> Word:
    """The word where its middle falls, its ends kept inside that stretch of speech."""
    middle, before = word.span.middle * SAMPLE_RATE, 0
    for index, piece in enumerate(pieces):
        length = piece.end - piece.start
        if middle < before + length or index == len(pieces) - 1:
            break
        before += length
    shift = (piece.start - before) / SAMPLE_RATE
    low, high = piece.start / SAMPLE_RATE, piece.end / SAMPLE_RATE
    start = min(max(word.span.start + shift, low), high)
    end = min(max(word.span.end + shift, start), high, start + longest)
    return replace(word, span=Span(start, end))
