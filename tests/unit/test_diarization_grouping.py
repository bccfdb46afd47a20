"""From voices heard in windows to people and turns, on made-up voices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import DiarizationSettings
from pipeline.ports import SpeakerHint, VoiceWindows
from pipeline.types import Diarization, SpeakerId, SpeakerTurn
from stages.diarization import clustering
from stages.diarization.separation import separate

STEP, DURATION, FRAME, LOCAL = 1.0, 10.0, 0.05, 3
DEFAULTS = DiarizationSettings()

Turns = list[tuple[float, float, int]]


def heard(turns: Turns, length: float, noise: float = 0.01, seed: int = 0) -> VoiceWindows:
    """What perfect models would hear of `turns`: (start, end in seconds, person)."""
    random = np.random.default_rng(seed)
    people = 1 + max((p for *_, p in turns), default=0)
    voices = np.linalg.qr(random.normal(size=(64, people)))[0].T
    moods = 0.05 * random.normal(size=(len(turns), 64))
    frames = round(DURATION / FRAME)
    count = 1 + max(0, int(np.ceil((length - DURATION) / STEP)))
    activity = np.zeros((count, frames, LOCAL), np.float32)
    embeddings = np.full((count, LOCAL, 64), np.nan, np.float32)
    for window in range(count):
        times = window * STEP + (np.arange(frames) + 0.5) * FRAME
        talking = {
            p: np.any([(times >= a) & (times < b) for a, b, who in turns if who == p], axis=0)
            for p in range(people)
        }
        present = [p for p in random.permutation(people) if np.any(talking[p])][:LOCAL]
        for local, person in enumerate(present):
            activity[window, :, local] = talking[person]
            said = [
                seconds(turn, window) * mood
                for turn, mood in zip(turns, moods, strict=True)
                if turn[2] == person
            ]
            vector = voices[person] + noise * random.normal(size=64)
            vector += np.sum(said, axis=0) / (talking[person].sum() * FRAME)
            embeddings[window, local] = vector * random.uniform(5, 15)
    return VoiceWindows(activity, embeddings, STEP, DURATION, FRAME, FRAME, length)


def seconds(turn: tuple[float, float, int], window: int) -> float:
    """How much of `turn` lies in `window`."""
    start = window * STEP
    return max(0.0, min(turn[1], start + DURATION) - max(turn[0], start))


def taking_turns(people: int, each: float = 6.0, rounds: int = 2) -> tuple[Turns, float]:
    """`people` speaking one after the other, `rounds` times, half a second apart."""
    starts = [n * (each + 0.5) for n in range(people * rounds)]
    turns = [(start, start + each, n % people) for n, start in enumerate(starts)]
    return turns, turns[-1][1] + 0.5


def group(voices: VoiceWindows, **hint: int) -> Diarization:
    return separate(voices, SpeakerHint(**hint), DEFAULTS)


@pytest.mark.parametrize("people", [1, 2, 3, 8, 16])
def test_as_many_people_are_found_as_speak(people: int) -> None:
    turns, length = taking_turns(people)
    found = group(heard(turns, length))
    assert len(found.speakers) == people
    assert found.speakers == tuple(SpeakerId(f"S{n + 1}") for n in range(people))


def test_turns_are_where_people_spoke_and_named_in_order_of_appearance() -> None:
    turns, length = taking_turns(3)
    found = group(heard(turns, length))
    assert [t.speaker for t in found.turns] == [f"S{p + 1}" for _, _, p in turns]
    for turn, (start, end, _) in zip(found.turns, turns, strict=True):
        assert turn.span.start == pytest.approx(start, abs=0.1)
        assert turn.span.end == pytest.approx(end, abs=0.1)
        assert turn.confidence > 0.8


def test_a_recording_without_voices_has_no_speakers() -> None:
    found = group(heard([], 30.0))
    assert (found.turns, found.exclusive, found.speakers) == ((), (), ())
    assert found.posterior.shape == (600, 0)
    assert group(heard([], 30.0), exactly=3).speakers == ()


def test_an_empty_recording_has_no_speakers() -> None:
    nothing = VoiceWindows(
        np.zeros((0, 200, 1), np.float32),
        np.zeros((0, 1, 64), np.float32),
        *(STEP, DURATION, FRAME, FRAME, 0.0),
    )
    assert group(nothing).turns == ()


def test_someone_who_says_a_word_is_one_speaker() -> None:
    found = group(heard([(3.0, 3.4, 0)], 8.0))
    assert found.speakers == ("S1",)
    assert found.turns[0].span.start == pytest.approx(3.0, abs=0.1)


def test_a_voice_that_cannot_be_told_still_gets_its_turn() -> None:
    voices = heard([(3.0, 6.0, 0)], 8.0)
    voices.embeddings[:] = np.nan
    assert group(voices, at_least=2).speakers == ("S1",)


@pytest.mark.parametrize("people", [1, 2, 3, 4, 5, 7])
def test_asked_for_so_many_people_so_many_are_found(people: int) -> None:
    turns, length = taking_turns(4)
    assert len(group(heard(turns, length), exactly=people).speakers) == people


@pytest.mark.parametrize(
    ("hint", "expected"),
    [({"at_most": 2}, 2), ({"at_most": 9}, 4), ({"at_least": 6}, 6), ({"at_least": 2}, 4)],
)
def test_bounds_on_the_number_of_people_are_kept(hint: dict[str, int], expected: int) -> None:
    turns, length = taking_turns(4)
    assert len(group(heard(turns, length), **hint).speakers) == expected


def test_people_merged_by_a_bound_are_the_most_alike() -> None:
    turns, length = taking_turns(3)
    voices = heard(turns, length, noise=0.02)
    third = np.nanmean(voices.embeddings[_speaking(voices, turns[2])], axis=0)
    second = _speaking(voices, turns[1]) | _speaking(voices, turns[4])
    voices.embeddings[second] += 0.5 * third
    found = group(voices, exactly=2)
    assert [t.speaker for t in found.turns] == ["S1", "S2", "S2", "S1", "S2", "S2"]


def _speaking(voices: VoiceWindows, turn: tuple[float, float, int]) -> np.ndarray:
    """Which local speakers of which windows are the one who has the `turn`."""
    out = np.zeros(voices.activity.shape[::2], bool)
    for window in range(len(out)):
        inside = (np.arange(voices.activity.shape[1]) + 0.5) * FRAME + window * STEP
        during = (inside > turn[0]) & (inside < turn[1])
        out[window] = voices.activity[window, during].any(axis=0)
    return out


def test_two_who_talk_at_once_both_have_the_floor() -> None:
    turns = [(0.0, 12.0, 0), (8.0, 20.0, 1), (20.5, 28.0, 0)]
    found = group(heard(turns, 30.0))
    assert len(found.speakers) == 2
    first, second = found.turns[0].span, found.turns[1].span
    assert first.end - second.start == pytest.approx(4.0, abs=0.2)
    both = found.posterior[round(9 / FRAME) : round(11 / FRAME)]
    assert (both > 0.8).all()


def test_short_pauses_keep_the_floor_and_long_ones_give_it_up() -> None:
    turns = [(0.0, 5.0, 0), (5.2, 10.0, 0), (10.5, 20.0, 0)]
    found = separate(heard(turns, 20.0), SpeakerHint(), DEFAULTS)
    assert len(found.turns) == 2
    assert len(separate(heard(turns, 20.0), SpeakerHint(), _with(fill_gaps=0.0)).turns) == 3


def _with(**values: float) -> DiarizationSettings:
    return DEFAULTS.model_copy(update=values)


def test_a_long_recording_clustered_in_blocks_gives_the_same_people(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turns, length = taking_turns(5, rounds=6)
    voices = heard(turns, length)
    at_once = group(voices)
    monkeypatch.setattr(clustering, "BLOCK", 40)
    assert group(voices).turns == at_once.turns


def test_the_same_voices_give_the_same_answer_twice() -> None:
    turns, length = taking_turns(4, each=3.0)
    voices = heard(turns, length, noise=0.1)
    assert group(voices).turns == group(voices).turns


conversations = st.lists(
    st.tuples(st.floats(0.2, 8.0), st.floats(-2.0, 2.0), st.integers(0, 3)), min_size=1, max_size=12
)


@settings(max_examples=25, deadline=None)
@given(conversations, st.integers(0, 4), st.floats(0.0, 0.15))
def test_every_diarization_is_in_order(
    parts: list[tuple[float, float, int]], most: int, noise: float
) -> None:
    clock, turns = 0.0, []
    for duration, gap, person in parts:
        start = max(0.0, clock + gap)
        turns.append((start, start + duration, person))
        clock = start + duration
    length = max(end for _, end, _ in turns) + 0.3
    found = separate(heard(turns, length, noise), SpeakerHint(at_most=most or None), DEFAULTS)
    assert not most or len(found.speakers) <= most
    assert {t.speaker for t in found.turns} == set(found.speakers)
    assert found.posterior.shape == (int(np.ceil(length / FRAME)), len(found.speakers))
    assert ((found.posterior >= 0) & (found.posterior <= 1)).all()
    assert list(found.turns) == sorted(found.turns, key=lambda t: (t.span.start, t.span.end))
    for turn in (*found.turns, *found.exclusive):
        assert 0 <= turn.span.start < turn.span.end <= length + 1e-3
        assert 0 <= turn.confidence <= 1
    for one, next_one in zip(found.exclusive, found.exclusive[1:], strict=False):
        assert one.span.end <= next_one.span.start
    assert _union(found.turns) == pytest.approx(_union(found.exclusive), abs=1e-6)
    if found.centroids is not None and len(found.centroids):
        assert np.linalg.norm(found.centroids, axis=1) == pytest.approx(1, abs=1e-3)


def _union(turns: tuple[SpeakerTurn, ...]) -> float:
    total, reach = 0.0, 0.0
    for turn in sorted(turns, key=lambda t: t.span.start):
        total += max(0.0, turn.span.end - max(reach, turn.span.start))
        reach = max(reach, turn.span.end)
    return total
