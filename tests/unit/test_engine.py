"""A recording through the whole engine, over fakes: resumable, nothing done twice, nothing lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.checkpoints import Checkpoints
from pipeline.config import Profile, load_profile
from pipeline.errors import UnreadableAudio
from pipeline.events import MeetingEvent, replay
from pipeline.meeting import Meeting, MeetingEngine, Request
from pipeline.ports import AsrHint, Hearing, SpeakerHint
from pipeline.types import SAMPLE_RATE, Samples
from stages.fakes import CountingTranscriber, FakeStages
from tests.sounds import silence, write_sound

SECOND = SAMPLE_RATE


def talk(*parts: tuple[float, float]) -> Samples:
    """Stretches of (seconds, level): each level is a voice of its own to the fakes."""
    return np.concatenate([np.full(round(t * SECOND), v, np.float32) for t, v in parts])


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    sound = talk((1, 0), (20, 0.3), (3, 0), (20, 0.6), (4, 0), (30, 0.3), (1, 0))
    return write_sound(tmp_path / "standup.wav", sound)


class Run:
    """One engine over one folder of checkpoints, and what it was asked and said."""

    def __init__(self, root: Path, profile: Profile | None = None) -> None:
        self.profile = profile or load_profile("cpu")
        self.stages = FakeStages(self.profile)
        self.events: list[MeetingEvent] = []
        self._engine = MeetingEngine(self.profile, self.stages, Checkpoints(root))

    def __call__(self, path: Path, **wishes: Any) -> Meeting:
        return asyncio.run(self._engine.run(Request(path, **wishes), self.events.append))


def test_two_voices_become_two_speakers_with_all_their_words(
    tmp_path: Path, recording: Path
) -> None:
    meeting = Run(tmp_path / "c")(recording)
    transcript = meeting.transcript
    assert meeting.title == "standup"
    assert [s.name for s in transcript.speakers] == ["Speaker 1", "Speaker 2"]
    spoken = {s: Counter(w.text for w in transcript.words if w.speaker == s) for s in ("S1", "S2")}
    assert spoken["S1"].most_common(1)[0][0] == "w300"
    assert spoken["S2"].most_common(1)[0][0] == "w600"
    assert spoken["S1"]["w600"] == spoken["S2"]["w300"] == 0
    assert transcript.coverage.ratio > 0.95
    assert transcript.duration == 79.0
    assert meeting.minutes is not None
    assert meeting.minutes.overview[0].evidence == (transcript.utterances[0].id,)


def test_the_events_fold_to_the_result_and_durable_ones_are_numbered(
    tmp_path: Path, recording: Path
) -> None:
    run = Run(tmp_path / "c")
    meeting = run(recording)
    view = replay(run.events)
    assert view.ended
    assert view.transcript == meeting.transcript
    assert view.minutes == meeting.minutes
    numbers = [e.seq for e in run.events if e.seq is not None]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_second_run_asks_for_no_model(tmp_path: Path, recording: Path) -> None:
    first = Run(tmp_path / "c")(recording)
    again = Run(tmp_path / "c")
    assert again(recording) == first
    assert again.stages.used == []


def test_changed_summary_settings_redo_only_the_minutes(tmp_path: Path, recording: Path) -> None:
    Run(tmp_path / "c")(recording)
    changed = Run(tmp_path / "c", load_profile("cpu", {"minutes": {"chapter_minutes": 2}}))
    changed(recording)
    assert changed.stages.used == ["summariser"]


def test_another_speaker_count_listens_to_nothing_again(tmp_path: Path, recording: Path) -> None:
    Run(tmp_path / "c")(recording, minutes=False)
    run = Run(tmp_path / "c")

    async def deaf(*_: Any) -> Any:
        raise AssertionError("listened again")

    run.stages.voices.listen = deaf  # type: ignore[method-assign, assignment]
    meeting = run(recording, minutes=False, speakers=SpeakerHint(exactly=1))
    assert len(meeting.transcript.speakers) == 1
    assert set(run.stages.used) == {"diarizer"}


def test_a_run_that_died_goes_on_where_it_was(
    tmp_path: Path, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dying(CountingTranscriber):
        async def transcribe(self, window: Samples, hint: AsrHint) -> Hearing:
            if self.calls == 2:
                raise MemoryError
            return await super().transcribe(window, hint)

    monkeypatch.setattr("pipeline.transcription._SNAPSHOT_SECONDS", 0.0)
    undisturbed = Run(tmp_path / "other")(recording, minutes=False)
    run = Run(tmp_path / "c")
    run.stages.transcriber = Dying()
    with pytest.raises(MemoryError):
        run(recording, minutes=False)
    again = Run(tmp_path / "c")
    assert again(recording, minutes=False).transcript == undisturbed.transcript
    whole = Run(tmp_path / "third")
    whole(recording, minutes=False)
    assert again.stages.transcriber.calls < whole.stages.transcriber.calls  # type: ignore[attr-defined]


def test_each_channel_is_a_speaker_when_channels_are_kept_apart(tmp_path: Path) -> None:
    left = talk((5, 0.3), (10, 0))
    right = talk((8, 0), (6, 0.6), (1, 0))
    path = write_sound(tmp_path / "call.wav", np.stack([left, right]))
    run = Run(tmp_path / "c")
    meeting = run(path, channels="separate", minutes=False)
    assert [(u.speaker, u.words[5].text) for u in meeting.transcript.utterances] == [
        ("S1", "w300"), ("S2", "w600"),
    ]  # fmt: skip
    assert "diarizer" not in run.stages.used


def test_silence_gives_an_empty_transcript(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "silence.wav", silence(5))
    meeting = Run(tmp_path / "c")(path)
    assert meeting.transcript.utterances == ()
    assert meeting.transcript.language is None
    assert meeting.transcript.coverage.ratio == 1.0


def test_an_unreadable_file_leaves_no_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("not a sound at all\n" * 40)
    with pytest.raises(UnreadableAudio):
        Run(tmp_path / "c")(path)
    assert not [f for f in (tmp_path / "c").rglob("*") if f.is_file()]


def test_a_damaged_checkpoint_is_made_again(tmp_path: Path, recording: Path) -> None:
    first = Run(tmp_path / "c")(recording)
    for path in (tmp_path / "c").rglob("asr-*"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(bytes(data))
    assert Run(tmp_path / "c")(recording) == first


def test_pruning_removes_the_longest_unused_and_purging_all_of_one(
    tmp_path: Path, recording: Path
) -> None:
    checkpoints = Checkpoints(tmp_path / "c")
    meeting = Run(tmp_path / "c")(recording)
    assert checkpoints.size() > 0
    assert checkpoints.prune(0) == 0, "in use within the hour"
    assert checkpoints.prune(0, keep_seconds=0) > 0
    Run(tmp_path / "c")(recording)
    checkpoints.purge(meeting.recording)
    assert checkpoints.size() == 0


def test_the_models_that_heard_are_let_go_before_minutes_are_made(
    tmp_path: Path, recording: Path
) -> None:
    run = Run(tmp_path / "c")
    run(recording)
    assert {"speech", "asr", "diarizer"} <= set(run.stages.released)
    assert "summariser" not in run.stages.released
