"""How alike two voices are, whatever the length of speech they are judged by.

An embedding of T seconds of speech is the voice plus noise that shrinks as T grows. For CAM++ the
cosine between two embeddings of one voice follows 1 / sqrt((1 + v / T1) (1 + v / T2)), with v about
one second from half a second of speech to ten. Dividing by that factor makes short and long speech
comparable: one voice comes out near 1, and one threshold serves both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.floating[Any]]
Seconds = npt.NDArray[np.floating[Any]]

WITHIN_WINDOW = 0.9
"""Seconds of speech whose noise is as strong as the voice, for speech of one window (v above)."""

ACROSS_MEETING = 1.5
"""The same over a meeting, in which moods and distances change a voice as well."""


def corrected(vectors: Vectors, seconds: Seconds, noise: float) -> Vectors:
    """Corrected cosine similarity of all pairs, (n, n): vectors (n, d) of any length."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    factor = np.sqrt(1 + noise / seconds)
    out: Vectors = unit @ unit.T * factor[:, None] * factor[None]
    return out


def corrected_to(
    vectors: Vectors, norms: Vectors, seconds: Seconds, noise: float, one: int
) -> Vectors:
    """Corrected cosine similarity of vector `one` to all, (n,); norms: lengths of the vectors."""
    factor = np.sqrt((1 + noise / seconds) * (1 + noise / seconds[one]))
    out: Vectors = vectors @ vectors[one] / (norms * norms[one]) * factor
    return out
