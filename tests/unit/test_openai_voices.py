"""A speaker is called by a known name only if the voice is that of the sample."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ports import Diarizer
from pipeline.types import Span, SpeakerId, SpeakerTurn
from serve.openai import EmbeddedVoices, ReferenceUnusable, VoiceSample
from serve.openai.voices import assigned, clear_pieces
from stages.fakes import LoudnessDiarizer
from tests.openai_door import talk
from tests.sounds import silence, write_sound

A, B, C = SpeakerId("S1"), SpeakerId("S2"), SpeakerId("S3")


def turn(start: float, end: float, speaker: SpeakerId) -> SpeakerTurn:
    return SpeakerTurn(Span(start, end), speaker)


def sample(folder: Path, name: str, level: float, seconds: float = 4) -> VoiceSample:
    sound = talk((seconds, level)) if level else silence(seconds)
    return VoiceSample(name, write_sound(folder / f"{name}.wav", sound))


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return write_sound(tmp_path / "a.wav", talk((10, 0.3), (10, 0.6), (10, 0.9)))


TURNS = [turn(0, 10, A), turn(10, 20, B), turn(20, 30, C)]


async def loudness() -> Diarizer:
    return LoudnessDiarizer()


async def test_names_go_to_the_voices_of_the_samples_whatever_their_order(
    tmp_path: Path, recording: Path
) -> None:
    known = [sample(tmp_path, "Ben", 0.6), sample(tmp_path, "Anna", 0.3)]
    for references in (known, known[::-1]):
        names = await EmbeddedVoices(loudness).identify(recording, TURNS, references)
        assert names == {A: "Anna", B: "Ben"}


async def test_a_stranger_s_sample_names_nobody(tmp_path: Path, recording: Path) -> None:
    known = [sample(tmp_path, "Zoe", 0.1)]
    assert await EmbeddedVoices(loudness).identify(recording, TURNS, known) == {}


async def test_a_sample_without_a_voice_is_refused_by_name(tmp_path: Path, recording: Path) -> None:
    known = [sample(tmp_path, "Anna", 0.3, seconds=0.2)]
    with pytest.raises(ReferenceUnusable, match="Anna"):
        await EmbeddedVoices(loudness).identify(recording, TURNS, known)


async def test_where_nobody_speaks_nobody_is_named(tmp_path: Path, recording: Path) -> None:
    known = [sample(tmp_path, "Anna", 0.3)]
    assert await EmbeddedVoices(loudness).identify(recording, [], known) == {}


def test_speakers_are_listened_to_where_they_talk_alone() -> None:
    pieces = clear_pieces([turn(0, 9, A), turn(6, 12, B), turn(20, 21.5, A)])
    assert pieces == {
        A: [Span(0, 3), Span(3, 6), Span(20, 21.5)],
        B: [Span(9, 12)],
    }


def test_who_never_talks_alone_is_listened_to_all_the_same() -> None:
    assert clear_pieces([turn(0, 3, A), turn(0, 3, B)]) == {A: [Span(0, 3)], B: [Span(0, 3)]}


names = st.sampled_from(["Anna", "Ben", "Zoe"])
speakers = st.sampled_from([A, B, C])


@given(st.dictionaries(st.tuples(names, speakers), st.floats(-1, 1)))
def test_no_name_is_given_twice_nor_below_the_threshold(
    alike: dict[tuple[str, SpeakerId], float],
) -> None:
    given_names = assigned(alike, 0.6)
    assert len(set(given_names.values())) == len(given_names)
    assert all(alike[name, speaker] >= 0.6 for speaker, name in given_names.items())
    best: Sequence[tuple[str, SpeakerId]] = sorted(alike, key=lambda k: -alike[k])[:1]
    for name, speaker in best:
        assert (alike[name, speaker] < 0.6) or given_names.get(speaker) == name
