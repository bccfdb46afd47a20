"""A second witness against invented words: the diarizer must have heard somebody too.

Voice activity detection and diarization are different networks. Where the first took music or noise
for speech, the second mostly did not; words that only one of them vouches for must be very sure to
stay.
"""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.config import AttributionSettings
from pipeline.types import Diarization, Segment


def supported(
    segments: Iterable[Segment], diarization: Diarization, settings: AttributionSettings
) -> list[Segment]:
    """The segments during which somebody talks by the diarizer too, or whose words are sure."""
    return [s for s in segments if _heard(s, diarization, settings) or _sure(s, settings)]


def _heard(segment: Segment, diarization: Diarization, settings: AttributionSettings) -> bool:
    if not diarization.speakers:
        return False
    anyone = diarization.posterior[diarization.frames(segment.span)].max(axis=1)
    return float(anyone.max()) >= settings.least_voice


def _sure(segment: Segment, settings: AttributionSettings) -> bool:
    total = sum(w.probability for w in segment.words)
    return total / len(segment.words) >= settings.sure_words and len(segment.words) > 2
