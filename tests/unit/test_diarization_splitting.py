"""Local speakers that hold two voices are split, those that hold one are not."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.diarization.similarity import corrected
from stages.diarization.splitting import LONGEST, groups, pieces, runs, split

FRAME = 0.05
FRAMES = 200
VOICES = np.eye(8, dtype=np.float32)

Floats = npt.NDArray[np.float32]


def frames(*spans: tuple[float, float]) -> npt.NDArray[np.bool_]:
    """Which frames of a window lie in `spans` of seconds."""
    times = (np.arange(FRAMES) + 0.5) * FRAME
    return np.any([(times >= a) & (times < b) for a, b in spans], axis=0)


class Trunk:
    """A window in which person n speaks in frames `said[n]`; pools their voices under masks."""

    def __init__(self, *said: npt.NDArray[np.bool_]) -> None:
        self.said = np.array(said, np.float32)
        self.asked = 0

    def embed(self, masks: Floats) -> Floats:
        self.asked += 1
        share = masks @ self.said.T / masks.sum(axis=1, keepdims=True)
        out: Floats = share @ VOICES[: len(self.said)]
        return out


def test_two_voices_under_one_name_are_parted() -> None:
    first, second = frames((0, 3)), frames((4, 8))
    heard = Trunk(first, second)
    found = split((first | second)[:, None], FRAME, 0.7, 4, heard.embed)
    assert [speaker for speaker, _ in found] == [0, 0]
    assert (found[0][1] == first).all()
    assert (found[1][1] == second).all()


def test_one_voice_with_pauses_stays_whole() -> None:
    spoken = frames((0, 3), (4, 6), (7, 9.5))
    found = split(spoken[:, None], FRAME, 0.7, 4, Trunk(spoken).embed)
    assert len(found) == 1
    assert (found[0][1] == spoken).all()


def test_a_change_of_voice_without_a_pause_is_found_to_a_piece() -> None:
    first, second = frames((0, 5)), frames((5, 10))
    found = split((first | second)[:, None], FRAME, 0.7, 4, Trunk(first, second).embed)
    assert len(found) == 2
    assert abs(int(found[0][1].sum()) - 100) * FRAME <= LONGEST


def test_voices_that_come_back_are_put_together_again() -> None:
    first, second = frames((0, 2), (6, 8)), frames((3, 5))
    found = split((first | second)[:, None], FRAME, 0.7, 4, Trunk(first, second).embed)
    assert [mask.sum() for _, mask in found] == [first.sum(), second.sum()]


def test_overlapped_speech_is_not_used_for_comparing() -> None:
    first, second = frames((0, 4)), frames((0, 4))
    heard = Trunk(first, second)
    found = split(np.stack([first, second], axis=1), FRAME, 0.7, 4, heard.embed)
    assert [speaker for speaker, _ in found] == [0, 1]
    assert heard.asked == 0


def test_there_are_never_more_voices_than_there_is_room_for() -> None:
    said = [frames((n * 2, n * 2 + 1.5)) for n in range(5)]
    everyone = np.any(said, axis=0)
    assert len(split(everyone[:, None], FRAME, 0.7, 5, Trunk(*said).embed)) == 5
    assert len(split(everyone[:, None], FRAME, 0.7, 4, Trunk(*said).embed)) == 1


def test_a_threshold_of_nought_never_splits() -> None:
    first, second = frames((0, 3)), frames((4, 8))
    assert len(split((first | second)[:, None], FRAME, 0.0, 4, Trunk(first, second).embed)) == 1


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_runs_are_the_true_stretches(active: list[bool]) -> None:
    again = np.zeros(len(active), bool)
    for start, end in runs(np.array(active)):
        assert start < end
        assert not again[start:end].any()
        again[start:end] = True
    assert again.tolist() == active


@given(st.lists(st.booleans(), min_size=1, max_size=FRAMES))
def test_pieces_cover_all_speech_once(active: list[bool]) -> None:
    covered = np.zeros(len(active), int)
    for piece in pieces(np.array(active), FRAME):
        covered[piece] += 1
        assert (piece.stop - piece.start) * FRAME <= LONGEST + FRAME
    assert (covered[np.array(active)] == 1).all()
    assert covered.max(initial=0) <= 1


def test_alike_pieces_share_a_label() -> None:
    embeddings = VOICES[[0, 1, 0, 1, 0]]
    assert groups(embeddings, np.full(5, 2.0), 0.7).tolist() == [0, 1, 0, 1, 0]


@pytest.mark.parametrize("seconds", [0.8, 2.0, 8.0])
def test_likeness_does_not_depend_on_the_length_of_speech(seconds: float) -> None:
    random = np.random.default_rng(1)
    noise = 1.0 / seconds
    voice = np.zeros(4000)
    voice[0] = 1.0
    heard = voice + np.sqrt(noise / 4000) * random.normal(size=(6, 4000))
    alike = corrected(heard, np.full(6, seconds), 1.0)
    assert alike[~np.eye(6, dtype=bool)] == pytest.approx(1.0, abs=0.15)
