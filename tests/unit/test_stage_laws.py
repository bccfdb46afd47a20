"""The laws every stage keeps to, over fakes: any cutting, any interruption, nothing lost."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from pipeline.config import AsrSettings, VadSettings
from pipeline.stage import Stage, fold
from pipeline.types import SAMPLE_RATE, AudioChunk, Samples, Segment, Speech
from stages.asr.stage import WINDOW, AsrStage
from stages.fakes import CountingTranscriber, LoudnessDetector
from stages.vad.speech import PIECE, SpeechStage


class Recording:
    """Samples in memory as a Sound."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples
        self.length = len(samples)

    def read(self, start: int, end: int) -> Samples:
        return self.samples[max(0, start) : end]


@st.composite
def recordings(draw: st.DrawFn) -> Recording:
    """Up to 80 s of loud and quiet stretches of 0.1 to 20 s."""
    parts = draw(
        st.lists(st.tuples(st.floats(0.1, 20), st.sampled_from([0, 0, 3, 5, 8])), max_size=4)
    )
    sound = [np.full(round(t * SAMPLE_RATE), a / 10, np.float32) for t, a in parts]
    return Recording(np.concatenate([*sound, np.zeros(100, np.float32)]))


def chunks(recording: Recording, cuts: list[float]) -> list[AudioChunk]:
    places = sorted({0, recording.length, *(round(c * recording.length) for c in cuts)})
    return [AudioChunk(recording.samples[a:b], a) for a, b in pairwise(places)]


def run(stage: Stage[Any, Any, Any], items: list[Any]) -> list[Any]:
    async def collect() -> list[Any]:
        return [output async for output in fold(stage, items)]

    return asyncio.run(collect())


def speech_of(recording: Recording, cuts: list[float] = ()) -> list[Speech]:
    return run(SpeechStage(LoudnessDetector(), VadSettings()), chunks(recording, list(cuts)))


def words_of(
    recording: Recording, cuts: list[float], how: AsrSettings | None = None
) -> list[Segment]:
    stage = AsrStage(CountingTranscriber(), how or AsrSettings(), recording)
    return run(stage, speech_of(recording, cuts))


IN_STREAMS = AsrSettings(streams=3, stream=8.0)
"""A recording of a minute is read in parts side by side."""

manners = st.sampled_from([AsrSettings(streams=1), IN_STREAMS])
cuttings = st.lists(st.floats(0, 1), max_size=20)


@settings(max_examples=20, deadline=None)
@given(recordings(), cuttings)
def test_any_cutting_of_the_sound_finds_the_same_speech(
    recording: Recording, cuts: list[float]
) -> None:
    assert speech_of(recording, cuts) == speech_of(recording)


@settings(max_examples=12, deadline=None)
@given(recordings(), cuttings, manners)
def test_any_cutting_of_the_sound_gives_the_same_final_words(
    recording: Recording, cuts: list[float], how: AsrSettings
) -> None:
    assert words_of(recording, cuts, how) == words_of(recording, [], how)


@settings(max_examples=20, deadline=None)
@given(recordings())
def test_speech_is_sorted_inside_the_recording_and_no_piece_is_longer_than_a_window(
    recording: Recording,
) -> None:
    speech = speech_of(recording)
    for piece in speech:
        assert 0 <= piece.start < piece.end <= recording.length
        assert piece.end - piece.start <= PIECE + SAMPLE_RATE
        assert all(piece.start <= a < b <= piece.end for a, b in piece.voiced)
    assert all(a.end <= b.start for a, b in pairwise(speech))


@settings(max_examples=20, deadline=None)
@given(recordings())
def test_every_loud_frame_lies_in_a_stretch_of_speech(recording: Recording) -> None:
    heard = np.zeros(recording.length, bool)
    for piece in speech_of(recording):
        heard[piece.start : piece.end] = True
    loud = np.abs(recording.samples) > 0.25
    assert not (loud & ~heard).any()


@settings(max_examples=12, deadline=None)
@given(recordings(), manners)
def test_words_lie_in_order_inside_the_speech_they_were_heard_in(
    recording: Recording, how: AsrSettings
) -> None:
    words = [w for s in words_of(recording, [], how) for w in s.words]
    assert all(a.span.start <= b.span.start for a, b in pairwise(words))
    pieces = speech_of(recording)
    for word in words:
        low, high = word.span.start * SAMPLE_RATE, word.span.end * SAMPLE_RATE
        assert any(p.start - 16 <= low and high <= p.end + 16 for p in pieces)


@settings(max_examples=12, deadline=None)
@given(recordings(), st.floats(0, 1), cuttings, manners)
def test_a_stage_saved_and_restored_anywhere_continues_undisturbed(
    recording: Recording, where: float, cuts: list[float], how: AsrSettings
) -> None:
    speech, items = SpeechStage(LoudnessDetector(), VadSettings()), chunks(recording, cuts)
    assert interrupted(speech, items, where) == run(speech, items)
    pieces = speech_of(recording)

    def asr() -> AsrStage:
        return AsrStage(CountingTranscriber(), how, recording)

    assert interrupted(asr(), pieces, where) == run(asr(), pieces)


def interrupted(stage: Stage[Any, Any, Any], items: list[Any], where: float) -> list[Any]:
    """The outputs when the state goes through JSON after a part of the items."""

    async def play() -> list[Any]:
        state, outputs = stage.begin(), []
        stop = round(where * len(items))
        for item in items[:stop]:
            state, new = await stage.step(state, item)
            outputs += new
        adapter = TypeAdapter(type(state))
        state = adapter.validate_json(adapter.dump_json(state))
        for item in items[stop:]:
            state, new = await stage.step(state, item)
            outputs += new
        return outputs + await stage.end(state)

    return asyncio.run(play())


def test_what_a_window_skipped_is_listened_to_again() -> None:
    sound = np.full(20 * SAMPLE_RATE, 0.5, np.float32)
    recording = Recording(sound)
    speech = [Speech(0, recording.length, ((0, recording.length),))]
    deaf_once = AsrStage(CountingTranscriber(skip=[0]), AsrSettings(), recording)
    words = [w for s in run(deaf_once, speech) for w in s.words]
    assert words[0].span.start < 1
    assert words[-1].span.end > 19


def test_streams_are_read_side_by_side_and_told_in_order() -> None:
    class Crowd(CountingTranscriber):
        here = most = 0

        async def transcribe(self, window: Samples, hint: Any) -> Any:
            self.here += 1
            self.most = max(self.most, self.here)
            await asyncio.sleep(0)
            self.here -= 1
            return await super().transcribe(window, hint)

    recording = Recording(np.full(100 * SAMPLE_RATE, 0.5, np.float32))
    model = Crowd()
    found = run(AsrStage(model, IN_STREAMS, recording), speech_of(recording))
    starts = [w.span.start for s in found for w in s.words]
    assert model.most == IN_STREAMS.streams
    assert starts == sorted(starts)
    assert all(b - a < 1.2 for a, b in pairwise(starts))


def test_no_window_is_longer_than_the_model_can_hear() -> None:
    class Measured(CountingTranscriber):
        longest = 0

        async def transcribe(self, window: Samples, hint: Any) -> Any:
            self.longest = max(self.longest, len(window))
            return await super().transcribe(window, hint)

    recording = Recording(np.full(100 * SAMPLE_RATE, 0.5, np.float32))
    model = Measured()
    run(AsrStage(model, AsrSettings(), recording), speech_of(recording))
    assert 0 < model.longest <= WINDOW
