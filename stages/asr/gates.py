"""Gates against invented words: what a recogniser says where nobody spoke, or over and over."""

from __future__ import annotations

from pipeline.config import AsrSettings
from pipeline.types import Segment

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
    if segment.compression_ratio > settings.max_compression_ratio and repeats(segment):
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


def repeats(segment: Segment, times: int = 4) -> bool:
    """The same one to six words said `times` times on end."""
    words = [w.text.lower().strip(".,!?… ") for w in segment.words]
    for size in range(1, 7):
        run = 1
        for i in range(size, len(words) - size + 1, size):
            same = words[i : i + size] == words[i - size : i]
            run = run + 1 if same else 1
            if run >= times:
                return True
    return False
