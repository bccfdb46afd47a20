"""The history of merges: complete, consistent, and the most alike first."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.diarization.agglomeration import agglomerate
from stages.diarization.similarity import ACROSS_MEETING, corrected

Floats = npt.NDArray[np.float64]


def drawn(seed: int, n: int, people: int) -> tuple[Floats, Floats]:
    """`n` embeddings of `people` voices with their seconds of speech."""
    random = np.random.default_rng(seed)
    voices = random.normal(size=(people, 12))
    seconds = random.uniform(2, 9, n)
    vectors = voices[random.integers(0, people, n)] + 0.4 * random.normal(size=(n, 12))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True) * seconds[:, None], seconds


def slowly(sums: Floats, seconds: Floats, left: int) -> set[frozenset[int]]:
    """The clusters when `left` are left, every pair compared anew each time."""
    members = [frozenset([i]) for i in range(len(sums))]
    sums, fresh, longest = sums.copy(), seconds * 0.1, seconds.copy()
    while len(members) > left:
        alike = corrected(sums, np.maximum(longest, fresh), ACROSS_MEETING)
        np.fill_diagonal(alike, -np.inf)
        i, j = sorted(int(x) for x in np.unravel_index(alike.argmax(), alike.shape))
        sums[i] += sums[j]
        fresh[i] += fresh[j]
        longest[i] = max(longest[i], longest[j])
        members[i] |= members[j]
        sums, fresh, longest = (np.delete(x, j, 0) for x in (sums, fresh, longest))
        del members[j]
    return set(members)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 25), st.integers(1, 5), st.data())
def test_the_fast_way_merges_as_comparing_all_pairs_does(
    seed: int, n: int, people: int, data: st.DataObject
) -> None:
    sums, seconds = drawn(seed, n, people)
    merges = agglomerate(sums, seconds * 0.1, seconds)
    assert len(merges.keep) == n - 1
    left = data.draw(st.integers(1, n))
    labels = merges.labels(n - left)
    assert sorted(set(labels.tolist())) == list(range(left))
    found = {frozenset(np.flatnonzero(labels == k).tolist()) for k in range(left)}
    assert found == slowly(sums, seconds, left)


def test_merging_stops_at_the_threshold() -> None:
    sums, seconds = drawn(3, 40, 4)
    merges = agglomerate(sums, seconds * 0.1, seconds, threshold=0.8)
    assert (merges.likeness >= 0.8).all()
    whole = agglomerate(sums, seconds * 0.1, seconds)
    assert whole.until(0.8) == len(merges.keep)


def test_one_voice_needs_no_merging() -> None:
    merges = agglomerate(np.ones((1, 4)), np.ones(1), np.ones(1))
    assert merges.labels(0).tolist() == [0]
    assert merges.until(0.5) == 0


@pytest.mark.parametrize("n", [5, 50])
def test_nothing_given_is_changed(n: int) -> None:
    sums, seconds = drawn(0, n, 2)
    kept = sums.copy(), seconds.copy()
    agglomerate(sums, seconds, seconds)
    assert (sums == kept[0]).all()
    assert (seconds == kept[1]).all()
