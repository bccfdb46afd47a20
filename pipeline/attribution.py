"""Words to speakers: the likeliest sequence of speakers under the diarizer's posterior.

Each word scores every speaker by the mean of the frame posterior over its time; a change of
speaker costs log-odds, less at a pause and less after a full stop, since that is where people take
over. The best path is found by Viterbi search, so a single wavering frame moves no word, no word is
left without a speaker, and what was unsure stays visible as a low confidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pipeline.config import AttributionSettings
from pipeline.types import Diarization, Segment, SpeakerId, Word

ONLY_SPEAKER = SpeakerId("S1")
"""Who speaks where words were heard and the diarizer found nobody."""

Scores = npt.NDArray[np.float64]

_FLOOR = 0.02
_REACH = 0.5
_SENTENCE_END = tuple(".?!。？！…")


def attribute(
    segments: Sequence[Segment], diarization: Diarization, settings: AttributionSettings
) -> tuple[Segment, ...]:
    """The segments with a speaker and a confidence on every word.

    Words are taken in the order given; times in seconds.
    """
    words = [w for s in segments for w in s.words]
    if not words:
        return tuple(segments)
    if not diarization.speakers:
        owners, sure = [ONLY_SPEAKER] * len(words), [0.0] * len(words)
    else:
        likelihood = emissions(words, diarization)
        path = viterbi(np.log(likelihood), switch_costs(words, settings))
        owners = [diarization.speakers[k] for k in path]
        sure = [float(likelihood[i, k]) for i, k in enumerate(path)]
    owned = iter(
        replace(w, speaker=s, speaker_confidence=round(c, 3))
        for w, s, c in zip(words, owners, sure, strict=True)
    )
    return tuple(replace(s, words=tuple(next(owned) for _ in s.words)) for s in segments)


def emissions(words: Sequence[Word], diarization: Diarization) -> Scores:
    """How likely each speaker said each word, float64 (words, speakers), rows summing to 1."""
    frames = len(diarization.posterior)
    total = np.zeros((frames + 1, len(diarization.speakers)))
    np.cumsum(diarization.posterior, axis=0, out=total[1:])

    def mean(start: float, end: float) -> Scores:
        low = min(max(0, round(start / diarization.frame_step)), max(0, frames - 1))
        high = min(max(low + 1, round(end / diarization.frame_step)), frames)
        average: Scores = (total[high] - total[low]) / max(1, high - low)
        return average

    scores = np.empty((len(words), len(diarization.speakers)))
    for i, word in enumerate(words):
        scores[i] = mean(word.span.start, word.span.end)
        if scores[i].sum() < 2 * _FLOOR:
            # Nobody was found talking here: the word belongs to whoever talks next to it.
            scores[i] = 0.5 * mean(word.span.start - _REACH, word.span.end + _REACH)
    scores += _FLOOR
    shares: Scores = scores / scores.sum(axis=1, keepdims=True)
    return shares


def switch_costs(words: Sequence[Word], settings: AttributionSettings) -> Scores:
    """Log-odds that a change of speaker before each word costs, float64 (words,)."""
    costs = np.full(len(words), settings.switch_cost)
    for i in range(1, len(words)):
        if words[i].glued and not _ends_sentence(words[i - 1]):
            continue
        if words[i].span.start - words[i - 1].span.end >= settings.pause:
            costs[i] *= settings.pause_discount
        if _ends_sentence(words[i - 1]):
            costs[i] *= settings.sentence_discount
    return costs


def viterbi(scores: Scores, costs: Scores) -> list[int]:
    """The path of highest score through `scores` (steps, states).

    A change of state before step i costs costs[i].
    """
    best = scores[0].copy()
    came_from = np.empty(scores.shape, dtype=np.int64)
    for i in range(1, len(scores)):
        leader = int(best.argmax())
        change = best[leader] - costs[i]
        switched = best < change
        came_from[i] = np.where(switched, leader, np.arange(scores.shape[1]))
        best = np.where(switched, change, best) + scores[i]
    path = [int(best.argmax())]
    for i in range(len(scores) - 1, 0, -1):
        path.append(int(came_from[i, path[-1]]))
    return path[::-1]


def _ends_sentence(word: Word) -> bool:
    return word.text.rstrip("\"'”’)").endswith(_SENTENCE_END)
