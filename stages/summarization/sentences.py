"""Sentences: the unit minutes are made from, each inside the utterance it will be cited by.

A recogniser punctuates, so an utterance of half a minute is cut at its full stops; where it did
not, at the longest pause. A sentence never reaches over two utterances.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.types import Span, SpeakerId, Transcript, Utterance, UtteranceId, Word, join_words
from stages.summarization.tidy import tidied
from stages.summarization.words import UNSPACED, Lexicon

_ENDS = (".", "?", "!", "…", "。", "？", "！", "｡", "؟", "।", "።")
_CLOSERS = "\"'”’」』)]»"
_ABBREVIATIONS = frozenset(
    "mr. mrs. ms. dr. prof. st. vs. e.g. i.e. etc. no. approx. inc. ltd. z.b. bzw. ca. nr.".split()
)
_LONGEST = 45
"""Words without a full stop after which a run is cut at its longest pause."""

_SHORTEST = 12


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an utterance.

    index: its place in the meeting. position: its place in the utterance. text: as said, in one
    line. shown: the same without fillers and repetitions. content: stems of its content words.
    confidence: mean probability of its words, in [0, 1].
    """

    index: int
    position: int
    utterance: UtteranceId
    speaker: SpeakerId
    text: str
    shown: str
    span: Span
    language: str
    confidence: float
    overlapped: bool
    content: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether it begins and ends as a sentence does, not cut off by a change of speaker."""
        return not self.text[:1].islower() and self.text.rstrip(_CLOSERS).endswith(_ENDS)

    @property
    def asks(self) -> bool:
        """Whether it ends as a question."""
        return self.text.rstrip(_CLOSERS).endswith(("?", "？", "؟"))


def split(transcript: Transcript, lexicon: Lexicon | None = None) -> tuple[Sentence, ...]:
    """The sentences of a transcript, in order."""
    parts = [
        (utterance, position, words)
        for utterance in transcript.utterances
        if utterance.words
        for position, words in enumerate(_cut(utterance))
    ]
    lexicon = lexicon or Lexicon((join_words(words), u.language) for u, _, words in parts)
    return tuple(
        _sentence(i, position, utterance, words, lexicon)
        for i, (utterance, position, words) in enumerate(parts)
    )


def _sentence(
    index: int, position: int, utterance: Utterance, words: Sequence[Word], lexicon: Lexicon
) -> Sentence:
    text = join_words(words).strip()
    shown = tidied(text, utterance.language)
    return Sentence(
        index=index,
        position=position,
        utterance=utterance.id,
        speaker=utterance.speaker,
        text=text,
        shown=shown,
        span=Span(words[0].span.start, max(w.span.end for w in words)),
        language=utterance.language,
        confidence=sum(w.probability for w in words) / len(words),
        overlapped=utterance.overlapped,
        content=tuple(lexicon.content(shown, utterance.language)),
    )


def _cut(utterance: Utterance) -> Iterator[tuple[Word, ...]]:
    words = utterance.words
    begin = 0
    for i in range(len(words)):
        if i + 1 == len(words) or _ends(words, i):
            yield from _cut_long(words[begin : i + 1], utterance.language)
            begin = i + 1


def _ends(words: Sequence[Word], i: int) -> bool:
    text = words[i].text.rstrip(_CLOSERS)
    if not text.endswith(_ENDS):
        return False
    if not text.endswith("."):
        return True
    following = words[i + 1].text.lstrip("\"'“‘¿¡(")[:1]
    if following.islower():
        return False
    letters = text.strip(".").replace(".", "")
    return text.casefold() not in _ABBREVIATIONS and not (len(letters) == 1 and letters.isupper())


def _cut_long(words: tuple[Word, ...], language: str) -> Iterator[tuple[Word, ...]]:
    longest = _LONGEST * (2 if language in UNSPACED else 1)
    while len(words) > longest:
        best = max(range(_SHORTEST, longest), key=lambda i: (_pause(words, i), i))
        yield words[:best]
        words = words[best:]
    yield words


def _pause(words: Sequence[Word], i: int) -> float:
    """Seconds before word `i`, a comma before it counting as some."""
    pause = words[i].span.start - words[i - 1].span.end
    return pause + (0.3 if words[i - 1].text.endswith((",", ";", "，", "、", "；", ":")) else 0.0)
