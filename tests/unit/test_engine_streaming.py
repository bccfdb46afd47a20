"""Words come while the sound is being decoded, and come out as if it had been decoded before."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pipeline.audio.reading as reading
from pipeline.audio import Decoded, decode
from pipeline.checkpoints import Checkpoints
from pipeline.config import load_profile
from pipeline.errors import AudioCorrupt
from pipeline.events import VOLATILE, MeetingEvent, replay
from pipeline.meeting import Meeting, MeetingEngine, Request
from pipeline.ports import Diarizer
from pipeline.types import SAMPLE_RATE, Samples
from stages.fakes import CountingTranscriber, FakeStages, LoudnessDetector
from stages.vad.speech import SpeechStage
from tests.sounds import silence, white_noise, write_sound, write_streams


def talk(*parts: tuple[float, float]) -> Samples:
    """Stretches of (seconds, level): each level is a voice of its own to the fakes."""
    return np.concatenate([np.full(round(t * SAMPLE_RATE), v, np.float32) for t, v in parts])


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    sound = talk((1, 0), (40, 0.3), (3, 0), (40, 0.6), (4, 0), (60, 0.3), (1, 0))
    return write_sound(tmp_path / "standup.wav", sound)


class Run:
    """One engine over one folder of checkpoints, and what it said."""

    def __init__(self, root: Path) -> None:
        self.profile = load_profile("cpu")
        self.stages = FakeStages(self.profile)
        self.events: list[MeetingEvent] = []
        self.root = root
        self._engine = MeetingEngine(self.profile, self.stages, Checkpoints(root))

    async def begin(self, path: Path) -> Meeting:
        return await self._engine.run(Request(path, minutes=False), self.hear)

    def hear(self, event: MeetingEvent) -> None:
        self.events.append(event)

    def __call__(self, path: Path) -> Meeting:
        return asyncio.run(self.begin(path))

    @property
    def heard(self) -> list[str]:
        return [e.payload["text"] for e in self.events if e.type == "utterance.partial"]

    @property
    def durable(self) -> list[tuple[Any, ...]]:
        return [(e.seq, e.type, e.payload) for e in self.events if e.type not in VOLATILE]

    def files(self, pattern: str) -> list[Path]:
        return [f for f in self.root.rglob(pattern) if f.is_file()]


class Halfway:
    """Decodes half of a recording, then waits until it may go on; or fails with `error`."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.go_on = threading.Event()
        self.ended = threading.Event()
        self._error = error

    def __call__(self, source: Path, target: Path, mode: Any, progress: Any, *to: Any) -> Decoded:
        def pause(done: float) -> None:
            progress(done)
            if done >= 0.5:
                assert self.go_on.wait(30), "nobody let the decoder go on"
                if self._error is not None:
                    raise self._error

        try:
            return decode(source, target, mode, pause, *to)
        finally:
            self.ended.set()


def paused(monkeypatch: pytest.MonkeyPatch, run: Run, halfway: Halfway) -> None:
    """Let the decoder of `run` go on only once the first words have been heard."""
    monkeypatch.setattr(reading, "decode", halfway)

    def hear(event: MeetingEvent) -> None:
        run.events.append(event)
        if event.type == "utterance.partial":
            halfway.go_on.set()

    monkeypatch.setattr(run, "hear", hear)


