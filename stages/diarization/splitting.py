"""Local speakers, made pure: one voice each.

The segmentation model tells at most three speakers apart in a window. Where more talk, or two take
turns without overlap, it gives two voices one name, and their mixed embedding belongs to nobody. So
each local speaker is cut into pieces, the pieces are compared, and a speaker whose pieces do not
sound alike is split. Comparing is cheap: pieces share the window's trunk and differ in their
pooling mask.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from stages.diarization.similarity import WITHIN_WINDOW, corrected

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.floating[Any]]
Embed = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.float32]]
"""Embeddings (masks, d) of pooling masks (masks, frames)."""

LONGEST = 3.5
"""Seconds; longer speech is cut, for a change of speaker may leave no pause."""

PAUSE = 0.25
"""Seconds of silence between pieces."""

SHORTEST = 0.8
"""Seconds of speech on its own that a piece needs to be compared."""


def split(
    activity: Bools, frame_step: float, likeness: float, room: int, embed: Embed
) -> list[tuple[int, Bools]]:
    """The voices of a window, as (local speaker it was part of, its frames).

    activity: (frames, local speakers). likeness: similarity below which two pieces are two voices.
    room: how many voices there may be, at least as many as local speakers.
    """
    alone = activity & (activity.sum(axis=1, keepdims=True) == 1)
    voices: list[tuple[int, Bools]] = []
    speakers = np.flatnonzero(activity.any(axis=0))
    for nth, speaker in enumerate(speakers):
        left = room - len(voices) - (len(speakers) - nth - 1)
        parts = _voices(activity[:, speaker], alone[:, speaker], frame_step, likeness, embed)
        if len(parts) > left:
            parts = [activity[:, speaker]]
        voices += [(int(speaker), part) for part in parts]
    return voices


def _voices(
    active: Bools, alone: Bools, frame_step: float, likeness: float, embed: Embed
) -> list[Bools]:
    cut = pieces(active, frame_step)
    masks = np.zeros((len(cut), len(active)), bool)
    for row, piece in enumerate(cut):
        masks[row, piece] = active[piece]
    seconds = (masks & alone).sum(axis=1) * frame_step
    comparable = np.flatnonzero(seconds >= SHORTEST)
    if len(comparable) < 2:
        return [active]
    embeddings = embed((masks & alone)[comparable].astype(np.float32))
    labels = groups(embeddings, seconds[comparable], likeness)
    if labels.max() == 0:
        return [active]
    # A piece too short to compare goes with the comparable piece nearest in time.
    middles = np.array([(piece.start + piece.stop) / 2 for piece in cut])
    nearest = np.abs(middles[:, None] - middles[None, comparable]).argmin(axis=1)
    return [masks[labels[nearest] == label].any(axis=0) for label in range(labels.max() + 1)]


def pieces(active: Bools, frame_step: float) -> list[slice]:
    """Runs of `active` (frames,) parted by pauses and cut to at most `LONGEST` seconds."""
    found: list[list[int]] = []
    for start, end in runs(active):
        if found and (start - found[-1][1]) * frame_step <= PAUSE:
            found[-1][1] = end
        else:
            found.append([start, end])
    out = []
    for start, end in found:
        parts = max(1, int(np.ceil((end - start) * frame_step / LONGEST)))
        edges = np.linspace(start, end, parts + 1).astype(int)
        out += [slice(int(a), int(b)) for a, b in zip(edges, edges[1:], strict=False)]
    return out


def runs(active: Bools) -> list[tuple[int, int]]:
    """Where `active` (frames,) is true without a break, as (first, one past the last)."""
    padded = np.concatenate([[False], active, [False]]).astype(np.int8)
    edges = np.flatnonzero(np.diff(padded))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def groups(embeddings: Floats, seconds: Floats, likeness: float) -> npt.NDArray[np.int64]:
    """Labels 0, 1… of pieces that sound alike, merging the most alike first."""
    sums = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True) * seconds[:, None]
    spoken = seconds.copy()
    labels = np.arange(len(sums))
    while len(sums) > 1:
        alike = corrected(sums, spoken, WITHIN_WINDOW)
        np.fill_diagonal(alike, -np.inf)
        i, j = sorted(int(x) for x in np.unravel_index(alike.argmax(), alike.shape))
        if alike[i, j] >= likeness:
            sums[i] += sums[j]
            spoken[i] += spoken[j]
            sums, spoken = np.delete(sums, j, 0), np.delete(spoken, j)
            labels[labels == j] = i
            labels[labels > j] -= 1
        else:
            break
    return labels
