"""The command as a process: fast help, a real Ctrl-C, a real terminal, a closed pipe."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.sounds import silence, write_sound

FAKE = """
import sys
from serve.cli import batch, main
from stages.fakes import FakeStages
batch.local_stages = lambda profile, offline, progress: FakeStages(profile, pause={pause})
sys.exit(main())
"""


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Five minutes in which two "voices" take turns."""
    turns = [np.full(80_000, level, np.float32) for level in (0.3, 0.8)]
    sound = np.concatenate([p for turn in turns * 20 for p in (turn, silence(2.5))])
    return write_sound(tmp_path / "long.wav", sound)


def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "PARLEY_CACHE": str(tmp_path / "cache"), "TERM": "xterm-256color"}


def fake(pause: float, *arguments: object) -> list[str]:
    return [sys.executable, "-c", FAKE.format(pause=pause), *map(str, arguments)]


def test_help_imports_nothing_heavy_and_is_quick() -> None:
    heavy = "{'numpy', 'torch', 'pydantic_core', 'rich', 'av', 'yaml', 'httpx'}"
    program = f"import sys, serve.cli.app; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    loaded = set(json.loads(done.stdout.replace("'", '"')))
    assert loaded <= {"pydantic_core", "rich"}  # typer's own
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        done = subprocess.run([sys.executable, "-m", "serve.cli", "--help"], capture_output=True)
        times.append(time.perf_counter() - begun)
        assert done.returncode == 0 and b"transcribe" in done.stdout
    assert min(times) < 2.0  # seconds; a busy machine included


def test_an_interrupted_process_ends_with_130_and_goes_on_later(
    tmp_path: Path, recording: Path
) -> None:
    command = fake(0.5, "transcribe", recording)
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment(tmp_path), stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    for line in process.stderr:
        if "Tell speakers apart" in line:
            break
    process.send_signal(signal.SIGINT)
    told = process.communicate()[1]
    assert process.wait(timeout=20) == 130
    assert "The same command goes on where it stopped." in told
    assert "Traceback" not in told
    assert not list(tmp_path.glob("minutes/*"))
    again = subprocess.run(
        fake(0, "transcribe", recording), cwd=tmp_path, env=environment(tmp_path)
    )
    assert again.returncode == 0
    assert (tmp_path / "minutes" / "long.md").exists()
    assert not list((tmp_path / "cache").rglob("*.part"))


def test_a_reader_that_goes_away_is_no_traceback(tmp_path: Path, recording: Path) -> None:
    process = subprocess.Popen(
        fake(0, "transcribe", recording, "--json"),
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    told = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(timeout=30) == 1
    assert "Traceback" not in told


@pytest.mark.parametrize("command", ["", "transcribe", "models", "frobnicate", "transcribe -x a"])
def test_wrong_use_of_the_process_is_code_2(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "serve.cli", *command.split()], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "Usage: parley" in done.stdout or done.stderr.startswith("[usage.invalid] ")


@pytest.mark.parametrize("width", [80, 120])
def test_on_a_terminal_progress_is_drawn_and_the_result_is_laid_out(
    tmp_path: Path, recording: Path, width: int
) -> None:
    environ = environment(tmp_path) | {"COLUMNS": str(width)}
    code, text = on_terminal(fake(0.05, "transcribe", recording), tmp_path, environ)
    assert code == 0
    assert "Tell speakers apart" in text and "━" in text
    assert "\x1b[1mOverview" in text
    assert "more until" in text and "all of it is in minutes/long.md" in text
    assert "Written to \x1b[0mminutes/long.json, .md\r\n" in text
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h")  # the cursor is shown again


def on_terminal(command: list[str], folder: Path, environ: dict[str, str]) -> tuple[int, str]:
    """Exit code and everything written when all three streams are a terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        command, cwd=folder, env=environ, stdin=slave, stdout=slave, stderr=slave
    )
    os.close(slave)
    written = b""
    while True:
        ready, _, _ = select.select([master], [], [], 30)
        try:
            piece = os.read(master, 65536) if ready else b""
        except OSError:  # Linux says so when the other end is closed
            break
        if not piece:
            break
        written += piece
    os.close(master)
    return process.wait(timeout=10), written.decode(errors="replace")
