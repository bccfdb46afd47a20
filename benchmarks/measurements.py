"""What was measured, and the file that keeps it: written whole after every measurement.

The file says on what machine, with which releases and which state of the project, so that nobody
sets figures of different conditions beside each other: going on with it under others is refused.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.peers.environments import ROOT
from benchmarks.scores import Score

PRODUCT = ("pipeline", "stages", "serve", "configs")
SAME = ("machine", "code")
"""What must not change between the first and the last measurement of a file."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run of one peer on one recording.

    cut: seconds of the recording that were used, None for all. sound: seconds of sound. exit: 0 if
    all went well, else `error` says what was seen last. wall, cpu, load, work: seconds; load and
    work are the runner's own count, None where it has none. rss_mb, anon_mb: peak of all processes
    together, in MB of 10⁶ bytes. counts: fields of `Score`. digest: SHA-256 of what was written, of
    turns without the names of their speakers.
    """

    peer: str
    recording: str
    run: int
    cut: float | None
    sound: float
    exit: int
    wall: float
    cpu: float
    rss_mb: float
    anon_mb: float
    load: float | None = None
    work: float | None = None
    counts: dict[str, float] = field(default_factory=dict)
    digest: str = ""
    error: str = ""

    @property
    def key(self) -> tuple[str, str, float | None, int]:
        """What is measured once."""
        return self.peer, self.recording, self.cut, self.run

    @property
    def score(self) -> Score:
        """The error counts."""
        counts: dict[str, Any] = self.counts
        return Score(**counts)


class Results:
    """The measurements of a file and the conditions they were made under."""

    def __init__(self, path: Path, head: dict[str, Any], measurements: Iterable[Measurement]):
        self.path = path
        self.head = head
        self._by_key = {m.key: m for m in measurements}

    @classmethod
    def read(cls, path: Path) -> Results:
        """The results kept in `path`."""
        content = json.loads(path.read_text(encoding="utf-8"))
        measurements = [Measurement(**m) for m in content.pop("measurements")]
        return cls(path, content, measurements)

    @classmethod
    def begin(cls, path: Path, head: dict[str, Any]) -> Results:
        """Begin `path`, or go on with it. Raises SystemExit if the conditions differ."""
        if not path.is_file():
            return cls(path, head, ())
        kept = cls.read(path)
        changed = [name for name in SAME if kept.head[name] != head[name]]
        before, now = kept.head["environments"], head["environments"]
        changed += [e for e in before.keys() & now.keys() if before[e] != now[e]]
        if changed:
            raise SystemExit(
                f"{path}: made under other conditions ({', '.join(changed)}), and its figures "
                "cannot be set beside new ones. Name another file with --out, or remove it."
            )
        for name in ("peers", "environments"):
            kept.head[name] |= head[name]
        return kept

    @property
    def measurements(self) -> list[Measurement]:
        """All of them, in the order they were made."""
        return list(self._by_key.values())

    def of(self, peer: str, recording: str, cut: float | None, run: int) -> Measurement | None:
        """One measurement, if it was made."""
        return self._by_key.get((peer, recording, cut, run))

    def add(self, measurement: Measurement) -> None:
        """Keep a measurement; the file is whole at any time."""
        self._by_key[measurement.key] = measurement
        content = self.head | {"measurements": [asdict(m) for m in self.measurements]}
        partial = self.path.with_suffix(".part")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
        partial.replace(self.path)


def counted(score: Score) -> dict[str, float]:
    """The fields of a score that are not zero."""
    return {k: round(v, 3) for k, v in asdict(score).items() if v}


def machine() -> dict[str, Any]:
    """The machine this runs on."""
    model = platform.processor() or platform.machine()
    listed = Path("/proc/cpuinfo")
    if listed.is_file():
        lines = listed.read_text(encoding="utf-8").splitlines()
        model = next((s.split(":")[1].strip() for s in lines if s.startswith("model name")), model)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "memory_gb": round(memory / 1e9, 1),
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def revision() -> str:
    """The project's commit, with "-dirty" where files were changed after it."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def code(root: Path = ROOT) -> str:
    """SHA-256 of everything the product is made of."""
    digest = hashlib.sha256()
    for folder in PRODUCT:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and path.suffix in (".py", ".yaml"):
                digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.hexdigest()
