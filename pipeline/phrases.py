"""Phrases: runs of words that one person can be taken to have said in one go."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.config import AttributionSettings
from pipeline.types import Span, Word

SENTENCE_END = tuple(".?!。？！…")


def ends_sentence(word: Word) -> bool:
    """Whether a full stop, question or exclamation mark closes `word`."""
    return word.text.rstrip("\"'”’)").endswith(SENTENCE_END)


def phrases(
    words: Sequence[Word], speakers: Sequence[int], settings: AttributionSettings
) -> list[range]:
    """Index ranges of `words` that part at pauses, at sentence ends and where `speakers` change.

    speakers: a first guess for each word, of the same length.
    """
    starts = [
        i
        for i in range(len(words))
        if i == 0
        or speakers[i] != speakers[i - 1]
        or ends_sentence(words[i - 1])
        or words[i].span.start - words[i - 1].span.end >= settings.pause
    ]
    return [range(a, b) for a, b in zip(starts, [*starts[1:], len(words)], strict=True)]


def span_of(words: Sequence[Word], phrase: range) -> Span:
    """From the first word's start to the last word's end."""
    inside = [words[i] for i in phrase]
    return Span(inside[0].span.start, max(w.span.end for w in inside))
