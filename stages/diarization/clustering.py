"""Which local speakers are one person: clustering, bounds on the number of people, assignment.

1. Local speakers with enough speech of their own are clustered by likeness. Long recordings are
   clustered in blocks first, and the blocks' clusters then together, so memory does not grow with
   the square of the length.
2. Clusters with enough speech are people. Bounds on their number are met by going up or down the
   history of merges.
3. Every local speaker goes to the person it sounds most like; two that talk at once are two people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.config import DiarizationSettings
from pipeline.ports import SpeakerHint, VoiceWindows
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

SURE = 0.15
"""How much above the threshold two voices of a block must be to merge before the blocks meet."""

SHORT_RECORDING = 0.05
"""Share of a short recording's speech that makes a speaker, where that is below `min_speaker`."""


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Who the local speakers are.

    labels: (windows, local speakers), the person or -1. centroids: float32 (people, d),
    L2-normalised.
    """

    labels: Labels
    centroids: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class _Nodes:
    """Local speakers fit for clustering: places, unit embeddings, seconds of own speech."""

    window: Labels
    local: Labels
    vectors: Floats
    seconds: Floats


def people(voices: VoiceWindows, hint: SpeakerHint, settings: DiarizationSettings) -> People:
    """Group the local speakers of `voices` into people, keeping to `hint`."""
    active = voices.activity > ACTIVE
    alone = active & (active.sum(axis=2, keepdims=True) == 1)
    own = alone.sum(axis=1) * voices.frame_step
    nodes = _nodes(voices, own, active)
    if not len(nodes.seconds):
        return _one_or_none(voices, active)
    share = min(1.0, voices.step / voices.duration)
    items, merges = _history(nodes, share, settings.threshold)
    labels = _cut(voices, active, nodes, items, merges, hint, settings)
    sums = np.zeros((labels.max() + 1, nodes.vectors.shape[1]))
    kept = labels >= 0
    np.add.at(sums, labels[kept], nodes.vectors[kept] * nodes.seconds[kept, None])
    centroids = (sums / np.linalg.norm(sums, axis=1, keepdims=True)).astype(np.float32)
    return People(assign(voices.embeddings, active, own, centroids), centroids)


def _nodes(voices: VoiceWindows, own: Floats, active: Bools) -> _Nodes:
    usable = np.isfinite(voices.embeddings).all(axis=2) & active.any(axis=1)
    needed = OWN_SPEECH
    while needed > 0.3 and (usable & (own >= needed)).sum() < min(FEW, usable.sum()):
        needed /= 1.4
    window, local = np.nonzero(usable & (own >= needed))
    vectors = voices.embeddings[window, local].astype(np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return _Nodes(window, local, vectors, own[window, local])


def _one_or_none(voices: VoiceWindows, active: Bools) -> People:
    # Nobody speaks long enough to be told apart: whoever speaks is one person.
    labels = np.where(active.any(axis=1), 0, -1)
    embeddings = voices.embeddings[np.isfinite(voices.embeddings).all(axis=2)]
    centroids = np.zeros((int(labels.max(initial=-1)) + 1, voices.embeddings.shape[2]), np.float32)
    if len(centroids) and len(embeddings):
        centroids[0] = embeddings.mean(axis=0) / np.linalg.norm(embeddings.mean(axis=0))
    return People(labels.astype(np.int64), centroids)


def _history(nodes: _Nodes, share: float, threshold: float) -> tuple[Labels, Merges]:
    """The item each node belongs to, and the merges of the items."""
    n = len(nodes.seconds)
    items = np.zeros(n, np.int64)
    blocks = np.array_split(np.arange(n), -(-n // BLOCK))
    for block in blocks:
        if len(blocks) == 1:
            items = np.arange(n)
            break
        sums = nodes.vectors[block] * nodes.seconds[block, None]
        seconds = nodes.seconds[block]
        merges = agglomerate(sums, seconds, seconds, share, threshold + SURE)
        items[block] = merges.labels(len(merges.keep)) + (items.max() + 1 if block[0] else 0)
    count = items.max() + 1
    sums = np.zeros((count, nodes.vectors.shape[1]))
    np.add.at(sums, items, nodes.vectors * nodes.seconds[:, None])
    seconds, longest = np.zeros(count), np.zeros(count)
    np.add.at(seconds, items, nodes.seconds)
    np.maximum.at(longest, items, nodes.seconds)
    return items, agglomerate(sums, seconds, longest, share)


def _cut(
    voices: VoiceWindows,
    active: Bools,
    nodes: _Nodes,
    items: Labels,
    merges: Merges,
    hint: SpeakerHint,
    settings: DiarizationSettings,
) -> Labels:
    """The person of each node, -1 for clusters with too little speech to be one."""
    speech = (
        float(active.any(axis=2).sum())
        * voices.frame_step
        * min(1.0, voices.step / voices.duration)
    )
    needed = min(settings.min_speaker, max(0.5, SHORT_RECORDING * speech))
    least = hint.exactly or hint.at_least or 1
    most = hint.exactly or hint.at_most or len(items)

    def large(cut: int, seconds: float) -> tuple[Labels, Labels]:
        labels = merges.labels(cut)[items]
        spoken = speech_of(voices, active, nodes.window, nodes.local, labels)
        who = np.flatnonzero(spoken >= seconds)
        return labels, who if len(who) else np.array([int(spoken.argmax())])

    cut = merges.until(settings.threshold)
    labels, who = large(cut, needed)
    while len(who) > most:
        cut += 1
        labels, who = large(cut, needed)
    while len(who) < least and needed > 0.1:
        for fewer in range(cut - 1, max(-1, cut - 200), -1):
            tried = large(fewer, needed)
            if least <= len(tried[1]) <= most:
                cut, (labels, who) = fewer, tried
                break
        else:
            needed /= 2
            labels, who = large(cut, needed)
    renamed = np.full(labels.max() + 1, -1)
    renamed[who] = np.arange(len(who))
    return renamed[labels]


def speech_of(
    voices: VoiceWindows, active: Bools, window: Labels, local: Labels, labels: Labels
) -> npt.NDArray[np.float64]:
    """Seconds each label speaks, counting once what several windows heard: (labels,)."""
    frames = active.shape[1]
    total = first_frame(len(active), voices) + frames
    seconds = np.zeros(labels.max() + 1)
    order = np.argsort(labels, kind="stable")
    for label, members in zip(*np.unique(labels[order], return_index=True), strict=True):
        spoken = np.zeros(total, bool)
        for node in order[members:]:
            if labels[node] != label:
                break
            start = first_frame(int(window[node]), voices)
            spoken[start : start + frames] |= active[window[node], :, local[node]]
        seconds[label] = spoken.sum() * voices.frame_step
    return seconds


def assign(
    embeddings: npt.NDArray[np.float32], active: Bools, own: Floats, centroids: Floats
) -> Labels:
    """The person each local speaker sounds most like: (windows, local speakers), -1 if silent.

    Two that talk at once are two people: the one with more `own` speech chooses first.
    """
    norms = np.linalg.norm(embeddings, axis=2, keepdims=True)
    alike = np.nan_to_num(embeddings / norms @ centroids.T, nan=-1.0)
    labels = np.where(active.any(axis=1), alike.argmax(axis=2), -1)
    labels[~np.isfinite(embeddings).all(axis=2)] = -1
    for window in np.flatnonzero((labels >= 0).sum(axis=1) > 1):
        speakers = np.flatnonzero(labels[window] >= 0)
        taken: list[int] = []
        for speaker in speakers[np.argsort(-own[window, speakers], kind="stable")]:
            rivals = [
                labels[window, other]
                for other in taken
                if (active[window, :, speaker] & active[window, :, other]).any()
            ]
            free = np.setdiff1d(np.arange(len(centroids)), rivals)
            if len(free):
                labels[window, speaker] = free[alike[window, speaker, free].argmax()]
            taken.append(int(speaker))
    return labels.astype(np.int64)
