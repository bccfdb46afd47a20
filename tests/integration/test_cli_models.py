"""The whole command with the real models, on the recording that pyannote.audio ships."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from serve.cli.settings import overrides, resolve
from stages.models import Registry

pytestmark = pytest.mark.model

WITHOUT = "minutes.language_model=null"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    registry = Registry.load()
    needed = registry.names_for(resolve("cpu", overrides([WITHOUT])))
    if missing := [name for name in needed if not registry.ready(name)]:
        pytest.skip(f"not on this machine: {', '.join(missing)}; `parley models pull` fetches them")
    folder = tmp_path_factory.mktemp("demo")
    # Weights from the user's cache, everything else in a place of its own.
    (folder / "cache").mkdir()
    (folder / "cache" / "models").symlink_to(registry.store.root / "models")
    done = subprocess.run(
        [sys.executable, "-m", "serve.cli", "demo", "--offline", "--set", WITHOUT],
        cwd=folder,
        env={**os.environ, "PARLEY_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
    )
    return folder, done


def test_the_demo_turns_a_real_conversation_into_every_format(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, done = demo
    assert done.returncode == 0, done.stderr
    endings = {"docx", "json", "md", "rttm", "seglst.json", "srt", "txt", "vtt"}
    assert {p.name for p in (folder / "minutes").iterdir()} == {
        f"pyannote-sample.{ending}" for ending in endings
    }
    assert "Traceback" not in done.stderr and "Warning" not in done.stderr


def test_two_people_speak_of_chicago(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, _ = demo
    document = json.loads((folder / "minutes" / "pyannote-sample.json").read_text())
    said = document["transcript"]["utterances"]
    assert len({u["speaker"] for u in said}) == 2
    assert "Chicago" in " ".join(u["text"] for u in said)
    assert all(statement["evidence"] for statement in document["minutes"]["overview"])
