"""Where a meeting turns from one thing to the next.

Among all ways to cut it into runs of utterances, the one is taken whose runs hang together best:
least scatter of the sentence vectors around the run's mean, as in TreeSeg (Gklezakos et al., 2024,
https://arxiv.org/abs/2407.12028), plus a cost for lengths far from the wanted one, less a reward
for cutting where people pause or say that they move on. Dynamic programming finds the best
cut exactly; as a chapter has a longest length, the cost grows with the meeting, not its square.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.types import Span
from stages.summarization.cues import does, opens_topic
from stages.summarization.sentences import Sentence
from stages.summarization.vectors import Vectors

_LENGTH_WEIGHT = 1.5
_SCATTER_PART = 0.3
_PAUSE_REWARD = 0.4
_TOPIC_REWARD = 1.5
_CLOSING_REWARD = 0.4
"""For an utterance that first closes something ("Okay. …"), against one that only answers."""

_LONG_PAUSE = 2.0
"""Seconds of silence between utterances that hint at a new chapter."""

_SHORTEST_PART = 0.3
_LONGEST_PART = 2.5
"""A chapter's length as a part of the wanted length."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The sentences begin to end of one utterance, with what the cut needs to know of them."""

    begin: int
    end: int
    span: Span
    weight: float
    reward: float


def chapters(sentences: Sequence[Sentence], vectors: Vectors, length: float) -> list[range]:
    """Runs of sentence indices, one a chapter, together all sentences in order.

    length: seconds wanted of a chapter. A meeting shorter than one and a half of it is one chapter.
    """
    if not sentences:
        return []
    units = _units(sentences)
    total = units[-1].span.end - units[0].span.start
    if total < 1.5 * length or len(units) < 4:
        return [range(len(sentences))]
    starts = [*_best_cut(units, _unit_vectors(units, sentences, vectors), length), len(units)]
    return [
        range(units[a].begin, units[b - 1].end)
        for a, b in zip(starts[:-1], starts[1:], strict=True)
    ]


def _units(sentences: Sequence[Sentence]) -> list[Unit]:
    starts = [i for i, s in enumerate(sentences) if s.position == 0] + [len(sentences)]
    units: list[Unit] = []
    for a, b in zip(starts[:-1], starts[1:], strict=True):
        part = sentences[a:b]
        span = Span(part[0].span.start, max(s.span.end for s in part))
        pause = part[0].span.start - units[-1].span.end if units else 0.0
        reward = _PAUSE_REWARD if pause >= _LONG_PAUSE else 0.0
        if any(opens_topic(s.text, s.language) for s in part[:3]):
            reward += _TOPIC_REWARD
        elif (
            len(part) > 1
            and not part[0].content
            and does("agreement", part[0].text, part[0].language)
        ):
            reward += _CLOSING_REWARD
        elif sum(len(s.content) for s in part) < 2:
            reward -= _CLOSING_REWARD
        units.append(Unit(a, b, span, float(sum(len(s.content) for s in part)), reward))
    return units


def _unit_vectors(
    units: Sequence[Unit], sentences: Sequence[Sentence], vectors: Vectors
) -> npt.NDArray[np.float64]:
    """The sum of each unit's sentence vectors, each as heavy as its content."""
    heavy = vectors * np.array([[len(s.content)] for s in sentences], np.float32)
    return np.array([heavy[u.begin : u.end].sum(0, dtype=np.float64) for u in units])


def _best_cut(units: Sequence[Unit], sums: npt.NDArray[np.float64], length: float) -> list[int]:
    """First units of the chapters that together cost least."""
    weights = np.array([u.weight for u in units])
    total = np.concatenate([np.zeros((1, sums.shape[1])), np.cumsum(sums, 0)])
    mass = np.concatenate([[0.0], np.cumsum(weights)])
    begins = np.array([u.span.start for u in units])
    ends = np.maximum.accumulate([u.span.end for u in units])
    scale = _scatter_scale(total, mass, ends[-1] - begins[0], length)
    best = np.full(len(units) + 1, np.inf)
    best[0] = 0.0
    previous = np.zeros(len(units) + 1, int)
    for j in range(1, len(units) + 1):
        first = int(np.searchsorted(begins, ends[j - 1] - _LONGEST_PART * length))
        i = np.arange(min(first, j - 1), j)
        lengths = np.maximum(ends[j - 1] - begins[i], 1.0)
        held = mass[j] - mass[i]
        centre = np.linalg.norm(total[j] - total[i], axis=1) ** 2 / np.maximum(held, 1e-9)
        rewards = np.array([units[k].reward if k else 0.0 for k in map(int, i)])
        cost = (held - centre) / scale + _LENGTH_WEIGHT * np.log(lengths / length) ** 2 - rewards
        if j < len(units) or len(i) > 1:
            cost = cost + np.where(lengths < _SHORTEST_PART * length, 1e3, 0.0)
        cost = cost + best[i]
        k = int(np.argmin(cost))
        best[j], previous[j] = cost[k], i[k]
    starts, j = [], len(units)
    while j > 0:
        j = int(previous[j])
        starts.append(j)
    return starts[::-1]


def _scatter_scale(
    total: npt.NDArray[np.float64], mass: npt.NDArray[np.float64], seconds: float, length: float
) -> float:
    """What a chapter's cut should gain to be worth it: a share of the scatter of an average one."""
    scatter = float(mass[-1]) - float(np.linalg.norm(total[-1])) ** 2 / max(float(mass[-1]), 1e-9)
    return max(1e-6, _SCATTER_PART * scatter * length / max(seconds, length))
