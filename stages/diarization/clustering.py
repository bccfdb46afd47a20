"""Which local speakers are one person: clustering, bounds on the number of people, assignment.

1. Local speakers with enough speech of their own are clustered by likeness. Long recordings are
   clustered in blocks first, and the blocks' clusters then together, so memory does not grow with
   the square of the length.
2. Clusters with enough speech are people. Bounds on their number are met by going up or down the
   history of merges.
3. Every local speaker goes to the person it sounds most like; two that talk at once are two people.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.config import DiarizationSettings
from pipeline.ports import VoiceWindows
from stages.diarization.agglomeration import Labels, Merges, agglomerate
from stages.diarization.reconstruction import first_frame

Floats = npt.NDArray[np.floating[Any]]
Bools = npt.NDArray[np.bool_]

ACTIVE = 0.5
"""Posterior above which a local speaker talks."""

OWN_SPEECH = 2.0
"""Seconds without overlap that a local speaker needs to be clustered; less where few have it."""

FEW = 10
"""Local speakers below which the requirement is relaxed."""

BLOCK = 2000
"""Local speakers clustered at once."""

SURE = 0.9
"""Likeness from which two voices are one person beyond doubt."""

SHORT_RECORDING = 0.05
"""Share of a short recording's speech that makes a speaker, where it is below `min_speaker`."""

