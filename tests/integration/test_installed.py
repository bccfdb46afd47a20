"""The wheel works where nothing of the project is: settings inside, no torch needed to start."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel and its core dependencies; its folder of programs."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", str(folder), str(ROOT)],
        check=True,
    )
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    (wheel,) = folder.glob("parley-*.whl")
    subprocess.run([str(python), "-m", "pip", "install", "-q", str(wheel)], check=True)
    return python.parent


def run(installed: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(installed / command[0]), *command[1:]],
        cwd=installed,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_command_starts_without_any_model_package(installed: Path) -> None:
    done = run(installed, "parley", "--help")
    assert done.returncode == 0, done.stderr
    assert "transcribe" in done.stdout
    assert run(installed, "python", "-c", "import torch").returncode != 0


def test_profiles_and_the_catalogue_of_models_come_with_it(installed: Path) -> None:
    done = run(installed, "parley", "models", "list")
    assert done.returncode == 0, done.stderr
    assert "faster-whisper-base" in done.stdout
    code = "from pipeline.config import profile_names; print(profile_names())"
    assert run(installed, "python", "-c", code).stdout.split() == ["['cpu',", "'gpu',", "'small']"]


def test_what_is_missing_to_transcribe_is_said_plainly(installed: Path, tmp_path: Path) -> None:
    sound = tmp_path / "a.wav"
    sound.write_bytes(b"RIFF" + bytes(100))
    done = run(installed, "parley", "transcribe", str(sound), "--offline")
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "parley[models]" in done.stderr
