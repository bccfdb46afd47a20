"""Deltas are the text from beginning to end, whatever order a recording is read in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.checkpoints import Checkpoints
from pipeline.config import load_profile
from pipeline.events import MeetingEvent
from pipeline.meeting import MeetingEngine, Request
from pipeline.ports import AsrHint, Hearing
from pipeline.settled import Settled
from pipeline.types import SAMPLE_RATE, Coverage, Samples, Speech, Transcript
from serve.openai.streaming import Deltas
from serve.openai.text import running, speaker_labels
from stages.fakes import CountingTranscriber, FakeStages, scripted_transcript
from tests.openai_door import talk
from tests.sounds import write_sound

EMPTY = Transcript((), (), None, 0.0, Coverage(0.0, 0.0))


def pieces(count: int) -> list[Speech]:
    return [Speech(i * 10 * SAMPLE_RATE, (i * 10 + 8) * SAMPLE_RATE) for i in range(count)]


@given(st.permutations(range(8)))
def test_pieces_read_in_any_order_are_told_from_the_beginning(order: Sequence[int]) -> None:
    found, settled, deltas = pieces(8), Settled(), Deltas()
    for piece in found:
        settled.found(piece)
    told = ""
    for done, number in enumerate(order, 1):
        piece = found[number]
        settled.read([piece])
        start = piece.start / SAMPLE_RATE
        payload = {"text": f"w{number}", "start": start, "end": start + 1, "until": settled.until}
        told += "".join(deltas.heard(payload))
        first_missing = next((n for n in range(8) if n not in order[:done]), 8)
        assert told == " ".join(f"w{n}" for n in range(first_missing))
    assert deltas.rest(EMPTY) == []


@given(st.lists(st.tuples(st.integers(0, 79), st.integers(1, 20)), max_size=20))
def test_what_is_settled_only_grows_and_covers_nothing_unread(reads: list[tuple[int, int]]) -> None:
    settled, unread = Settled(), set(range(80))
    settled.found(Speech(0, 80))
    before = settled.until
    for start, length in reads:
        end = min(80, start + length)
        settled.read([Speech(start, end)])
        unread -= set(range(start, end))
        assert settled.until == min(unread, default=80) / SAMPLE_RATE >= before
        before = settled.until


def test_what_no_one_vouches_for_is_told_at_the_end() -> None:
    transcript = scripted_transcript("Anna: Good morning.\nBen: Hello Anna.")
    nothing, unsettled = Deltas(), Deltas()
    assert unsettled.heard({"text": "Hello Anna.", "start": 1.0, "end": 2.0, "until": 0.5}) == []
    for deltas in (nothing, unsettled):
        assert "".join(deltas.rest(transcript)) == deltas.text == "Good morning. Hello Anna."


def test_chinese_is_put_together_without_spaces_and_english_with() -> None:
    assert running(["你好。", "今天开会。", "OK.", "Fine", ""]) == "你好。今天开会。 OK. Fine"


def test_after_z_comes_aa_and_known_names_take_no_letter() -> None:
    script = "\n".join(f"Voice {n}: Hello." for n in range(28))
    transcript = scripted_transcript(script)
    speakers = [s.id for s in transcript.speakers]
    labels = speaker_labels(transcript)
    assert [labels[s] for s in speakers[:3]] == ["A", "B", "C"]
    assert [labels[s] for s in speakers[25:]] == ["Z", "AA", "AB"]
    named = speaker_labels(transcript, {speakers[0]: "B"})
    assert [named[s] for s in speakers[:3]] == ["B", "A", "C"]
    assert len(set(named.values())) == 28


class Contrary:
    """A Transcriber that reads the windows asked for together from the last to the first."""

    def __init__(self) -> None:
        self._inner = CountingTranscriber()
        self._waiting = 0

    async def transcribe(self, window: Samples, hint: AsrHint) -> Hearing:
        self._waiting += 1
        for _ in range(2 * (20 - self._waiting)):
            await asyncio.sleep(0)
        self._waiting -= 1
        return await self._inner.transcribe(window, hint)


@pytest.mark.parametrize("streams", [1, 16])
async def test_a_long_recording_read_in_parts_side_by_side_is_streamed_in_order(
    tmp_path: Path, streams: int
) -> None:
    levels = np.linspace(0.1, 0.9, 60)
    sound = talk(*[part for level in levels for part in ((6, float(level)), (2.5, 0))])
    path = write_sound(tmp_path / "long.wav", sound)
    profile = load_profile("cpu", {"asr": {"streams": streams, "stream": 40}}, environ={})
    stages, deltas, told, moments = FakeStages(profile), Deltas(), [], 0
    stages.transcriber = Contrary()
    starts: list[float] = []

    def hear(event: MeetingEvent) -> None:
        nonlocal moments
        if event.type == "utterance.partial":
            starts.append(event.payload["start"])
            new = deltas.heard(event.payload)
            told.extend(new)
            moments += bool(new)

    engine = MeetingEngine(profile, stages, Checkpoints(tmp_path / "c"))
    meeting = await engine.run(Request(path, minutes=False), hear)
    told += deltas.rest(meeting.transcript)
    plain: Any = " ".join(u.text for u in meeting.transcript.utterances)
    assert "".join(told) == deltas.text == plain
    assert (starts == sorted(starts)) == (streams == 1)
    assert moments > 1, "words come before all is read"


class Failing:
    """A Transcriber that breaks down at its fourth window."""

    def __init__(self) -> None:
        self._inner = CountingTranscriber()

    async def transcribe(self, window: Samples, hint: AsrHint) -> Hearing:
        if self._inner.calls == 3:
            raise RuntimeError("broken down")
        return await self._inner.transcribe(window, hint)


async def test_a_run_taken_up_half_way_is_streamed_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.transcription._SNAPSHOT_SECONDS", -1.0)
    sound = talk(*[part for level in (0.2, 0.4, 0.6, 0.8) for part in ((28, level), (3, 0))])
    path = write_sound(tmp_path / "long.wav", sound)
    profile = load_profile("cpu", {"asr": {"streams": 1}}, environ={})
    stages, deltas, told = FakeStages(profile), Deltas(), []
    engine = MeetingEngine(profile, stages, Checkpoints(tmp_path / "c"))
    stages.transcriber = Failing()
    with pytest.raises(RuntimeError, match="broken down"):
        await engine.run(Request(path, minutes=False))
    stages.transcriber = CountingTranscriber()
    starts: list[float] = []

    def hear(event: MeetingEvent) -> None:
        if event.type == "utterance.partial":
            starts.append(event.payload["start"])
            told.extend(deltas.heard(event.payload))

    meeting = await engine.run(Request(path, minutes=False), hear)
    assert min(starts) > 20, "it was not begun anew"
    told += deltas.rest(meeting.transcript)
    assert "".join(told) == " ".join(u.text for u in meeting.transcript.utterances)
