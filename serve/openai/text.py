"""Text as one line, and names for speakers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipeline.exports.reading import spoken
from pipeline.types import SpeakerId, Transcript, Utterance

_UNSPACED = ((0x3000, 0x30FF), (0x3400, 0x9FFF), (0xFF00, 0xFFEF))
"""Chinese and Japanese, with their punctuation: between them there is no space."""


def separator(before: str, after: str) -> str:
    """What stands between two pieces of running text: a space, or nothing."""
    if not before or not after or (_unspaced(before[-1]) and _unspaced(after[0])):
        return ""
    return " "


def running(pieces: Iterable[str]) -> str:
    """The pieces as one line."""
    line = ""
    for piece in pieces:
        line += separator(line, piece) + piece
    return line


def said(transcript: Transcript) -> list[Utterance]:
    """The utterances that have words."""
    return [u for u in transcript.utterances if u.words]


def whole_text(transcript: Transcript) -> str:
    """All that was said, as one line."""
    return running(spoken(u) for u in said(transcript))


def speaker_labels(
    transcript: Transcript, names: Mapping[SpeakerId, str] | None = None
) -> dict[SpeakerId, str]:
    """Known names, and A, B, … Z, AA, … for the other speakers, in the order they first spoke."""
    names = names or {}
    labels: dict[SpeakerId, str] = {}
    number = 0
    for speaker in dict.fromkeys(u.speaker for u in said(transcript)):
        if speaker in names:
            labels[speaker] = names[speaker]
            continue
        while (letters := _letters(number)) in names.values():
            number += 1
        labels[speaker] = letters
        number += 1
    return labels


def _letters(number: int) -> str:
    """0: A, 25: Z, 26: AA, as columns of a table are lettered."""
    letters = ""
    number += 1
    while number:
        number, last = divmod(number - 1, 26)
        letters = chr(ord("A") + last) + letters
    return letters


def _unspaced(character: str) -> bool:
    return any(low <= ord(character) <= high for low, high in _UNSPACED)
