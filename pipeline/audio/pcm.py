"""The work file: 16-bit PCM at 16 kHz with a sidecar that says where it came from.

`NAME` holds little-endian int16 samples, channels interleaved; `NAME.json` is written after it and
counts its samples, so a decode that was killed is never taken for a whole one.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import get_ident
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import AudioMissing, ParleyError
from pipeline.types import SAMPLE_RATE, Samples

FORM = "parley-pcm/1"
FULL_SCALE = 32768.0
ABANDONED = 3600.0
"""Seconds without a write after which a temporary file belongs to nobody."""
SAMPLE = np.dtype("<i2")
"""How a sample is stored."""


class PcmFile:
    """One channel of a work file, mapped into memory: a `Sound`.

    Only what is read is loaded, and the operating system may drop it again. Can be pickled.
    Raises OSError or ValueError if the file is missing or empty.
    """

    def __init__(self, path: Path, channels: int = 1, channel: int = 0) -> None:
        """path: the work file; channels: how many are interleaved; channel: which one to read."""
        self.path, self.channels, self.channel = path, channels, channel
        self._samples = np.memmap(path, dtype=SAMPLE, mode="r").reshape(-1, channels)[:, channel]

    @property
    def length(self) -> int:
        """Samples in the recording."""
        return len(self._samples)

    def read(self, start: int, end: int) -> Samples:
        """Samples start to end, float32 in [-1, 1]; cut at the recording's ends."""
        cut = self._samples[max(0, start) : max(0, end)]
        return np.asarray(cut, dtype=np.float32) / np.float32(FULL_SCALE)

    def __reduce__(self) -> tuple[type[PcmFile], tuple[Path, int, int]]:
        return PcmFile, (self.path, self.channels, self.channel)


@dataclass(frozen=True, slots=True)
class Source:
    """What the recording was before it was decoded.

    container, codec: FFmpeg's names. sample_rate in Hz and channels are those of the source.
    partial: why some of the sound is missing, with the time; None where all of it was read.
    warnings: what a listener should know, none of it fatal.
    """

    container: str
    codec: str
    sample_rate: int
    channels: int
    partial: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A recording ready to be read.

    sounds: one, or one a channel where channels were kept apart. duration: seconds. The rest is
    said of the source, as in `Source`.
    """

    sounds: tuple[PcmFile, ...]
    duration: float
    partial: str | None
    container: str
    codec: str
    sample_rate: int
    channels: int
    warnings: tuple[str, ...] = ()


class PcmWriter:
    """Writes a work file under a temporary name; `commit` makes it appear, whole.

    Use as a context manager: without a commit, leaving it removes what was written.
    Raises ParleyError if the disk cannot take it.
    """

    def __init__(self, target: Path, channels: int) -> None:
        self.target, self.channels, self.length, self.peak = target, channels, 0, 0
        self._temporary = target.with_name(f".{target.name}.{os.getpid()}.{get_ident()}.part")
        with self._explained():
            target.parent.mkdir(parents=True, exist_ok=True)
            _sweep(target)
            self._file = self._temporary.open("wb")

    def write(self, samples: npt.NDArray[np.int16]) -> None:
        """Append int16 (n, channels)."""
        if len(samples):
            with self._explained():
                self._file.write(np.ascontiguousarray(samples, dtype=SAMPLE).data)
            self.length += len(samples)
            self.peak = max(self.peak, int(samples.max()), -int(samples.min()))

    def flush(self) -> Path:
        """Make what was written readable under the temporary name, which is returned."""
        with self._explained():
            self._file.flush()
        return self._temporary

    def commit(self, source: Source) -> None:
        """Give the file its name, then write the sidecar, which makes it count."""
        with self._explained():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            sidecar = _sidecar(self.target)
            sidecar.unlink(missing_ok=True)
            self._temporary.replace(self.target)
            about = {"form": FORM, "length": self.length, "sounds": self.channels}
            self._temporary.write_text(
                json.dumps(about | asdict(source), ensure_ascii=False, indent=1), encoding="utf-8"
            )
            self._temporary.replace(sidecar)

    def __enter__(self) -> PcmWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._temporary.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ParleyError(
                f"{self.target}: the decoded sound cannot be written ({error.strerror or error}). "
                "It needs 115 MB of disk for an hour."
            ) from error


def open_decoded(target: Path) -> Decoded | None:
    """The recording decoded to `target` earlier; None if there is none or it is not whole."""
    try:
        about: dict[str, Any] = json.loads(_sidecar(target).read_text(encoding="utf-8"))
        if about.pop("form") != FORM:
            return None
        length, count = about.pop("length"), about.pop("sounds")
        if target.stat().st_size != length * count * SAMPLE.itemsize:
            return None
        about["warnings"] = tuple(about["warnings"])
        sounds = tuple(PcmFile(target, count, i) for i in range(count))
        return Decoded(sounds=sounds, duration=length / SAMPLE_RATE, **about)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def content_hash(path: Path) -> str:
    """SHA-256 (hex) of the file's bytes, read in pieces. Raises AudioMissing if it cannot be."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise AudioMissing(f"{path}: cannot be read ({error.strerror or error}).") from error


def _sweep(target: Path) -> None:
    """Remove what decodes of `target` that were killed left behind; a live one keeps writing."""
    for left in target.parent.glob(f".{glob.escape(target.name)}.*.part"):
        with contextlib.suppress(OSError):
            if time.time() - left.lstat().st_mtime > ABANDONED:
                left.unlink()


def _sidecar(target: Path) -> Path:
    return target.with_name(f"{target.name}.json")
