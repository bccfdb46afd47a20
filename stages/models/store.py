"""The store: a folder a model below the user's cache directory, with a record of what was checked.

    <cache>/models/<name>/<digest>/files/       the published files
                                   ct2-int8/    the prepared form, where the model has one
                                   staging/     half-fetched files; never read by anything else
                                   checked.json size, time and SHA-256 of every file checked
    <cache>/downloads/                          wheels on their way
    <cache>/locks/                              one lock a model or wheel

A file whose size and modification time are those recorded is taken as checked; any other is hashed
again before use. `verify` hashes whatever the record says.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from platformdirs import user_cache_path

from stages.models.catalogue import ModelEntry
from stages.models.progress import Report, Throttle

if TYPE_CHECKING:
    from filelock import FileLock

CHUNK = 4 * 1024 * 1024
"""Bytes read at a time."""

FileState = Literal["ok", "missing", "corrupt"]


def cache_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Where models are kept: `PARLEY_CACHE`, or the user's cache directory."""
    environ = os.environ if environ is None else environ
    if environ.get("PARLEY_CACHE"):
        return Path(environ["PARLEY_CACHE"]).expanduser().absolute()
    return user_cache_path("parley")


def sha256_of(path: Path, report: Report = lambda done: None) -> str:
    """SHA-256 of a file in hexadecimal, read in pieces."""
    digest, done, due = hashlib.sha256(), 0, Throttle(report)
    with path.open("rb") as stream:
        while piece := stream.read(CHUNK):
            digest.update(piece)
            done += len(piece)
            due(done, time.monotonic())
    return digest.hexdigest()


def write_whole(path: Path, text: str) -> None:
    """Writes a small file so that a reader sees the old text or the new, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file, empty if there is none or it is damaged."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """The folder of one model in one version."""

    root: Path

    @property
    def files(self) -> Path:
        """The published files lie here under their names."""
        return self.root / "files"

    @property
    def staging(self) -> Path:
        """Files on their way lie here; they are moved to `files` once checked."""
        return self.root / "staging"

    def prepared(self, form: str) -> Path:
        """The folder of a prepared form."""
        return self.root / form

    def manifest(self, form: str) -> Path:
        """The hashes of a prepared form, written when it was made."""
        return self.root / f"{form}.json"

    def checked(self) -> dict[str, Any]:
        """The record: path below the root → size, time (ns) and SHA-256 when it was checked."""
        return read_json(self.root / "checked.json")

    def state(self, relative: str, expected: str | None, *, again: bool = False) -> FileState:
        """Whether the file at `relative` is there and has the SHA-256 `expected`.

        expected None: the hash recorded when the file came must still be its hash. again: hash the
        file even if nothing about it changed.
        """
        path, record = self.root / relative, self.checked().get(relative, {})
        try:
            stat = path.stat()
        except OSError:
            return "missing"
        wanted = expected or record.get("sha256")
        same = (record.get("size"), record.get("mtime_ns")) == (stat.st_size, stat.st_mtime_ns)
        if same and not again:
            return "ok" if record.get("sha256") == wanted else "corrupt"
        actual = sha256_of(path)
        if wanted is None or actual != wanted:
            return "corrupt"
        self.record({relative: actual})
        return "ok"

    def record(self, hashes: Mapping[str, str]) -> None:
        """Notes that files (path below the root → SHA-256) were hashed as they are now."""
        record = self.checked()
        for relative, sha256 in hashes.items():
            stat = (self.root / relative).stat()
            record[relative] = {
                "sha256": sha256,
                "size": stat.st_size,
                "mtime_ns": stat.st_mtime_ns,
            }
        # A store that may only be read is hashed each time; that is slow but right.
        with contextlib.suppress(PermissionError):
            write_whole(self.root / "checked.json", json.dumps(record, indent=1, sort_keys=True))

    def accept(self, relative: str, sha256: str) -> None:
        """Moves a checked file from staging to the published files."""
        target = self.files / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(self.staging / relative, target)
        self.record({f"files/{relative}": sha256})


@dataclass(frozen=True, slots=True)
class Store:
    """All models of one cache directory."""

    root: Path

    @property
    def downloads(self) -> Path:
        """Wheels on their way."""
        return self.root / "downloads"

    def folder(self, name: str, entry: ModelEntry) -> ModelFolder:
        """The folder of a model in the version the catalogue names."""
        return ModelFolder(self.root / "models" / name / entry.digest)

    def lock(self, name: str, waiting: Callable[[], None] = lambda: None) -> FileLock:
        """A lock held by one process at a time; `waiting` is called if another has it."""
        path = self.root / "locks" / f"{name}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        from filelock import FileLock

        lock = FileLock(path)
        if not _free(lock):
            waiting()
        return lock


def _free(lock: FileLock) -> bool:
    try:
        with lock.acquire(blocking=False):
            return True
    except TimeoutError:
        return False
