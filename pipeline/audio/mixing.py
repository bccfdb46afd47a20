"""From decoded frames to 16 kHz 16-bit sound: scaling, mixing channels down, resampling.

Everything here is a fold over blocks whose borders are counted from the first sample, so the result
does not depend on how the sound was cut into frames.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.audio.pcm import FULL_SCALE
from pipeline.types import SAMPLE_RATE, Samples

LOUDEST = 1e4
"""Floating-point sound beyond this many times full scale is taken for garbage and cut to it."""

_NUMPY_TAKES = {f"{name}{p}" for name in ("u8", "s16", "s32", "flt", "dbl") for p in ("", "p")}
_SCALE = {2: 2.0**-15, 4: 2.0**-31}
"""From an integer sample of so many bytes to full scale 1."""


class Frames:
    """Reads PyAV's frames, of any sample format, as float32."""

    def __init__(self) -> None:
        self._packer: Any = None

    def read(self, frame: Any) -> Samples:
        """`frame` as float32 (n, channels), full scale 1; floats are taken as they are."""
        channels = frame.layout.nb_channels
        odd = frame.format.name not in _NUMPY_TAKES
        if odd or (frame.format.is_planar and channels >= 8):
            # PyAV counts planes up to a null pointer, which eight or more of them may not have.
            frame = self._packed(frame)
        raw = frame.to_ndarray()
        raw = raw.T if frame.format.is_planar else raw.reshape(-1, channels)
        if raw.dtype == np.uint8:
            return np.asarray((raw.astype(np.float32) - 128) / 128, dtype=np.float32)
        if raw.dtype.kind == "i":
            return np.asarray(raw * _SCALE[raw.dtype.itemsize], dtype=np.float32)
        return np.asarray(raw, dtype=np.float32)

    def _packed(self, frame: Any) -> Any:
        import av

        if self._packer is None:
            self._packer = av.AudioResampler(format="flt")
        (packed,) = self._packer.resample(frame)
        return packed


def finite(samples: Samples) -> Samples:
    """`samples` with NaN and infinities as 0, and nothing beyond what a filter can bear."""
    if np.isfinite(samples).all():
        return np.clip(samples, -LOUDEST, LOUDEST)
    return np.clip(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), -LOUDEST, LOUDEST)


class Downmix:
    """Many channels to one: their mean, or the loudest channel while the mean cancels out.

    A microphone wired the wrong way round makes a mean near zero. The choice is made every tenth
    of a second from energies smoothed over a quarter of a second, and faded over a block.
    """

    BLOCK = 0.1
    MEMORY = 0.6
    CANCELLED, RESTORED = 0.1, 0.3
    """The mean's energy, as a share of what unrelated channels would leave, to leave and rejoin."""

    def __init__(self, channels: int, rate: int) -> None:
        self._channels = channels
        self._block = max(1, round(self.BLOCK * rate))
        self._waiting = np.zeros((0, channels), np.float32)
        self._mean = np.full(channels, 1 / channels, np.float32)
        self._weights = self._mean
        self._energies: npt.NDArray[np.float64] | None = None  # the mean's, then each channel's

    def push(self, samples: Samples) -> Samples:
        """float32 (n, channels) in, float32 (m, 1) out."""
        if self._channels == 1:
            return samples
        self._waiting = np.concatenate([self._waiting, samples])
        whole = len(self._waiting) // self._block * self._block
        blocks, self._waiting = np.split(self._waiting, [whole])
        return self._mix(blocks)

    def flush(self) -> Samples:
        """What was waiting for a whole block."""
        rest, self._waiting = self._waiting, self._waiting[:0]
        return self._mix(rest)

    def _mix(self, samples: Samples) -> Samples:
        cuts = range(0, len(samples), self._block)
        mixed = [self._mix_block(samples[i : i + self._block]) for i in cuts]
        return np.concatenate([np.zeros(0, np.float32), *mixed])[:, None]

    def _mix_block(self, block: Samples) -> Samples:
        before, first = self._weights, self._energies is None
        self._listen(block)
        if first or self._weights is before:
            return np.asarray(block @ self._weights, dtype=np.float32)
        fade = np.linspace(0, 1, len(block), dtype=np.float32)[:, None]
        weights = before + fade * (self._weights - before)
        return np.asarray((block * weights).sum(axis=1), dtype=np.float32)

    def _listen(self, block: Samples) -> None:
        both = np.column_stack([block @ self._mean, block]).astype(np.float64)
        now = np.square(both).mean(axis=0)
        old = now if self._energies is None else self._energies
        self._energies = self.MEMORY * old + (1 - self.MEMORY) * now
        mean, channels = self._energies[0], self._energies[1:]
        share = mean * self._channels / max(channels.mean(), 1e-12)
        if self._weights is self._mean:
            if channels.mean() > 1e-9 and share < self.CANCELLED:
                self._weights = np.eye(self._channels, dtype=np.float32)[channels.argmax()]
        elif share > self.RESTORED:
            self._weights = self._mean
        elif channels.max() > 2 * channels[self._weights.argmax()]:
            self._weights = np.eye(self._channels, dtype=np.float32)[channels.argmax()]


class Conversion:
    """Sound of one rate and number of channels to int16 at 16 kHz, as a stream.

    outputs: 1 mixes the channels; otherwise the first `outputs` channels are kept apart, and
    those the source lacks are silent.
    """

    def __init__(self, rate: int, channels: int, outputs: int) -> None:
        import soxr

        self.rate, self.channels, self.outputs = rate, channels, outputs
        self.clipped = 0
        self._downmix = Downmix(channels, rate) if outputs == 1 else None
        self._resampler = (
            None
            if rate == SAMPLE_RATE
            else soxr.ResampleStream(rate, SAMPLE_RATE, outputs, dtype="float32", quality="HQ")
        )

    def push(self, samples: Samples) -> npt.NDArray[np.int16]:
        """float32 (n, channels) in, int16 (m, outputs) out."""
        samples = finite(samples)
        return self._finish(self._downmix.push(samples) if self._downmix else self._keep(samples))

    def flush(self) -> npt.NDArray[np.int16]:
        """The last samples, which the mixing and the filter still held."""
        rest = self._downmix.flush() if self._downmix else np.zeros((0, self.outputs), np.float32)
        return self._finish(rest, last=True)

    def _keep(self, samples: Samples) -> Samples:
        missing = max(0, self.outputs - self.channels)
        return np.pad(samples[:, : self.outputs], ((0, 0), (0, missing)))

    def _finish(self, samples: Samples, last: bool = False) -> npt.NDArray[np.int16]:
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(np.ascontiguousarray(samples), last=last)
        scaled = np.rint(samples * np.float32(FULL_SCALE))
        self.clipped += int(np.count_nonzero(np.abs(scaled) > FULL_SCALE))
        limits = np.iinfo(np.int16)
        return np.asarray(np.clip(scaled, limits.min, limits.max), dtype=np.int16)
