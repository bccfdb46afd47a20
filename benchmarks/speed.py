"""Times Parley on a recording: seconds a stage, real-time factor, CPU seconds, peak memory.

    python -m benchmarks.speed FILE... [--profile cpu] [--runs 1] [--no-minutes] [--json F]

Each run is a process of its own with no checkpoint to help it, so loading the models counts.
"first" is the time from its start to the first window of words; the stages' own seconds are counted
from their first to their last sign of progress. Transcription and diarization run at the same time,
so the stages add up to more than the whole. Memory is that of the process and its children at the
peak: RSS, and RssAnon, which leaves out mapped files.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.watching import Watch, held, reaped

STAGES = ("decode", "transcribe", "diarize", "attribute", "minutes")
PACKAGES = ("faster-whisper", "ctranslate2", "pyannote.audio", "torch", "transformers")


def main() -> None:
    """Read the arguments, run, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--profile", default="cpu")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--no-minutes", action="store_true")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    print(
        f"{'recording':24s}{'sound':>9s}{'wall':>9s}{'RTF':>8s}{'CPU':>9s}{'CPU/s':>8s}{'first':>8s}"
        f"{'RSS':>9s}{'anon':>9s}" + "".join(f"{s:>12s}" for s in STAGES)
    )
    rows = []
    for file in arguments.files:
        for _ in range(arguments.runs):
            row = measure(file, arguments.profile, minutes=not arguments.no_minutes)
            rows.append(row)
            _print(row)
    if arguments.json:
        write(arguments.json, rows)


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    """Keep the figures with the machine and the versions they were measured with."""
    versions = {name: version(name) for name in PACKAGES}
    machine = {"machine": platform.processor() or platform.machine(), "versions": versions}
    path.write_text(json.dumps(machine | {"runs": rows}, indent=1) + "\n", encoding="utf-8")


def measure(file: Path, profile: str = "cpu", minutes: bool = True) -> dict[str, Any]:
    """One cold run: wall and CPU seconds, peak resident and anonymous memory in MB, stages.

    loaded_mb: anonymous memory once words and voices both have begun to come, so that all models
    but those of the minutes are there; None if they never did.
    """
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "serve.cli", "transcribe", str(file), "--json"]
        command += ["--no-cache", "--out", scratch, "--format", "json", "--profile", profile]
        command += [] if minutes else ["--no-minutes"]
        begun, loaded = time.monotonic(), None
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        watch = Watch(process.pid)
        watch.start()
        events: list[tuple[float, dict[str, Any]]] = []
        waiting = {"utterance.partial", "diarize"}
        for line in process.stdout or ():
            events.append((time.monotonic() - begun, json.loads(line)))
            if waiting:
                waiting -= {events[-1][1]["type"], events[-1][1]["payload"].get("stage")}
                loaded = None if waiting else held(process.pid)[1]
        code, cpu = reaped(process)
        watch.stop()
        if code not in (0, 4):
            raise SystemExit(f"{file}: parley transcribe ended with {code}")
    wall = time.monotonic() - begun
    duration = next(e["payload"]["duration"] for _, e in events if e["type"] == "meeting.ended")
    first = next((at for at, e in events if e["type"] == "utterance.partial"), None)
    row: dict[str, Any] = {
        "recording": file.stem,
        "sound": duration,
        "wall": round(wall, 2),
        "rtf": round(wall / duration, 4),
        "cpu": round(cpu, 2),
        "cpu_per_second": round(cpu / duration, 4),
        "first_s": first and round(first, 2),
        "loaded_mb": loaded and round(loaded / 1e6),
        "rss_mb": round(watch.resident / 1e6),
        "anon_mb": round(watch.anonymous / 1e6),
    }
    return row | {f"{s}_s": _seconds(events, s) for s in STAGES}


def _seconds(events: list[tuple[float, dict[str, Any]]], stage: str) -> float | None:
    times = [
        at
        for at, event in events
        if event["type"] == "stage.progress" and event["payload"]["stage"] == stage
    ]
    return round(times[-1] - times[0], 2) if times else None


def _print(row: dict[str, Any]) -> None:
    stages = "".join(f"{'-' if row[f'{s}_s'] is None else row[f'{s}_s']:>12}" for s in STAGES)
    print(
        f"{row['recording'][:24]:24s}{row['sound']:9.1f}{row['wall']:9.1f}{row['rtf']:8.3f}"
        f"{row['cpu']:9.1f}{row['cpu_per_second']:8.3f}{row['first_s'] or '-':>8}"
        f"{row['rss_mb']:9d}{row['anon_mb']:9d}{stages}",
        flush=True,
    )


if __name__ == "__main__":
    main()
