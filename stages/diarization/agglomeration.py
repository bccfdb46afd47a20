"""Agglomerative clustering of voices, with the whole history of merges kept.

The two most alike clusters merge first, alike meaning the corrected cosine of their summed
embeddings (see `similarity`). Keeping the history lets any number of speakers be had afterwards
without starting again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stages.diarization.similarity import ACROSS_MEETING, corrected, corrected_to

Labels = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True)
class Merges:
    """The merges of n clusters, first to last: cluster `drop[i]` went into `keep[i]`.

    likeness: corrected cosine similarity of the two, (m,), not always falling.
    """

    n: int
    keep: npt.NDArray[np.int64]
    drop: npt.NDArray[np.int64]
    likeness: npt.NDArray[np.float64]

    def until(self, threshold: float) -> int:
        """How many merges come before the first one less alike than `threshold`."""
        below = np.flatnonzero(self.likeness < threshold)
        return int(below[0]) if len(below) else len(self.likeness)

    def labels(self, merges: int) -> Labels:
        """Clusters 0, 1… of the n items after the first `merges` merges."""
        parent = np.arange(self.n)
        for keep, drop in zip(self.keep[:merges], self.drop[:merges], strict=True):
            parent[drop] = keep
        # A cluster is dropped once and later than anything went into it, so walking back suffices.
        for drop in self.drop[:merges][::-1]:
            parent[drop] = parent[parent[drop]]
        return np.unique(parent, return_inverse=True)[1].astype(np.int64)


def agglomerate(sums: Floats, fresh: Floats, longest: Floats, threshold: float = -np.inf) -> Merges:
    """Merge clusters until one is left, or none are as alike as `threshold`.

    sums: (n, d) summed embeddings. fresh: (n,) seconds of speech in each, what several windows
    heard being shared out among them. longest: (n,) speech in the longest embedding of each. Time
    O(n²), memory 4 n² bytes.
    """
    sums, fresh, longest = sums.astype(np.float64), fresh.copy(), longest.copy()
    n = len(sums)
    spoken = np.maximum(longest, fresh)
    norms = np.linalg.norm(sums, axis=1)
    alike = corrected(sums, spoken, ACROSS_MEETING).astype(np.float32)
    np.fill_diagonal(alike, -np.inf)
    alive = np.ones(n, bool)
    nearest = alike.argmax(axis=1)
    best = alike[np.arange(n), nearest].astype(np.float64)
    history: list[tuple[int, int, float]] = []
    for _ in range(n - 1):
        i = int(best.argmax())
        j = int(nearest[i])
        if best[i] < threshold:
            break
        history.append((i, j, float(best[i])))
        sums[i] += sums[j]
        fresh[i] += fresh[j]
        longest[i] = max(longest[i], longest[j])
        spoken[i] = max(longest[i], fresh[i])
        norms[i] = np.linalg.norm(sums[i])
        alive[j] = False
        row = corrected_to(sums, norms, spoken, ACROSS_MEETING, i)
        row[~alive] = -np.inf
        row[i] = -np.inf
        alike[i], alike[:, i] = row, row
        alike[j], alike[:, j] = -np.inf, -np.inf
        best[j] = -np.inf
        stale = alive & ((nearest == j) | (nearest == i))
        stale[i] = True
        nearest[stale] = alike[stale].argmax(axis=1)
        best[stale] = alike[stale, nearest[stale]]
        closer = alive & (row > best)
        nearest[closer], best[closer] = i, row[closer]
    keep, drop, likeness = ([h[k] for h in history] for k in range(3))
    return Merges(n, np.array(keep, int), np.array(drop, int), np.array(likeness, float))
