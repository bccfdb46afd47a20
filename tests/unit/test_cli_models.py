"""`parley models` over a small model of the user's own that lies in a folder."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from serve.cli.app import app

Parley = Callable[..., Result]
BODY = b"weights" * 100


@pytest.fixture
def parley(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parley:
    source = tmp_path / "source"
    source.mkdir()
    (source / "model.bin").write_bytes(BODY)
    digest = hashlib.sha256(BODY).hexdigest()
    (tmp_path / "own.yaml").write_text(
        "models:\n  mine:\n    kind: asr\n    licence: MIT\n"
        f"    files: {{model.bin: {{sha256: {digest}, size: {len(BODY)}}}}}\n"
        f"    sources: [{{kind: path, path: {source}}}]\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PARLEY_MODELS", str(tmp_path / "own.yaml"))
    monkeypatch.setenv("PARLEY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PARLEY_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["models", *map(str, arguments)])


def weights(root: Path) -> Path:
    return next((root / "cache" / "models" / "mine").glob("*/files/model.bin"))


def test_pulling_brings_a_model_once(parley: Parley) -> None:
    first, second = parley("pull", "mine"), parley("pull", "mine")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "✓ mine: 0 MB from" in first.stdout
    assert second.stdout == "✓ mine: already here\n"


def test_the_list_says_what_is_here_and_what_the_profile_needs(parley: Parley) -> None:
    parley("pull", "mine")
    lines = parley("list").stdout.splitlines()
    assert any(line.startswith("* faster-whisper-base ") and "missing" in line for line in lines)
    assert any(line.startswith("  mine ") and "ready" in line for line in lines)
    rows = json.loads(parley("list", "--json").stdout)
    assert {r["name"]: (r["state"], r["needed"]) for r in rows}["mine"] == ("ready", False)


def test_verify_finds_a_file_that_changed(parley: Parley, tmp_path: Path) -> None:
    assert "No model is on this machine" in parley("verify").stdout
    parley("pull", "mine")
    assert parley("verify").stdout == "✓ mine: 1 files\n"
    path = weights(tmp_path)
    path.unlink()
    path.write_bytes(b"x" + BODY[1:])
    result = parley("verify", "mine")
    assert result.exit_code == 5
    assert "`parley models pull mine` mends it" in result.stdout


def test_a_bundle_carries_a_model_to_another_machine(
    parley: Parley, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parley("pull", "mine")
    assert parley("export", "bundle.tar", "mine").exit_code == 0
    assert parley("export", "bundle.tar", "mine").exit_code == 2
    assert parley("export", "bundle.tar", "mine", "--overwrite").exit_code == 0
    monkeypatch.setenv("PARLEY_CACHE", str(tmp_path / "other"))
    result = parley("import", "bundle.tar")
    assert (result.exit_code, result.stdout) == (0, "✓ mine: ready for use\n")
    assert parley("verify", "mine").exit_code == 0


def test_a_damaged_bundle_is_refused(parley: Parley, tmp_path: Path) -> None:
    (tmp_path / "bundle.tar").write_bytes(b"no bundle")
    result = parley("import", "bundle.tar")
    assert result.exit_code == 5
    assert result.stderr.startswith("[model.corrupt] bundle.tar")


def test_what_cannot_be_had_is_said_with_what_mends_it(parley: Parley) -> None:
    unknown = parley("pull", "nothing")
    assert (unknown.exit_code, unknown.stderr[:15]) == (5, "[model.unknown]")
    missing = parley("pull", "faster-whisper-base")
    assert missing.exit_code == 5
    assert "[model.missing]" in missing.stderr and "models import" in missing.stderr
    assert parley("export", "b.tar", "faster-whisper-base").exit_code == 5
    assert parley("list", "--profile", "nowhere").exit_code == 2


def test_quiet_pulls_say_nothing(parley: Parley) -> None:
    assert parley("pull", "mine", "--quiet").output == ""
