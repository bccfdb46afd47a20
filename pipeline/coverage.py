"""How much of what was said became words, and where it did not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipeline.types import SAMPLE_RATE, Coverage, Span, Speech, Word

REACH = 0.4
"""Seconds around a word that count as transcribed: recognisers clip the edges of words."""

_BREATH = 0.5
_GAP = 1.0
"""Seconds of speech without a word that a reader should know of."""


def coverage(speech: Iterable[Speech], words: Sequence[Word]) -> Coverage:
    """Seconds of voice within or next to a word, and the stretches without any."""
    voiced = [(a / SAMPLE_RATE, b / SAMPLE_RATE) for s in speech for a, b in s.voiced]
    silent = untranscribed(voiced, words)
    total = sum(b - a for a, b in voiced)
    lost = sum(b - a for a, b in silent)
    gaps = [Span(a, b) for a, b in joined(silent, _BREATH) if b - a >= _GAP]
    return Coverage(round(total, 3), round(max(0.0, total - lost), 3), tuple(gaps))


def untranscribed(
    voiced: Sequence[tuple[float, float]], words: Sequence[Word], reach: float = REACH
) -> list[tuple[float, float]]:
    """The parts of `voiced` (sorted, seconds) that no word is within `reach` seconds of."""
    spoken = joined(sorted((w.span.start - reach, w.span.end + reach) for w in words), 0.0)
    left: list[tuple[float, float]] = []
    index = 0
    for start, end in voiced:
        while index < len(spoken) and spoken[index][1] <= start:
            index += 1
        at, k = start, index
        while k < len(spoken) and spoken[k][0] < end:
            if spoken[k][0] > at:
                left.append((at, spoken[k][0]))
            at = max(at, spoken[k][1])
            k += 1
        if at < end:
            left.append((at, end))
    return left


def joined(parts: Sequence[tuple[float, float]], gap: float) -> list[tuple[float, float]]:
    """Sorted intervals, those at most `gap` apart made one."""
    whole: list[tuple[float, float]] = []
    for start, end in parts:
        if whole and start - whole[-1][1] <= gap:
            whole[-1] = (whole[-1][0], max(whole[-1][1], end))
        else:
            whole.append((start, end))
    return whole
