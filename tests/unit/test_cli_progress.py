"""What a run tells while it goes on: the time left, plain lines, the live view, JSON lines."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.events import MeetingEvent
from serve.cli import reporting
from serve.cli.failures import Failure
from serve.cli.live import LiveView
from serve.cli.pace import Pace
from serve.cli.reporting import JsonLines, Lines, Outcome, Quiet
from stages.models import PullEvent

BAD = Outcome(Path("a.wav"), "failed", 3, failure=Failure("audio.empty", "a.wav: empty.", 3))


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def progress(stage: str, done: float) -> MeetingEvent:
    return MeetingEvent(None, "stage.progress", 0.0, {"stage": stage, "done": done})


def test_time_left_follows_the_pace() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.report(0.0)
    assert pace.left() is None
    clock.now += 10
    pace.report(0.25)
    assert pace.left() == pytest.approx(30)
    clock.now += 5
    assert pace.left() == pytest.approx(25)
    clock.now += 100
    assert pace.left() == 0


def test_what_an_earlier_run_did_is_no_part_of_the_pace() -> None:
    clock = Clock()
    pace = Pace(clock)
    clock.now += 1
    pace.report(0.8)
    clock.now += 10
    pace.report(0.9)
    assert pace.left() == pytest.approx(10)


def test_nothing_is_said_of_the_time_left_too_early_or_at_the_end() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.report(0.0)
    clock.now += 1
    pace.report(0.5)
    assert pace.left() is None
    clock.now += 9
    pace.report(1.0)
    assert pace.left() is None
    assert pace.elapsed == pytest.approx(10)


def test_a_stage_that_begins_anew_gets_a_new_pace() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.report(0.0)
    clock.now += 100
    pace.report(1.0)
    pace.report(0.0)
    clock.now += 10
    pace.report(0.5)
    assert pace.left() == pytest.approx(10)


def test_lines_tell_of_slow_stages_and_of_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Clock()
    monkeypatch.setattr(reporting.time, "monotonic", clock)
    lines = Lines(interval=10)
    lines.begin(Path("a.wav"), 1, 2)
    for done in (0.0, 0.1, 0.2, 0.3, 1.0, 1.0):
        lines.event(progress("transcribe", done))
        clock.now += 6
    lines.event(MeetingEvent(1, "warning", 0.0, {"text": "odd\x1b[31m sound"}))
    lines.end(BAD)
    assert capsys.readouterr().err.splitlines() == [
        "[1/2] a.wav",
        "  Transcribe: 20%",
        "  Transcribe: done in 00:00",
        "  Note: odd�[31m sound",
        "[audio.empty] a.wav: empty.",
    ]


def test_lines_tell_of_a_download_in_bytes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Clock()
    monkeypatch.setattr(reporting.time, "monotonic", clock)
    lines = Lines(interval=10)
    for done in (0, 50_000_000, 100_000_000, 100_000_000):
        lines.pulling(PullEvent("base", "fetch", done, 100_000_000, "hub"))
        clock.now += 11
    lines.pulling(PullEvent("base", "convert", 1000, 1000))
    assert capsys.readouterr().err.splitlines() == [
        "  Fetching base: 50 of 100 MB",
        "  Fetching base: 100 of 100 MB",
        "  Converting base: 100%",
    ]


def test_quiet_tells_of_errors_only(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = Quiet()
    quiet.begin(Path("a.wav"), 1, 1)
    quiet.event(progress("transcribe", 0.5))
    quiet.pulling(PullEvent("base", "fetch", 1, 2))
    quiet.end(Outcome(Path("a.wav"), "done"))
    assert capsys.readouterr() == ("", "")
    quiet.end(BAD)
    quiet.end(Outcome(Path("b.wav"), "partial", 4))
    assert capsys.readouterr().err.splitlines() == [
        "[audio.empty] a.wav: empty.",
        "[audio.partial] b.wav: it breaks off",
    ]


def test_every_line_of_json_is_an_object_with_its_file(capsys: pytest.CaptureFixture[str]) -> None:
    out = io.StringIO()
    lines = JsonLines(out)
    lines.begin(Path("a\nb.wav"), 1, 1)
    lines.event(progress("decode", 1.0))
    lines.event(MeetingEvent(3, "warning", 5.0, {"text": "日本"}))
    lines.pulling(PullEvent("base", "wait", 0, None))
    lines.end(BAD)
    read = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [r["type"] for r in read] == [
        "file.started",
        "stage.progress",
        "warning",
        "model.progress",
        "file.ended",
    ]
    assert {r["file"] for r in read} == {"a\nb.wav"}
    assert [r.get("seq") for r in read] == [None, None, 3, None, None]
    assert read[-1]["payload"]["error"] == {"code": "audio.empty", "message": "a.wav: empty."}
    assert "audio.empty" in capsys.readouterr().err


def live(width: int, *stages: str) -> tuple[LiveView, io.StringIO, Console]:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=width, color_system=None)
    return LiveView(console, stages), stream, console


def drawn(view: LiveView, width: int) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(view._view)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return str(text)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_live_view_shows_every_stage_on_one_line_each(width: int) -> None:
    view, _, _ = live(width, "decode", "transcribe", "diarize", "minutes")
    view.begin(Path("[red]talk.wav"), 2, 3)
    view.event(MeetingEvent(1, "meeting.started", 0.0, {"title": "t", "duration": 3725.0}))
    view.event(progress("decode", 1.0))
    view.event(progress("transcribe", 0.25))
    view.event(MeetingEvent(None, "utterance.partial", 0.0, {"text": "a [b]word[/b] " * 30}))
    view.pulling(PullEvent("base", "fetch", 40_000_000, 80_000_000, "hub"))
    lines = drawn(view, width).splitlines()
    view.close()
    assert len(lines) == 7
    assert all(len(line) <= width for line in lines)
    assert lines[0].startswith("[red]talk.wav  (2 of 3)  1:02:05"[:width])
    if width >= 80:
        assert "done in 00:00" in lines[1]
        assert "25%" in lines[2]
        assert "Fetching base" in lines[5] and "40 of 80 MB" in lines[5]
        assert "a [b]word[/b]" in lines[6]


def test_a_download_leaves_the_view_when_it_is_over() -> None:
    view, _, _ = live(80)
    view.open("Models")
    view.pulling(PullEvent("base", "fetch", 10, 10, "hub"))
    assert "Fetching" not in drawn(view, 80)
    view.pulling(PullEvent("base", "convert", 500, 1000))
    assert "Converting base" in drawn(view, 80) and "50%" in drawn(view, 80)
    view.close()


def test_the_live_view_leaves_one_line_behind(capsys: pytest.CaptureFixture[str]) -> None:
    view, stream, _ = live(80, "decode", "transcribe")
    view.begin(Path("a.wav"), 1, 1)
    view.end(Outcome(Path("a.wav"), "skipped", written=(Path("o/a.md"),)))
    assert stream.getvalue().splitlines()[-1].endswith("✓ a.wav: passed over: o/a.md already there")
    view.begin(Path("a.wav"), 1, 1)
    view.end(BAD)
    assert "[audio.empty] a.wav: empty." in capsys.readouterr().err
