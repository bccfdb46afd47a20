"""Where speech can be cut without cutting a word: its pauses.

Lists of speech are taken as laid end to end, and places in them counted in samples from the start
of the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.types import SAMPLE_RATE, Speech

REACH = 8 * SAMPLE_RATE
"""Samples on either side of a place in which a pause is looked for."""


def length(pieces: Sequence[Speech]) -> int:
    """Samples in all."""
    return sum(p.end - p.start for p in pieces)


def pauses(pieces: Sequence[Speech]) -> Iterator[tuple[int, int]]:
    """The pauses between voiced parts: (first sample, one past the last)."""
    before, quiet = 0, 0
    for piece in pieces:
        for start, end in piece.voiced:
            if before + start - piece.start > quiet:
                yield quiet, before + start - piece.start
            quiet = before + end - piece.start
        before += piece.end - piece.start


def pause_near(pieces: Sequence[Speech], samples: int) -> int:
    """The middle of the longest pause near `samples`; that very place where nobody pauses.

    All of the speech where there is no more of it.
    """
    if length(pieces) <= samples:
        return length(pieces)
    near = [(a, b) for a, b in pauses(pieces) if abs((a + b) // 2 - samples) <= REACH]
    start, end = max(near, key=lambda p: p[1] - p[0], default=(samples, samples))
    return max(1, (start + end) // 2)


def parted(pieces: Sequence[Speech], count: int) -> list[list[Speech]]:
    """The speech in `count` parts of about the same length, parted at pauses."""
    parts: list[list[Speech]] = []
    left = list(pieces)
    for n in range(count, 1, -1):
        at = pause_near(left, length(left) // n)
        parts.append(first(left, at))
        left = list(rest(left, at))
    return [part for part in [*parts, left] if part]


def first(pieces: Sequence[Speech], samples: int) -> list[Speech]:
    """The first `samples` of the speech."""
    taken: list[Speech] = []
    for speech in pieces:
        if samples <= 0:
            break
        taken.append(_clipped(speech, speech.start, min(speech.end, speech.start + samples)))
        samples -= taken[-1].end - taken[-1].start
    return taken


def rest(pieces: Sequence[Speech], samples: int) -> tuple[Speech, ...]:
    """What is left of the speech after its first `samples`."""
    left: list[Speech] = []
    for speech in pieces:
        gone = min(samples, speech.end - speech.start)
        samples -= gone
        if speech.start + gone < speech.end:
            left.append(_clipped(speech, speech.start + gone, speech.end))
    return tuple(left)


def _clipped(speech: Speech, start: int, end: int) -> Speech:
    parts = ((max(a, start), min(b, end)) for a, b in speech.voiced)
    return Speech(start, end, tuple((a, b) for a, b in parts if a < b))
