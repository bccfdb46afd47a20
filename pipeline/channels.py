"""Recordings with one speaker a channel: the channel says who speaks, no diarizer is needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.coverage import joined
from pipeline.types import (
    SAMPLE_RATE,
    Diarization,
    Segment,
    Span,
    SpeakerId,
    SpeakerTurn,
    Speech,
)

FRAME_STEP = 0.02
_BREATH = 0.3


def channel_speaker(channel: int) -> SpeakerId:
    """The speaker of a channel, counted from 0."""
    return SpeakerId(f"S{channel + 1}")


def channel_diarization(heard: Sequence[Sequence[Speech]], duration: float) -> Diarization:
    """Who spoke when, from the speech of each channel; duration in seconds."""
    speakers = tuple(channel_speaker(i) for i in range(len(heard)))
    posterior = np.zeros((int(duration / FRAME_STEP) + 1, len(heard)), np.float32)
    turns: list[SpeakerTurn] = []
    for i, speech in enumerate(heard):
        voiced = [(a / SAMPLE_RATE, b / SAMPLE_RATE) for s in speech for a, b in s.voiced]
        for start, end in joined(voiced, _BREATH):
            turns.append(SpeakerTurn(Span(start, end), speakers[i]))
            posterior[round(start / FRAME_STEP) : round(end / FRAME_STEP), i] = 1.0
    turns.sort(key=lambda t: (t.span, t.speaker))
    present = tuple(s for s in speakers if any(t.speaker == s for t in turns))
    kept = posterior[:, [speakers.index(s) for s in present]]
    return Diarization(tuple(turns), tuple(turns), present, kept, FRAME_STEP)


def in_order(heard: Sequence[Sequence[Segment]]) -> list[Segment]:
    """The segments of all channels by time, each word said by its channel's speaker."""
    owned = [
        replace(
            segment,
            words=tuple(
                replace(w, speaker=channel_speaker(i), speaker_confidence=1.0)
                for w in segment.words
            ),
        )
        for i, segments in enumerate(heard)
        for segment in segments
    ]
    return sorted(owned, key=lambda s: s.span)
