"""Sound on its way to a replica: windows as arrays, whole recordings by reference only."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.audio import PcmFile
from pipeline.audio.pcm import FULL_SCALE, SAMPLE
from pipeline.errors import AudioMissing
from pipeline.types import Samples

Packed = npt.NDArray[np.int16] | npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SoundRef:
    """Where one channel of a work file lies: int16 at 16 kHz, `channels` interleaved.

    url: an absolute path, or a URL that fsspec reads. length: samples a channel.
    """

    url: str
    length: int
    channels: int = 1
    channel: int = 0


def packed(window: Samples) -> Packed:
    """The window in half the bytes where it came from 16-bit sound, as it is where not."""
    scaled = np.rint(window * np.float32(FULL_SCALE))
    if np.array_equal(scaled, window * np.float32(FULL_SCALE)) and np.all(scaled < FULL_SCALE):
        return np.asarray(scaled, np.int16)
    return np.asarray(window, np.float32)


def unpacked(window: Packed) -> Samples:
    """The window again, float32, in memory of its own: what comes by Ray cannot be written to."""
    if window.dtype == np.int16:
        return np.asarray(window, np.float32) / np.float32(FULL_SCALE)
    return np.array(window, np.float32)


@asynccontextmanager
async def opened(ref: SoundRef) -> AsyncIterator[PcmFile]:
    """The sound that `ref` means, on this machine's disk while it is open.

    Raises AudioMissing if it is not there, or not all of it.
    """
    if "://" not in ref.url:
        yield await asyncio.to_thread(_mapped, Path(ref.url), ref)
        return
    with _space() as path:
        await asyncio.to_thread(_fetch, ref, path)
        yield await asyncio.to_thread(_mapped, path, ref)


@contextmanager
def _space() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="parley-sound-") as folder:
        yield Path(folder) / "sound.s16"


def _fetch(ref: SoundRef, path: Path) -> None:
    import fsspec

    try:
        files: Any
        files, name = fsspec.core.url_to_fs(ref.url)
        files.get_file(name, str(path))
    except (OSError, ValueError) as error:
        raise AudioMissing(f"{ref.url}: the decoded sound cannot be fetched ({error}).") from error


def _mapped(path: Path, ref: SoundRef) -> PcmFile:
    try:
        size = path.stat().st_size
        if size != ref.length * ref.channels * SAMPLE.itemsize:
            raise AudioMissing(
                f"{ref.url}: expected {ref.length} samples of decoded sound, found a file of "
                f"{size} bytes. It was written or removed meanwhile; run the job again."
            )
        return PcmFile(path, ref.channels, ref.channel)
    except (OSError, ValueError) as error:
        raise AudioMissing(
            f"{ref.url}: the decoded sound cannot be read where the models run ({error}). "
            "Let them share the cache folder, or hand sounds over by a blob store."
        ) from error
