"""Results of finished stages, found again by what they were made from.

A key is the SHA-256 of the sound's hash, the stage, its version and its settings (and, through the
keys it builds on, those of every stage before). Nothing is computed twice, and a change of one
setting redoes only what depends on it. Files are written whole or not at all, each with its own
checksum, so a run killed at any moment leaves nothing half-true behind.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")
_DIGEST = hashlib.sha256().digest_size


class Codec(Protocol[T]):
    """How a value is written to a checkpoint and read from it."""

    def dump(self, value: T) -> bytes:
        """The value as bytes."""
        ...

    def parse(self, data: bytes) -> T:
        """The value again; raises ValueError if the bytes are of another form."""
        ...


class JsonCodec(Generic[T]):
    """Any type pydantic knows, as JSON."""

    def __init__(self, type_: Any) -> None:
        self._adapter: TypeAdapter[T] = TypeAdapter(type_)

    def dump(self, value: T) -> bytes:
        """The value as UTF-8 JSON."""
        return self._adapter.dump_json(value)

    def parse(self, data: bytes) -> T:
        """The value; raises ValueError (pydantic's) on JSON of another form."""
        return self._adapter.validate_json(data)


def key_of(*parts: object) -> str:
    """SHA-256 (hex) over the parts' text; parts must print alike in every run."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()


class Checkpoints:
    """A folder of checkpoints, one subfolder a recording."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folder(self, recording: str) -> Path:
        """Where everything known of `recording` (its content hash) lies; made if need be."""
        path = self.root / recording[:32]
        path.mkdir(parents=True, exist_ok=True)
        return path

    def load(self, recording: str, stage: str, key: str, codec: Codec[T]) -> T | None:
        """What `stage` made, or None if it never finished or its file is damaged."""
        path = self._path(recording, stage, key)
        try:
            with path.open("rb") as file:
                digest, body = file.read(_DIGEST), file.read()
        except FileNotFoundError:
            return None
        if hashlib.sha256(body).digest() != digest:
            return None
        try:
            value = codec.parse(body)
        except (ValidationError, ValueError, KeyError):
            return None
        os.utime(self.folder(recording))
        return value

    def save(self, recording: str, stage: str, key: str, codec: Codec[T], value: T) -> None:
        """Keep what `stage` made; whole or not at all."""
        path = self._path(recording, stage, key)
        body = codec.dump(value)
        temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
        with temporary.open("wb") as file:
            file.write(hashlib.sha256(body).digest())
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)

    def discard(self, recording: str, stage: str, key: str) -> None:
        """Forget one result, if it is there."""
        self._path(recording, stage, key).unlink(missing_ok=True)

    def purge(self, recording: str) -> None:
        """Remove every trace of a recording."""
        shutil.rmtree(self.root / recording[:32], ignore_errors=True)

    def size(self) -> int:
        """Bytes on disk."""
        return sum(f.stat().st_size for f in self.root.rglob("*") if f.is_file())

    def prune(self, limit: int, keep_seconds: float = 3600.0) -> int:
        """Remove the recordings longest unused until at most `limit` bytes remain.

        Those used in the last `keep_seconds` stay. Returns the bytes freed.
        """
        if not self.root.is_dir():
            return 0
        folders = sorted((f for f in self.root.iterdir() if f.is_dir()), key=_last_used)
        sizes = {f: sum(x.stat().st_size for x in f.rglob("*") if x.is_file()) for f in folders}
        total, freed = sum(sizes.values()), 0
        for folder in folders:
            if total - freed <= limit or time.time() - _last_used(folder) < keep_seconds:
                break
            shutil.rmtree(folder, ignore_errors=True)
            freed += sizes[folder]
        return freed

    def _path(self, recording: str, stage: str, key: str) -> Path:
        return self.folder(recording) / f"{stage}-{key[:32]}"


def _last_used(folder: Path) -> float:
    return folder.stat().st_mtime
