"""Corrections a person makes: new text or another speaker for an utterance, times kept.

Each returns a new value of the next revision, marked `corrected`, so that no later pass of the
models replaces it (`pipeline.corrections`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any

from pipeline.errors import EditInvalid
from pipeline.types import Span, SpeakerId, Utterance, Word

_CONTINUOUS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
"""Scripts without spaces between words: a character is a word of its own when corrected."""

_TOKEN = re.compile(rf"[{_CONTINUOUS}][^\w\s]*|[^\s{_CONTINUOUS}]+")
_SURE = 1.0
"""Probability of a word that a person wrote."""


def reworded(utterance: Utterance, text: str) -> Utterance:
    """The utterance with another text; words that stay keep their times and probabilities.

    New words share the time of those they stand for, by length; where there were none, the time
    between their neighbours. Raises EditInvalid if `text` has no word.
    """
    tokens = _tokens(text)
    if not tokens:
        raise EditInvalid("expected the words that were said, got an empty text.")
    before = utterance.words
    words: list[Word] = []
    matcher = SequenceMatcher(None, [w.text for w in before], [t for t, _ in tokens], False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            pairs = zip(before[a:b], tokens[c:d], strict=True)
            words += [replace(word, glued=glued) for word, (_, glued) in pairs]
        elif d > c:
            words += _placed(tokens[c:d], _room(before, a, b), utterance.speaker)
    return _corrected(utterance, words=tuple(words))


def given_to(utterance: Utterance, speaker: SpeakerId) -> Utterance:
    """The utterance as said by `speaker`."""
    words = tuple(replace(w, speaker=speaker, speaker_confidence=None) for w in utterance.words)
    return _corrected(utterance, speaker=speaker, words=words)


def _corrected(utterance: Utterance, **changes: Any) -> Utterance:
    following = utterance.revision + 1
    return replace(utterance, revision=following, final=True, corrected=True, **changes)


def _tokens(text: str) -> list[tuple[str, bool]]:
    """Words with whether they are glued to the one before."""
    found = list(_TOKEN.finditer(text))
    ends = [0, *(m.end() for m in found)]
    return [(m.group(), i > 0 and m.start() == ends[i]) for i, m in enumerate(found)]


def _room(words: Sequence[Word], a: int, b: int) -> Span:
    """The time of words a to b; where there are none, from the one before to the one after."""
    if b > a:
        return Span(words[a].span.start, max(w.span.end for w in words[a:b]))
    start = words[a - 1].span.end if a else words[0].span.start
    end = words[a].span.start if a < len(words) else words[-1].span.end
    return Span(min(start, end), max(start, end))


def _placed(tokens: Sequence[tuple[str, bool]], room: Span, speaker: SpeakerId) -> list[Word]:
    """Words one after another in `room`, each as long as its letters are many."""
    letters = sum(len(text) for text, _ in tokens)
    placed, said = [], 0
    for text, glued in tokens:
        start = room.start + room.duration * said / letters
        said += len(text)
        span = Span(start, room.start + room.duration * said / letters)
        placed.append(Word(text, span, _SURE, speaker, glued=glued))
    return placed
