"""Speech is parted at pauses, and nothing of it is lost or doubled."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.types import SAMPLE_RATE, Speech
from stages.asr.pauses import first, length, parted, pause_near, pauses, rest


@st.composite
def talks(draw: st.DrawFn) -> list[Speech]:
    """Stretches of speech with pauses inside them and silences between."""
    stretch = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 4)), min_size=1, max_size=6)
    pieces, at = [], 0
    for parts in draw(st.lists(stretch, min_size=1, max_size=5)):
        start, voiced = at, []
        for voice, quiet in parts:
            voiced.append((at, at + voice * SAMPLE_RATE))
            at += (voice + quiet) * SAMPLE_RATE
        pieces.append(Speech(start, at, tuple(voiced)))
        at += 3 * SAMPLE_RATE
    return pieces


def samples(pieces: list[Speech]) -> list[int]:
    """Every thousandth sample of the speech, to compare what two lists cover."""
    return [n for p in pieces for n in range(p.start - p.start % 1000, p.end, 1000) if n >= p.start]


@given(talks(), st.integers(1, 9))
def test_parts_hold_all_of_the_speech_once(pieces: list[Speech], count: int) -> None:
    parts = parted(pieces, count)
    assert sum(length(part) for part in parts) == length(pieces)
    assert [n for part in parts for n in samples(part)] == samples(pieces)
    assert len(parts) <= count


@given(talks(), st.integers(1, 200))
def test_the_beginning_and_the_rest_are_the_whole(pieces: list[Speech], seconds: int) -> None:
    place = seconds * SAMPLE_RATE
    assert length(first(pieces, place)) == min(place, length(pieces))
    assert samples([*first(pieces, place), *rest(pieces, place)]) == samples(pieces)


def test_speech_is_parted_in_its_longest_pause_near_the_place() -> None:
    second = SAMPLE_RATE
    voiced = ((0, 8 * second), (9 * second, 11 * second), (14 * second, 30 * second))
    pieces = [Speech(0, 30 * second, voiced)]
    assert list(pauses(pieces)) == [(8 * second, 9 * second), (11 * second, 14 * second)]
    assert pause_near(pieces, 10 * second) == 12.5 * second


def test_where_nobody_pauses_the_place_itself_is_taken() -> None:
    pieces = [Speech(0, 60 * SAMPLE_RATE, ((0, 60 * SAMPLE_RATE),))]
    assert pause_near(pieces, 20 * SAMPLE_RATE) == 20 * SAMPLE_RATE