LONG_RECORDING = 0.002
"""Share of a long recording's speech that makes a speaker, where it is above `min_speaker`."""


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Who the local speakers are.

    labels: (windows, local speakers), the person or -1. centroids: float32 (people, d),
    L2-normalised.
    """

    labels: Labels
    centroids: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class _Voices:
    """Voices to be clustered.

    sums: embeddings (n, d), weighted by their speech and added up. fresh: seconds of speech, what
    several windows heard being shared out among them. longest: speech of the longest embedding.
    """

    sums: Floats
    fresh: Floats
    longest: Floats

    def together(self, labels: Labels) -> _Voices:
        """The voices of the same label as one; label -1 is left out."""
        count, kept = int(labels.max(initial=-1)) + 1, labels >= 0
        sums = np.zeros((count, self.sums.shape[1]))
        fresh, longest = np.zeros(count), np.zeros(count)
        np.add.at(sums, labels[kept], self.sums[kept])
        np.add.at(fresh, labels[kept], self.fresh[kept])
        np.maximum.at(longest, labels[kept], self.longest[kept])
        return _Voices(sums, fresh, longest)

    @property
    def spoken(self) -> Floats:
        """Seconds each voice spoke, (n,)."""
        spoken: Floats = np.maximum(self.longest, self.fresh)
        return spoken


@dataclass(frozen=True, slots=True)
class _Goal:
    """Which people are wanted: alike from `threshold`, heard for `needed` seconds, so many of them.

    at_any_price: even voices that are one person beyond doubt may be parted.
    """

    threshold: float
    needed: float
    least: int
    most: int | None
    at_any_price: bool


def people(
    voices: VoiceWindows, least: int, most: int | None, settings: DiarizationSettings
) -> People:
    """Group the local speakers of `voices` into people: `least` to `most` where they can be had."""
    active = voices.activity > ACTIVE
    own, fresh, speech = measured(voices, active)
    usable = np.isfinite(voices.embeddings).all(axis=2) & active.any(axis=1)
    needed = max(
        min(settings.min_speaker, max(0.5, SHORT_RECORDING * speech)), LONG_RECORDING * speech
    )
    centroids = np.zeros((0, voices.embeddings.shape[2]), np.float32)
    fit = _needed_to_cluster(own[usable])
    # Where too few are found, the voices of people who only ever say a word are let in.
    for shorter in (1.0, 0.5, 0.25, 0.0):
        nodes = _nodes(voices.embeddings, own, fresh, usable & (own >= max(0.1, fit * shorter)))
        if len(nodes.fresh):
            goal = _Goal(settings.threshold, needed, least, most, at_any_price=shorter == 0)
            found = _centroids(nodes, goal)
            centroids = found if len(found) > len(centroids) else centroids
        if len(centroids) >= least:
            break
    if not len(centroids):
        return _one_or_none(voices, active)
    return People(assign(voices.embeddings, active, own, centroids), centroids)


def measured(voices: VoiceWindows, active: Bools) -> tuple[Floats, Floats, float]:
    """Seconds each local speaker talks alone, what is new of that, and seconds of speech in all.

    Both arrays are (windows, local speakers). What several windows heard is shared out among them.
    """
    windows, frames, speakers = active.shape
    starts = [first_frame(n, voices) for n in range(windows)]
    heard = np.zeros((starts[-1] if starts else 0) + frames)
    for start in starts:
        heard[start : start + frames] += 1
    own, fresh, speech = np.zeros((windows, speakers)), np.zeros((windows, speakers)), 0.0
    for n, start in enumerate(starts):
        share = 1 / heard[start : start + frames]
        alone = active[n] & (active[n].sum(axis=1, keepdims=True) == 1)
        own[n], fresh[n] = alone.sum(axis=0), share @ alone
        speech += float(share @ active[n].any(axis=1))
    step = voices.frame_step
    return own * step, fresh * step, speech * step


def _nodes(embeddings: npt.NDArray[np.float32], own: Floats, fresh: Floats, fit: Bools) -> _Voices:
    vectors = embeddings[fit].astype(np.float64)
    vectors *= own[fit][:, None] / np.linalg.norm(vectors, axis=1, keepdims=True)
    return _Voices(vectors, fresh[fit], own[fit])


def _centroids(nodes: _Voices, goal: _Goal) -> npt.NDArray[np.float32]:
    """The voices of the people, (people, d), L2-normalised."""
    items = nodes.together(_blocks(nodes))
    merges = agglomerate(items.sums, items.fresh, items.longest)
    sums = items.together(_choose(items, merges, goal)).sums
    return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), np.float32)


def _needed_to_cluster(own: Floats) -> float:
    needed = OWN_SPEECH
    while needed > 0.3 and (own >= needed).sum() < min(FEW, len(own)):
        needed /= 1.4
    return needed


def _one_or_none(voices: VoiceWindows, active: Bools) -> People:
    # Nobody speaks long enough to be told apart: whoever speaks is one person.
    labels = np.where(active.any(axis=1), 0, -1).astype(np.int64)
    known = voices.embeddings[np.isfinite(voices.embeddings).all(axis=2)]
    centroids = np.zeros((int(labels.max(initial=-1)) + 1, voices.embeddings.shape[2]), np.float32)
    if len(centroids) and len(known):
        centroids[0] = known.mean(axis=0) / np.linalg.norm(known.mean(axis=0))
    return People(labels, centroids)


def _blocks(nodes: _Voices) -> Labels:
    """What each node is clustered as: itself, or in long recordings its group of a block."""
    n = len(nodes.fresh)
    if n <= BLOCK:
        return np.arange(n)
    items = np.zeros(n, np.int64)
    for block in np.array_split(np.arange(n), -(-n // BLOCK)):
        merges = agglomerate(nodes.sums[block], nodes.fresh[block], nodes.longest[block], SURE)
        first = items.max() + 1 if block[0] else 0
        items[block] = first + merges.labels(len(merges.keep))
    return items


def _choose(voices: _Voices, merges: Merges, goal: _Goal) -> Labels:
    """The person of each voice, -1 for clusters with too little speech to be one."""

    def cut_at(cut: int, seconds: float) -> Labels:
        labels = merges.labels(cut)
        spoken = voices.together(labels).spoken
        large = spoken >= min(seconds, spoken.max())
        names: Labels = np.where(large, np.cumsum(large) - 1, -1)
        return names[labels]

    cut = merges.until(goal.threshold)
    best = cut_at(cut, goal.needed)
    while goal.most is not None and best.max() >= goal.most:
        cut += 1
        best = cut_at(cut, goal.needed)
    if best.max() + 1 < goal.least:
        for fewer, seconds in _candidates(merges, cut, goal):
            tried = cut_at(fewer, seconds)
            if best.max() < tried.max() < (goal.most or len(tried)):
                best = tried
            if best.max() + 1 >= goal.least:
                break
    return best


def _candidates(merges: Merges, cut: int, goal: _Goal) -> Iterator[tuple[int, float]]:
    """Cuts of the history and seconds of speech to try for more people, the best first."""
    needed = goal.needed
    doubtful = [c for c in range(cut - 1, -1, -1) if merges.likeness[c] < SURE]
    yield from ((c, needed) for c in doubtful)
    while needed > 0.3:
        needed /= 2
        yield from ((c, needed) for c in [cut, *doubtful])
    if goal.at_any_price:
        yield from ((c, needed) for c in range(cut - 1, -1, -1))


def assign(
    embeddings: npt.NDArray[np.float32], active: Bools, own: Floats, centroids: Floats
) -> Labels:
    """The person each local speaker sounds most like: (windows, local speakers), -1 if silent.

    Two that talk at once are two people: the one with more `own` speech chooses first.
    """
    norms = np.linalg.norm(embeddings, axis=2, keepdims=True)
    alike = embeddings / norms @ centroids.T
    labels = np.where(np.isfinite(alike).all(axis=2) & active.any(axis=1), alike.argmax(axis=2), -1)
    for window in np.flatnonzero((labels >= 0).sum(axis=1) > 1):
        speakers = np.flatnonzero(labels[window] >= 0)
        placed: list[int] = []
        for speaker in speakers[np.argsort(-own[window, speakers], kind="stable")]:
            talking = active[window, :, speaker]
            rivals = [
                labels[window, other]
                for other in placed
                if (talking & active[window, :, other]).any()
            ]
            free = np.setdiff1d(np.arange(len(centroids)), rivals)
            if len(free):
                labels[window, speaker] = free[alike[window, speaker, free].argmax()]
            placed.append(int(speaker))
    return labels.astype(np.int64)
