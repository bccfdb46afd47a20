"""Words to speakers: the likeliest sequence of speakers under all that is known of them.

Two things speak for a speaker. The diarizer's posterior over the frames of a word is sharp in time
but was found in short windows, where two like voices are easily taken for one. The voice of the
whole phrase a word stands in, compared with each speaker's, is blunt in time but rarely wrong. Both
are added up as log-odds; a change of speaker costs some, less at a pause and less after a full
stop, since that is where people take over. The best path is found by Viterbi search, so a single
wavering frame moves no word, no word is left without a speaker, and what was unsure stays visible
as a low confidence.

Re-deciding by phrase follows Boeddeker et al., 2024, https://arxiv.org/abs/2406.03155.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipeline.config import AttributionSettings
from pipeline.phrases import ends_sentence
from pipeline.types import Diarization, Segment, SpeakerId, Word

Scores = npt.NDArray[np.float64]

ONLY_SPEAKER = SpeakerId("S1")
"""Who speaks where words were heard and the diarizer found nobody."""

_FLOOR = 0.02
_REACH = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class PhraseVoices:
    """The voices of phrases.

    phrases: index ranges of the words, see `pipeline.phrases`. embeddings: float32 (phrases, d),
    L2-normalised, NaN rows where a phrase was too short.
    """

    phrases: tuple[range, ...]
    embeddings: npt.NDArray[np.float32]


def attribute(
    segments: Sequence[Segment],
    diarization: Diarization,
    settings: AttributionSettings,
    voices: PhraseVoices | None = None,
) -> tuple[Segment, ...]:
    """The segments with a speaker and a confidence on every word, taken in the order given."""
    words = [w for s in segments for w in s.words]
    if not words:
        return tuple(segments)
    if not diarization.speakers:
        owners, sure = [ONLY_SPEAKER] * len(words), [0.0] * len(words)
    else:
        scores = np.log(emissions(words, diarization))
        if voices is not None and diarization.centroids is not None:
            scores += likeness(len(words), voices, diarization.centroids, settings.voice_weight)
        path = viterbi(scores, switch_costs(words, settings))
        owners = [diarization.speakers[k] for k in path]
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        sure = [float(odds[i, k] / odds[i].sum()) for i, k in enumerate(path)]
    owned = iter(
        replace(w, speaker=s, speaker_confidence=round(c, 3))
        for w, s, c in zip(words, owners, sure, strict=True)
    )
    return tuple(replace(s, words=tuple(next(owned) for _ in s.words)) for s in segments)


def first_guess(
    words: Sequence[Word], diarization: Diarization, settings: AttributionSettings
) -> list[int]:
    """The index of each word's speaker by the posterior alone; zeros where nobody was found."""
    if not words or not diarization.speakers:
        return [0] * len(words)
    return viterbi(np.log(emissions(words, diarization)), switch_costs(words, settings))


def emissions(words: Sequence[Word], diarization: Diarization) -> Scores:
    """How likely each speaker said each word, float64 (words, speakers), rows summing to 1."""
    posterior, frames = diarization.posterior, len(diarization.posterior)

    def mean(start: float, end: float) -> Scores:
        low = min(max(0, round(start / diarization.frame_step)), max(0, frames - 1))
        high = min(max(low + 1, round(end / diarization.frame_step)), frames)
        average: Scores = posterior[low:high].sum(axis=0, dtype=np.float64) / max(1, high - low)
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


def likeness(
    count: int, voices: PhraseVoices, centroids: npt.NDArray[np.float32], weight: float
) -> Scores:
    """Log-odds for each speaker by the voice of each word's phrase, float64 (count, speakers).

    weight: log-odds a point of cosine similarity is worth. Rows are 0 where the voice is unknown.
    """
    scores = np.zeros((count, len(centroids)))
    cosines = voices.embeddings.astype(np.float64) @ centroids.T.astype(np.float64)
    for phrase, cosine in zip(voices.phrases, cosines, strict=True):
        if np.isfinite(cosine).all():
            scores[phrase.start : phrase.stop] = weight * cosine
    return scores


def switch_costs(words: Sequence[Word], settings: AttributionSettings) -> Scores:
    """Log-odds that a change of speaker before each word costs, float64 (words,)."""
    costs = np.full(len(words), settings.switch_cost)
    for i in range(1, len(words)):
        if words[i].span.start - words[i - 1].span.end >= settings.pause:
            costs[i] *= settings.pause_discount
        if ends_sentence(words[i - 1]):
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
