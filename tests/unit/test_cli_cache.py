"""`parley cache`: what is kept of recordings can be seen and removed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.audio import content_hash
from pipeline.checkpoints import Checkpoints
from serve.cli.app import app
from serve.cli.outputs import Ledger

Parley = Callable[..., Result]


@pytest.fixture
def parley(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parley:
    monkeypatch.setenv("PARLEY_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["cache", *map(str, arguments)])


def remembered(name: str) -> str:
    """A recording of which something is kept; returns its id."""
    path = Path(name)
    path.write_text(name)
    recording = content_hash(path)
    kept = Checkpoints(Path("cache/recordings"))
    (kept.folder(recording) / "sound.s16").write_bytes(b"x" * 2_000_000)
    Ledger(kept).begin(recording, path)
    return recording


def folders() -> set[str]:
    return {f.name for f in Path("cache/recordings").iterdir()}


def test_what_is_kept_is_shown_with_the_file_it_came_from(parley: Parley) -> None:
    recording = remembered("a.wav")
    text = parley().stdout
    assert recording[:12] in text and "2.0 MB" in text and str(Path("a.wav").absolute()) in text
    assert "1 recording: 2.0 MB" in text


def test_an_empty_cache_is_no_error(parley: Parley) -> None:
    assert "0 recordings: 0.0 MB" in parley().stdout
    assert parley("clear").stdout == "Nothing is kept of any recording.\n"


def test_a_recording_is_purged_by_its_file(parley: Parley) -> None:
    one, other = remembered("a.wav"), remembered("b.wav")
    assert parley("purge", "a.wav").stdout == "a.wav: removed 2.0 MB\n"
    assert folders() == {other[:32]} and Path("a.wav").exists()
    assert parley("purge", "a.wav").stdout == "a.wav: nothing is kept\n"
    assert one[:32] not in folders()


def test_a_recording_is_purged_when_its_file_is_gone_or_by_its_id(parley: Parley) -> None:
    one, other = remembered("a.wav"), remembered("b.wav")
    Path("a.wav").unlink()
    assert parley("purge", "a.wav", other[:12]).exit_code == 0
    assert folders() == set()
    assert parley("purge", one[:12]).exit_code == 2


@pytest.mark.parametrize("thing", ["nothing.wav", "..", "0", "deadbeefdead"])
def test_what_is_not_known_is_refused(parley: Parley, thing: str) -> None:
    remembered("a.wav")
    assert parley("purge", thing).exit_code == 2
    assert len(folders()) == 1


def test_clearing_asks_or_is_told(parley: Parley) -> None:
    remembered("a.wav")
    assert parley("clear").exit_code == 2  # nobody to ask
    assert len(folders()) == 1
    assert "1 recording" in parley("clear", "--yes").stdout
    assert folders() == set()
