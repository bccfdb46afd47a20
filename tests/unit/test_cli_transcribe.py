"""`parley transcribe` over stand-ins: what is written, what is refused, and every exit code."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from pipeline.config import Profile
from pipeline.errors import ModelMissing
from pipeline.ports import AsrHint, Hearing, Progress
from pipeline.types import Samples
from serve.cli import batch, failures
from serve.cli.app import app
from stages import fakes as made_up
from stages.fakes import CountingTranscriber, FakeStages
from tests.sounds import silence, write_sound

Parley = Callable[..., Result]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[FakeStages]:
    """The stand-ins of each run, in order."""
    made: list[FakeStages] = []

    def local_stages(profile: Profile, offline: bool, progress: Progress) -> FakeStages:
        made.append(FakeStages(profile))
        return made[-1]

    monkeypatch.setattr(batch, "local_stages", local_stages)
    return made


@pytest.fixture
def parley(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: list[FakeStages]
) -> Iterator[Parley]:
    """Runs a command in a folder of its own, with a cache of its own."""
    pytest.importorskip("av")
    monkeypatch.setenv("PARLEY_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PARLEY_CACHE_LIMIT", raising=False)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(a) for a in arguments])

    yield run
    monkeypatch.setattr(failures, "_debugging", False)


def meeting(name: str, levels: tuple[float, ...] = (0.3, 0.8)) -> Path:
    """A file in which two "voices" take turns, three seconds each."""
    parts = [np.full(48_000, level, np.float32) for level in levels]
    gap = silence(3.0)
    return write_sound(Path(name), np.concatenate([p for part in parts for p in (part, gap)]))


def names(folder: str = "minutes") -> list[str]:
    return sorted(p.name for p in Path(folder).iterdir())


def failing(error: Exception) -> Callable[..., object]:
    async def fail(*_: object, **__: object) -> object:
        raise error

    return fail


def test_a_recording_becomes_transcript_and_minutes(parley: Parley) -> None:
    result = parley("transcribe", meeting("team.wav"))
    assert result.exit_code == 0
    assert names() == ["team.json", "team.md"]
    document = json.loads(Path("minutes/team.json").read_text())
    assert {u["speaker"] for u in document["transcript"]["utterances"]} == {"S1", "S2"}
    assert document["minutes"]["overview"]
    assert "Speaker 2: w" in result.stdout
    assert "wrote minutes/team.json, .md" in result.stderr


def test_all_formats_are_written_under_their_own_endings(parley: Parley) -> None:
    assert parley("transcribe", meeting("a.wav"), "--format", "all", "--out", "x/y").exit_code == 0
    endings = ["docx", "json", "md", "rttm", "seglst.json", "srt", "txt", "vtt"]
    assert names("x/y") == [f"a.{ending}" for ending in endings]


def test_formats_may_be_chosen_one_by_one(parley: Parley) -> None:
    assert parley("transcribe", meeting("a.wav"), "-f", "srt", "-f", "rttm").exit_code == 0
    assert names() == ["a.rttm", "a.srt"]


def test_without_minutes_none_are_made(parley: Parley, made: list[FakeStages]) -> None:
    assert parley("transcribe", meeting("a.wav"), "--no-minutes").exit_code == 0
    assert json.loads(Path("minutes/a.json").read_text())["minutes"] is None
    assert "summariser" not in made[0].used


def test_the_number_of_speakers_is_kept_to(parley: Parley) -> None:
    assert parley("transcribe", meeting("a.wav", (0.3, 0.5, 0.8)), "-n", 2).exit_code == 0
    document = json.loads(Path("minutes/a.json").read_text())
    assert len(document["transcript"]["speakers"]) == 2


def test_each_channel_can_be_a_speaker(parley: Parley, made: list[FakeStages]) -> None:
    loud, quiet = np.full(48_000, 0.5, np.float32), silence(3.0)
    left, right = np.concatenate([loud, quiet]), np.concatenate([quiet, loud])
    path = write_sound(Path("call.wav"), np.stack([left, right]))
    assert parley("transcribe", path, "--channels", "separate").exit_code == 0
    assert "diarizer" not in made[0].used
    document = json.loads(Path("minutes/call.json").read_text())
    assert [u["speaker"] for u in document["transcript"]["utterances"]] == ["S1", "S2"]


def test_the_title_given_is_the_title_shown(parley: Parley) -> None:
    result = parley("transcribe", meeting("a.wav"), "--title", "Weekly [sync]")
    assert result.stdout.startswith("Weekly [sync]\n")
    assert json.loads(Path("minutes/a.json").read_text())["title"] == "Weekly [sync]"


def test_one_bad_recording_never_stops_the_rest(parley: Parley, made: list[FakeStages]) -> None:
    bad = Path("bad.wav")
    bad.write_text("this is no sound")
    result = parley("transcribe", "gone.wav", bad, meeting("good.wav"), "-q")
    assert result.exit_code == 1
    assert names() == ["good.json", "good.md"]
    assert "[audio.missing] gone.wav" in result.stderr
    assert "[audio.not_media] bad.wav" in result.stderr
    assert len(made) == 1


def test_a_single_bad_recording_gives_its_own_code(parley: Parley) -> None:
    Path("empty.wav").touch()
    result = parley("transcribe", "empty.wav")
    assert result.exit_code == 3
    assert result.stderr.splitlines()[-1].startswith("[audio.empty] empty.wav")
    assert result.stdout == ""


def test_recordings_that_all_fail_alike_give_that_code(parley: Parley) -> None:
    assert parley("transcribe", "a.wav", "b.wav").exit_code == 3


def test_a_recording_that_breaks_off_is_done_and_marked(parley: Parley) -> None:
    path = meeting("a.wav", (0.3, 0.8, 0.5))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    result = parley("transcribe", path)
    assert result.exit_code == 4
    assert "only partly readable" in result.stderr
    assert json.loads(Path("minutes/a.json").read_text())["transcript"]["partial"]
    assert "Only part of the recording could be read" in result.stdout
    assert parley("transcribe", path, meeting("b.wav"), "-q").exit_code == 4


def test_a_missing_model_ends_the_run_with_its_code(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = ModelMissing("base: not on this machine. `parley models pull base` fetches it.")
    monkeypatch.setattr(FakeStages, "asr", failing(missing))
    result = parley("transcribe", meeting("a.wav"), meeting("b.wav"))
    assert result.exit_code == 5
    assert "[model.missing] base: not on this machine" in result.stderr
    assert "1 more not tried" in result.stderr


def test_an_error_in_two_stages_at_once_is_told_as_the_one_that_helps(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeStages, "asr", failing(RuntimeError("odd")))
    monkeypatch.setattr(FakeStages, "diarizer", failing(ModelMissing("voices: missing.")))
    assert parley("transcribe", meeting("a.wav")).exit_code in (1, 5)


def test_an_unexpected_error_is_one_line_unless_asked_for_more(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeStages, "asr", failing(RuntimeError("broken\nin two")))
    short = parley("transcribe", meeting("a.wav"), "-q")
    assert short.exit_code == 1
    assert short.stderr.startswith("[parley.error] unexpected RuntimeError: broken in two.")
    assert len(short.stderr.splitlines()) == 1
    assert "--debug" in short.stderr
    long = parley("transcribe", Path("a.wav"), "-q", "--debug")
    assert "Traceback" in long.stderr and "[parley.error]" in long.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--format", "pdf"],
        ["--speakers", "0"],
        ["--speakers", "two"],
        ["--speakers", "2", "--max-speakers", "3"],
        ["--channels", "left"],
        ["--language", "klingon"],
        ["--profile", "nowhere"],
        ["--set", "asr.beams=3"],
        ["--set", "asr.beam_size=0"],
        ["--overwrite", "--skip-existing"],
        ["--title", "one", "other.wav"],
        ["--nonsense"],
    ],
)
def test_wrong_use_is_refused_before_any_work(
    parley: Parley, made: list[FakeStages], arguments: list[str]
) -> None:
    result = parley("transcribe", meeting("a.wav"), *arguments)
    assert result.exit_code == 2
    assert not made and not Path("minutes").exists()


def test_the_same_command_again_computes_nothing(parley: Parley, made: list[FakeStages]) -> None:
    path = meeting("a.wav")
    assert parley("transcribe", path).exit_code == 0
    before = Path("minutes/a.json").stat().st_mtime_ns
    assert parley("transcribe", path).exit_code == 0
    assert made[1].used == []
    assert Path("minutes/a.json").stat().st_mtime_ns == before


def test_other_settings_do_not_replace_what_is_there(
    parley: Parley, made: list[FakeStages]
) -> None:
    path = meeting("a.wav", (0.3, 0.5, 0.8))
    assert parley("transcribe", path).exit_code == 0
    before = Path("minutes/a.json").read_bytes()
    refused = parley("transcribe", path, "-n", 2)
    assert refused.exit_code == 2
    assert "[output.exists]" in refused.stderr
    assert made[1].used == [] and Path("minutes/a.json").read_bytes() == before
    assert parley("transcribe", path, "-n", 2, "--skip-existing").exit_code == 0
    assert Path("minutes/a.json").read_bytes() == before
    assert parley("transcribe", path, "-n", 2, "--overwrite").exit_code == 0
    assert Path("minutes/a.json").read_bytes() != before
    assert "asr" not in made[-1].used


def test_a_result_that_a_person_changed_is_not_replaced(parley: Parley) -> None:
    path = meeting("a.wav")
    parley("transcribe", path)
    Path("minutes/a.md").write_text("my notes")
    result = parley("transcribe", path, "-q")
    assert result.exit_code == 2
    assert Path("minutes/a.md").read_text() == "my notes"


def test_a_file_of_another_kind_is_never_replaced(parley: Parley, made: list[FakeStages]) -> None:
    Path("minutes").mkdir()
    Path("minutes/a.md").write_text("mine")
    assert parley("transcribe", meeting("a.wav"), meeting("b.wav")).exit_code == 2
    assert names() == ["a.md"] and made[0].used == []


def test_recordings_of_one_name_get_results_of_different_names(parley: Parley) -> None:
    os.makedirs("mon")
    os.makedirs("tue")
    assert parley("transcribe", meeting("mon/a.wav"), meeting("tue/a.wav")).exit_code == 0
    assert names() == ["mon-a.json", "mon-a.md", "tue-a.json", "tue-a.md"]


def test_fresh_computes_everything_anew(parley: Parley, made: list[FakeStages]) -> None:
    path = meeting("a.wav")
    parley("transcribe", path)
    assert parley("transcribe", path, "--fresh").exit_code == 2
    assert parley("transcribe", path, "--fresh", "--overwrite").exit_code == 0
    assert "asr" in made[-1].used


def test_without_a_cache_nothing_of_the_recording_stays(parley: Parley, tmp_path: Path) -> None:
    assert parley("transcribe", meeting("a.wav"), "--no-cache").exit_code == 0
    assert not (tmp_path / "cache" / "recordings").exists()


def test_quiet_says_nothing(parley: Parley) -> None:
    result = parley("transcribe", meeting("a.wav"), "--quiet")
    assert (result.exit_code, result.output) == (0, "")


def test_json_is_all_that_standard_output_holds(parley: Parley) -> None:
    result = parley("transcribe", meeting("a.wav"), "gone.wav", "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    ends = [line["payload"] for line in lines if line["type"] == "file.ended"]
    assert [(e["status"], e["exit_code"]) for e in ends] == [("done", 0), ("failed", 3)]
    assert ends[0]["outputs"] == ["minutes/a.json", "minutes/a.md"]
    assert {"meeting.started", "utterance.final", "minutes.final"} <= {x["type"] for x in lines}


def test_output_elsewhere_than_on_a_terminal_has_no_control_characters(parley: Parley) -> None:
    result = parley("transcribe", meeting("a.wav"), "gone.wav")
    assert "\x1b" not in result.output and "\r" not in result.output


class Interrupted:
    """A Transcriber in the middle of whose work the user presses Ctrl-C."""

    def __init__(self) -> None:
        self.calls = 0
        self.real = CountingTranscriber()

    async def transcribe(self, window: Samples, hint: AsrHint) -> Hearing:
        self.calls += 1
        if self.calls == 6:
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(60)
        return await self.real.transcribe(window, hint)


def test_an_interrupted_run_says_that_it_can_go_on_and_does(
    parley: Parley, made: list[FakeStages], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.transcription._SNAPSHOT_SECONDS", 0.0)
    interrupted = Interrupted()
    monkeypatch.setattr(made_up, "CountingTranscriber", lambda: interrupted)
    path = meeting("a.wav", (0.3, 0.8) * 14)
    stopped = parley("transcribe", path)
    assert stopped.exit_code == 130
    assert "The same command goes on where it stopped." in stopped.stderr
    assert not Path("minutes").exists()
    first = interrupted.calls
    assert parley("transcribe", path).exit_code == 0
    alone = Interrupted()
    alone.calls = 6
    monkeypatch.setattr(made_up, "CountingTranscriber", lambda: alone)
    assert parley("transcribe", path, "--fresh", "--overwrite").exit_code == 0
    assert interrupted.calls - first < alone.calls - 6  # the first windows were not heard again


def test_an_interrupted_run_without_a_cache_promises_nothing(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(made_up, "CountingTranscriber", Interrupted)
    stopped = parley("transcribe", meeting("a.wav", (0.3, 0.8) * 14), "--no-cache", "-q")
    assert (stopped.exit_code, stopped.stderr) == (130, "Stopped.\n")


def test_the_cache_keeps_to_its_limit(
    parley: Parley, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARLEY_CACHE_LIMIT", "0")
    parley("transcribe", meeting("a.wav"))
    kept = list((tmp_path / "cache" / "recordings").iterdir())
    assert len(kept) == 1  # in use until just now
    os.utime(kept[0], (0, 0))
    parley("transcribe", meeting("b.wav", (0.8, 0.3)))
    assert kept[0] not in list((tmp_path / "cache" / "recordings").iterdir())
    monkeypatch.setenv("PARLEY_CACHE_LIMIT", "lots")
    assert parley("transcribe", meeting("c.wav")).exit_code == 2


def test_the_demo_writes_every_format_and_says_how_to_go_on(parley: Parley) -> None:
    pytest.importorskip("pyannote.core")
    for _ in range(2):  # every time after, too
        result = parley("demo")
        assert result.exit_code == 0
        assert len(names()) == 8 and "pyannote-sample.md" in names()
        assert "transcribe RECORDING" in result.stdout


def test_the_demo_needs_no_import_of_what_ships_its_recording() -> None:
    pytest.importorskip("pyannote.core")
    program = (
        "import sys; from serve.cli.demo import sample; print(sample(), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.endswith("sample.wav False\n")


def test_a_demo_without_its_recording_says_what_to_install(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serve.cli.demo.find_spec", lambda name: None)
    result = parley("demo")
    assert result.exit_code == 3
    assert "pip install 'parley[models]'" in result.stderr