def test_the_first_words_come_while_the_second_half_is_not_yet_decoded(
    tmp_path: Path, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(tmp_path / "c")
    paused(monkeypatch, run, Halfway())
    run(recording)
    types = [(e.type, e.payload.get("stage"), e.payload.get("done")) for e in run.events]
    first = next(i for i, e in enumerate(run.events) if e.type == "utterance.partial")
    assert first < types.index(("stage.progress", "decode", 1.0))


def test_words_and_durable_events_are_those_of_a_recording_decoded_before(
    tmp_path: Path, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    streamed, before = Run(tmp_path / "a"), Run(tmp_path / "b")
    paused(monkeypatch, streamed, Halfway())
    meeting = streamed(recording)
    monkeypatch.undo()
    Run(tmp_path / "b")(recording)
    for made in [*before.files("asr-*"), *before.files("speech-*"), *before.files("dia*")]:
        made.unlink()
    assert before(recording) == meeting
    assert before.durable == streamed.durable
    assert before.heard == streamed.heard
    assert replay(streamed.events).transcript == meeting.transcript


def test_no_diarizer_is_asked_for_before_the_first_words(tmp_path: Path, recording: Path) -> None:
    run = Run(tmp_path / "c")
    asked: list[int] = []
    diarizer = run.stages.diarizer

    async def noted() -> Diarizer:
        asked.append(len(run.heard))
        return await diarizer()

    run.stages.diarizer = noted  # type: ignore[method-assign]
    run(recording)
    assert asked and min(asked) > 0


def test_silence_keeps_nobody_waiting_for_words(tmp_path: Path) -> None:
    run = Run(tmp_path / "c")
    meeting = run(write_sound(tmp_path / "silence.wav", silence(15)))
    assert meeting.transcript.utterances == ()
    assert "diarizer" in run.stages.used


def test_an_error_half_way_ends_the_run_and_leaves_no_sound_behind(
    tmp_path: Path, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(tmp_path / "c")
    error = AudioCorrupt("standup.wav: went away")
    paused(monkeypatch, run, Halfway(error))
    with pytest.raises(AudioCorrupt) as caught:
        run(recording)
    assert caught.value is error
    assert run.heard
    assert not [*run.files("sound-*"), *run.files(".sound-*"), *run.files("asr-?????*")]


def test_a_run_that_died_while_decoding_goes_on_where_the_words_were(
    tmp_path: Path, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.transcription._SNAPSHOT_SECONDS", 0.0)
    whole = Run(tmp_path / "other")
    undisturbed = whole(recording)
    run = Run(tmp_path / "c")
    paused(monkeypatch, run, Halfway(MemoryError()))
    with pytest.raises(MemoryError):
        run(recording)
    monkeypatch.setattr(reading, "decode", decode)
    again = Run(tmp_path / "c")
    assert again(recording).transcript == undisturbed.transcript
    calls = [r.stages.transcriber for r in (again, whole)]
    assert all(isinstance(c, CountingTranscriber) for c in calls)
    assert calls[0].calls < calls[1].calls  # type: ignore[attr-defined]


def test_a_cancelled_run_stops_its_decoder(
    tmp_path: Path, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, halfway, words = Run(tmp_path / "c"), Halfway(), threading.Event()
    monkeypatch.setattr(reading, "decode", halfway)
    monkeypatch.setattr(run, "hear", lambda e: e.type == "utterance.partial" and words.set())

    async def cancelled() -> None:
        task = asyncio.ensure_future(run.begin(recording))
        await asyncio.to_thread(words.wait, 30)
        task.cancel()
        asyncio.get_running_loop().call_later(0.05, halfway.go_on.set)
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert halfway.ended.is_set()
    assert not [*run.files("sound-*"), *run.files(".sound-*")]


def test_a_failing_model_stops_the_decoder_and_is_the_error_told(
    tmp_path: Path, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, halfway = Run(tmp_path / "c"), Halfway()
    monkeypatch.setattr(reading, "decode", halfway)

    class Dead(CountingTranscriber):
        async def transcribe(self, *_: Any) -> Any:
            halfway.go_on.set()
            raise MemoryError("no model")

    run.stages.transcriber = Dead()
    with pytest.raises(MemoryError, match="no model"):
        run(recording)
    assert halfway.ended.wait(5)


def test_a_silent_first_stream_is_passed_over_before_anybody_listens(tmp_path: Path) -> None:
    sounds = [silence(60), talk((2, 0), (50, 0.3), (8, 0))]
    run = Run(tmp_path / "c")
    meeting = run(write_streams(tmp_path / "a.mkv", sounds))
    assert "w300" in run.heard[0]
    assert meeting.transcript.duration == pytest.approx(60, abs=0.1)
    assert any("number 2 was used" in w for w in meeting.transcript.warnings)


def test_a_recording_that_breaks_off_is_partial_and_announced_as_the_file_says(
    tmp_path: Path,
) -> None:
    sound = np.concatenate([talk((50, 0.3)), white_noise(50)])
    path = write_sound(tmp_path / "a.flac", sound, codec="flac")
    os.truncate(path, path.stat().st_size * 2 // 3)
    run = Run(tmp_path / "c")
    meeting = run(path)
    assert meeting.transcript.partial is not None
    assert 50 < meeting.transcript.duration < 90
    assert run.durable[0] == (1, "meeting.started", {"title": "a", "duration": 100.0})


def test_nothing_is_announced_of_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF\x00\x01\x00\x00WAVE" + bytes(40))
    run = Run(tmp_path / "c")
    with pytest.raises(AudioCorrupt):
        run(path)
    assert run.events == []


def test_parts_of_the_way_that_do_not_join_on_are_left_out(
    tmp_path: Path, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.transcription._SNAPSHOT_SECONDS", 0.0)
    run = Run(tmp_path / "c")
    paused(monkeypatch, run, Halfway(MemoryError()))
    with pytest.raises(MemoryError):
        run(recording)
    parts = sorted(run.files("asr-halfway-*"))
    assert parts
    parts[0].rename(parts[0].with_name(parts[0].name.replace("halfway-0", f"halfway-{len(parts)}")))
    monkeypatch.setattr(reading, "decode", decode)
    again = Run(tmp_path / "c")
    assert again(recording).transcript == Run(tmp_path / "other")(recording).transcript


def test_no_more_speech_than_needed_is_looked_for_beside_the_first_window(tmp_path: Path) -> None:
    run = Run(tmp_path / "c")
    path = write_sound(tmp_path / "a.wav", talk(*[(2, 0.3), (1, 0)] * 400))
    listened: list[int] = []
    at_first: list[int] = []

    class Noting(LoudnessDetector):
        async def detect(self, state: Any, samples: Samples) -> Any:
            listened.append(len(samples))
            return await super().detect(state, samples)

    class Slow(CountingTranscriber):
        async def transcribe(self, window: Samples, hint: Any) -> Any:
            if not self.calls:
                await asyncio.sleep(0.3)
                at_first.append(sum(listened))
            return await super().transcribe(window, hint)

    async def speech() -> SpeechStage:
        return SpeechStage(Noting(), run.profile.vad)

    run.stages.speech = speech  # type: ignore[method-assign]
    run.stages.transcriber = Slow()
    run(path)
    assert at_first[0] < sum(listened) / 3
