"""The values a meeting is made of, the same from the model adapters to the wire.

All times are seconds since the meeting began, quantised to a millisecond; all sound is float32 mono
at 16 kHz, counted in samples. Values are frozen: an edit returns a new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NewType

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000
"""Samples a second of every sound inside Parley."""

Samples = npt.NDArray[np.float32]
SpeakerId = NewType("SpeakerId", str)
UtteranceId = NewType("UtteranceId", str)


def quantise(seconds: float) -> float:
    """`seconds` to the nearest millisecond, so that equal times compare equal."""
    return round(float(seconds), 3)


def clock(seconds: float) -> str:
    """`seconds` as people read it: 03:10, from an hour on 1:03:10; fractions are cut off."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """An interval of the meeting in seconds, quantised to a millisecond; end ≥ start ≥ 0.

    Raises ValueError if the ends are the wrong way round or before the meeting.
    """

    start: float
    end: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", quantise(self.start))
        object.__setattr__(self, "end", quantise(self.end))
        if not 0 <= self.start <= self.end:
            raise ValueError(f"expected 0 <= start <= end seconds, got {self.start} to {self.end}")

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return quantise(self.end - self.start)

    @property
    def middle(self) -> float:
        """The time half-way, in seconds."""
        return (self.start + self.end) / 2

    def overlap(self, other: Span) -> float:
        """Seconds that both spans cover."""
        return max(0.0, min(self.end, other.end) - max(self.start, other.start))

    def shifted(self, seconds: float) -> Span:
        """The same interval `seconds` later."""
        return Span(self.start + seconds, self.end + seconds)


@dataclass(frozen=True, slots=True, eq=False)
class AudioChunk:
    """A piece of the meeting's sound as it arrives.

    samples: float32 (n,), mono 16 kHz, in [-1, 1]. offset: samples since the meeting began.
    """

    samples: Samples
    offset: int

    @property
    def end(self) -> int:
        """The sample after the last one, counted from the start of the meeting."""
        return self.offset + len(self.samples)


@dataclass(frozen=True, slots=True)
class Speech:
    """A stretch of speech, or a piece of one, in samples since the meeting began.

    start, end: with a little of the quiet around it. voiced: (start, end) of the parts inside in
    which somebody is heard, pauses for breath left out.
    """

    start: int
    end: int
    voiced: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """One spoken word.

    text: as written, with its punctuation, without surrounding space. probability: of the
    recogniser, in [0, 1]. speaker: None until attributed; speaker_confidence: posterior of that
    speaker over the word's time, in [0, 1]. glued: True where no space parts it from the word
    before (Chinese, Japanese, Thai…).
    """

    text: str
    span: Span
    probability: float
    speaker: SpeakerId | None = None
    speaker_confidence: float | None = None
    glued: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """What the recogniser heard in one stretch of speech, before speakers are known.

    language: ISO 639-1 code. average_logprob, no_speech_probability, compression_ratio: Whisper's
    own confidence figures for the decoded text.
    """

    words: tuple[Word, ...]
    language: str
    average_logprob: float = 0.0
    no_speech_probability: float = 0.0
    compression_ratio: float = 1.0

    @property
    def span(self) -> Span:
        """From the first word's start to the last word's end."""
        return Span(self.words[0].span.start, max(w.span.end for w in self.words))

    @property
    def text(self) -> str:
        """The words as one line."""
        return join_words(self.words)


@dataclass(frozen=True, slots=True)
class SpeakerTurn:
    """One speaker holding the floor.

    span: seconds since the meeting began. confidence: posterior in [0, 1], averaged over the turn.
    """

    span: Span
    speaker: SpeakerId
    confidence: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Diarization:
    """Who spoke when.

    turns: sorted by start, may overlap. exclusive: the same without overlap, for words.
    posterior: float32 (frames, speakers) in [0, 1], how likely each of `speakers` talks in each
    frame of `frame_step` seconds, frame 0 beginning at 0 s. centroids: float32 (speakers, d),
    L2-normalised voice embeddings, or None where the diarizer gives none.
    """

    turns: tuple[SpeakerTurn, ...]
    exclusive: tuple[SpeakerTurn, ...]
    speakers: tuple[SpeakerId, ...]
    posterior: npt.NDArray[np.float32]
    frame_step: float
    centroids: npt.NDArray[np.float32] | None = None

    def frames(self, span: Span) -> slice:
        """The frames of `span`: one at least, the last ones where it lies beyond the end."""
        last = max(0, len(self.posterior) - 1)
        low = min(last, round(span.start / self.frame_step))
        return slice(low, max(low + 1, round(span.end / self.frame_step)))


@dataclass(frozen=True, slots=True)
class Utterance:
    """A run of words by one speaker, the unit people read, correct and cite.

    id: stable over revisions. revision: 0 for what the models wrote, higher for each correction.
    overlapped: another speaker talked during a good part of it. corrected: a person wrote it or
    said whose it is; no later pass of the models replaces it.
    """

    id: UtteranceId
    speaker: SpeakerId
    words: tuple[Word, ...]
    language: str
    revision: int = 0
    final: bool = True
    overlapped: bool = False
    corrected: bool = False

    @property
    def span(self) -> Span:
        """From the first word's start to the last word's end."""
        return Span(self.words[0].span.start, max(w.span.end for w in self.words))

    @property
    def text(self) -> str:
        """The words as one line."""
        return join_words(self.words)


@dataclass(frozen=True, slots=True)
class Speaker:
    """A voice of the meeting: its stable id, the name shown, and the seconds it spoke.

    named: a person gave the name.
    """

    id: SpeakerId
    name: str
    talk_time: float = 0.0
    named: bool = False


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the speech that was heard ended up as words.

    speech: seconds the voice detector called speech. transcribed: seconds of it within or next to
    a word. gaps: stretches of speech of a second or more without any word.
    """

    speech: float
    transcribed: float
    gaps: tuple[Span, ...] = ()

    @property
    def ratio(self) -> float:
        """Transcribed / speech, in [0, 1]; 1 where nobody spoke."""
        return 1.0 if self.speech == 0 else min(1.0, self.transcribed / self.speech)


@dataclass(frozen=True, slots=True)
class Transcript:
    """The whole meeting in words.

    utterances: sorted by start. language: the one most words are in, None where nobody spoke.
    duration: seconds of sound. partial: why the end is missing, for a file that broke half-way.
    """

    utterances: tuple[Utterance, ...]
    speakers: tuple[Speaker, ...]
    language: str | None
    duration: float
    coverage: Coverage
    turns: tuple[SpeakerTurn, ...] = ()
    partial: str | None = None
    warnings: tuple[str, ...] = field(default=())

    @property
    def words(self) -> tuple[Word, ...]:
        """All words in the order of the utterances."""
        return tuple(w for u in self.utterances for w in u.words)

    def name_of(self, speaker: SpeakerId) -> str:
        """The name shown for `speaker`; its id where it has none."""
        return next((s.name for s in self.speakers if s.id == speaker), str(speaker))


def join_words(words: Sequence[Word]) -> str:
    """The words as running text, spaced as their language spaces them."""
    return "".join(w.text if w.glued or i == 0 else f" {w.text}" for i, w in enumerate(words))
