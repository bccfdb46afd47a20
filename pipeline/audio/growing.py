"""Sound that is read while it is still being decoded.

One thread writes the work file and says how far it has come; those that read past that wait for it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from pipeline.audio.pcm import FULL_SCALE, SAMPLE, PcmFile
from pipeline.ports import Sound
from pipeline.types import SAMPLE_RATE, AudioChunk, Samples


class Unwanted(Exception):
    """Nobody wants the sound any more."""


class GrowingSound:
    """The only channel of a work file while it is written: a `Sound` whose readers wait.

    The writer calls `begin` once the file holds sound that is certain to stay, `grow` as it goes on
    and `finish` or `fail` at the end. All may be called from any thread.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._file: BinaryIO | None = None
        self._written = 0
        self._declared: int | None = None
        self._whole: PcmFile | None = None
        self._error: BaseException | None = None

    @property
    def length(self) -> int:
        """Samples in the recording; waits for its end."""
        return self.whole().length

    @property
    def expected(self) -> int | None:
        """Samples there will be as far as is known, at last the true number; None: no idea."""
        return self._declared if self._whole is None else self._whole.length

    def read(self, start: int, end: int) -> Samples:
        """Samples start to end, float32 in [-1, 1]; waits for them, cut at the recording's ends.

        Raises what the decoder did if it failed.
        """
        start, end = max(0, start), max(0, start, end)
        with self._changed:
            self._wait(lambda: self._whole is not None or (self._file and self._written >= end))
            if self._whole is None and self._file is not None:
                self._file.seek(start * SAMPLE.itemsize)
                data = self._file.read((end - start) * SAMPLE.itemsize)
                cut = np.frombuffer(data, SAMPLE)
                return np.asarray(cut, dtype=np.float32) / np.float32(FULL_SCALE)
        return self.whole().read(start, end)

    def wait_begun(self) -> int | None:
        """Wait until something can be read, or all has been; the samples that are expected."""
        with self._changed:
            self._wait(lambda: self._whole is not None or self._file is not None)
            return self.expected

    def begin(self, path: Path, declared: float | None) -> None:
        """Show what is written to `path`; declared: seconds the container says there are."""
        with self._changed:
            self._check()
            self._file = path.open("rb", buffering=0)
            self._declared = None if declared is None else round(declared * SAMPLE_RATE)

    def grow(self, samples: int) -> None:
        """So many samples can be read. Raises Unwanted if nobody wants them."""
        with self._changed:
            self._check()
            self._written = samples
            self._changed.notify_all()

    def finish(self, whole: PcmFile) -> None:
        """It is all there, in the file that `whole` reads."""
        with self._changed:
            self._whole = whole
            self._close()

    def fail(self, error: BaseException) -> None:
        """Nothing more will come, for the reason given; without effect after the end."""
        with self._changed:
            if self._whole is None and self._error is None:
                self._error = error
                self._close()

    def whole(self) -> PcmFile:
        """The file with all of it; waits for the end. Raises what the decoder did if it failed."""
        with self._changed:
            self._wait(lambda: self._whole is not None)
        assert self._whole is not None  # noqa: S101 - just waited for
        return self._whole

    def _wait(self, ready: Callable[[], object]) -> None:
        while not ready():
            self._check()
            self._changed.wait()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        self._changed.notify_all()


async def arriving(sound: Sound, seconds: float) -> AsyncIterator[AudioChunk]:
    """`sound` in pieces of `seconds`, each as soon as it can be read; the last may be shorter."""
    step, start = max(1, round(seconds * SAMPLE_RATE)), 0
    while len(samples := await asyncio.to_thread(sound.read, start, start + step)):
        yield AudioChunk(samples, start)
        start += len(samples)
