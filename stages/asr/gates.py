"""Gates against invented words: what a recogniser says where nobody spoke, or over and over."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.config import AsrSettings
from pipeline.ports import Hearing
from pipeline.types import Segment, Word

_FEW = 3


def believable(segment: Segment, settings: AsrSettings) -> bool:
    """Whether a segment can be kept.

    It cannot if the window sounded like no speech and was read with little confidence, if its text
    repeats itself, or if it has more words than anyone can say in its time.
    """
    if not segment.words:
        return False
    unsure = segment.average_logprob < settings.min_average_logprob
    if segment.no_speech_probability > settings.max_no_speech and unsure:
        return False
    if segment.compression_ratio > settings.max_compression_ratio and repeats(segment.words):
        return False
    return not impossible_rate(segment, settings.max_word_rate)


def certain(segment: Segment, settings: AsrSettings) -> bool:
    """Whether a segment found by listening again may be added: surer than the rest must be."""
    return (
        believable(segment, settings)
        and segment.average_logprob >= settings.recover_logprob
        and segment.no_speech_probability <= settings.max_no_speech
    )


def impossible_rate(segment: Segment, fastest: float) -> bool:
    """More than a few words, said faster than `fastest` words a second."""
    spoken = sum(1 for w in segment.words if not w.glued)
    return spoken > _FEW and spoken > fastest * max(segment.span.duration, 0.1)


def repeats(words: Sequence[Word], times: int = 4) -> bool:
    """The same one to eight words said `times` times on end."""
    said = [w.text.lower().strip(".,!?… ") for w in words]
    for size in range(1, 9):
        same = [said[i] == said[i - size] for i in range(size, len(said))]
        run = 0
        for equal in same:
            run = run + 1 if equal else 0
            if run >= size * (times - 1):
                return True
    return False


def doubtful(hearing: Hearing, settings: AsrSettings) -> bool:
    """Whether a window should be read again: unsure, or going round in circles."""
    if not hearing.segments:
        return False
    first = hearing.segments[0]
    words = [w for s in hearing.segments for w in s.words]
    return (
        first.average_logprob < settings.retry_logprob
        or first.compression_ratio > settings.max_compression_ratio
        or repeats(words)
    )


def better(one: Hearing, other: Hearing, settings: AsrSettings) -> Hearing:
    """The one that goes less in circles, then the surer one; nothing heard is the worst."""

    def worth(hearing: Hearing) -> tuple[bool, bool, float]:
        words = [w for s in hearing.segments for w in s.words]
        sure = hearing.segments[0].average_logprob if hearing.segments else -9.0
        return bool(words), not repeats(words), sure

    return max(one, other, key=worth)
