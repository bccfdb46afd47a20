"""From Whisper's timed tokens to words as people count them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pipeline.types import Span, Word

_UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x9FFF),
)


def words_of(timed: Iterable[dict[str, Any]], duration: float) -> tuple[Word, ...]:
    """Whisper's timed words as ours: a leading space means a word of its own.

    timed: dictionaries with word, start and end (seconds), probability, as faster-whisper makes
    them. duration: seconds of the window; no word reaches beyond it.
    """
    words: list[Word] = []
    for entry in timed:
        text = entry["word"].strip()
        if not text:
            continue
        start = min(max(0.0, float(entry["start"])), duration)
        end = min(max(start, float(entry["end"])), duration)
        probability = float(entry["probability"])
        spaced = entry["word"].startswith(" ")
        if spaced and words and _continuous(words[-1].text[-1]) and _continuous(text[0]):
            spaced = False  # Whisper writes a space for a pause; the script knows none
        glued = bool(words) and not spaced
        if glued and not (_unspaced(text) or _unspaced(words[-1].text)):
            # "100" and "%", "co" and "-op": one word to a reader, and so to a speaker.
            first = words.pop()
            span = Span(first.span.start, max(first.span.end, end))
            probability = min(first.probability, probability)
            words.append(Word(first.text + text, span, probability, glued=first.glued))
        else:
            words.append(Word(text, Span(start, end), probability, glued=glued))
    return tuple(words)


def _continuous(character: str) -> bool:
    """Whether it belongs to a script without any space: Chinese, Japanese."""
    return any(low <= ord(character) <= high for low, high in _UNSPACED[-2:])


def _unspaced(text: str) -> bool:
    """Whether the script parts words by no space: Chinese, Japanese, Thai, Lao, Khmer, Burmese."""
    return any(low <= ord(c) <= high for c in text for low, high in _UNSPACED)
