"""Results get names of their own, and nothing is computed that could not be written."""

import os
from pathlib import Path

import pytest

from pipeline.audio import content_hash
from pipeline.checkpoints import Checkpoints
from pipeline.errors import OutputExists, UsageError
from serve.cli.outputs import Ledger, plan, read_ledger, refuse_existing


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"sound")
    return path


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(Checkpoints(tmp_path / "cache"))


def test_a_recording_named_twice_is_taken_once(tmp_path: Path) -> None:
    items = plan([Path("a.wav"), Path("./a.wav"), Path("b/a.wav")], tmp_path, ["json"])
    assert [i.path for i in items] == [Path("./a.wav"), Path("b/a.wav")]
    assert len({i.stem for i in items}) == 2


def test_results_need_a_folder(recording: Path) -> None:
    with pytest.raises(UsageError, match="is a file"):
        plan([recording], recording / "out", ["json"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to_is_refused_at_once(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UsageError, match="may not be written"):
        plan([Path("a.wav")], tmp_path / "out", ["json"])


def test_free_names_are_not_refused(recording: Path, ledger: Ledger) -> None:
    refuse_existing(plan([recording], recording.parent, ["json"]), ledger, "key")


def test_what_another_run_wrote_is_refused(recording: Path, ledger: Ledger) -> None:
    items = plan([recording], recording.parent, ["json", "md"])
    items[0].targets["md"].write_text("mine")
    with pytest.raises(OutputExists, match="talk.md"):
        refuse_existing(items, ledger, "key")


def test_what_the_same_run_wrote_is_no_obstacle(recording: Path, ledger: Ledger) -> None:
    items = plan([recording], recording.parent, ["json"])
    path = items[0].targets["json"]
    path.write_text("{}")
    ledger.wrote(content_hash(recording), [path], "key")
    refuse_existing(items, ledger, "key")
    for known, key in ((ledger, "other settings"), (None, "key")):
        with pytest.raises(OutputExists):
            refuse_existing(items, known, key)
    recording.write_bytes(b"another sound")
    with pytest.raises(OutputExists):
        refuse_existing(items, ledger, "key")


def test_a_recording_that_is_gone_owns_nothing(recording: Path, ledger: Ledger) -> None:
    items = plan([recording], recording.parent, ["json"])
    items[0].targets["json"].write_text("{}")
    recording.unlink()
    with pytest.raises(OutputExists):
        refuse_existing(items, ledger, "key")


def test_a_damaged_ledger_knows_nothing(recording: Path, tmp_path: Path, ledger: Ledger) -> None:
    ledger.begin("0" * 64, recording)
    folder = tmp_path / "cache" / ("0" * 32)
    assert read_ledger(folder)["source"] == str(recording)
    (folder / "written.json").write_text("[")
    assert read_ledger(folder) == {}
    assert not ledger.owns("0" * 64, recording, "key")


def test_many_files_in_the_way_are_counted_not_listed(tmp_path: Path) -> None:
    items = plan([tmp_path / f"{i}.wav" for i in range(9)], tmp_path, ["json"])
    for item in items:
        item.targets["json"].write_text("")
    with pytest.raises(OutputExists, match="and 4 more"):
        refuse_existing(items, None, "key")
