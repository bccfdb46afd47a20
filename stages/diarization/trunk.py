"""Frame features for voices: the embedding model's trunk, by the recording or by the window.

Windows overlap, so their trunks compute nearly the same many times over. A recording is cut into
blocks as long as a window, the trunk runs once over each, and a window takes its features from the
one or two blocks it lies in. What is lost: a frame near the edge of a block is heard with less of
what surrounds it, and the mean that is taken out is the block's and not the window's.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.ports import Sound

Trunk = Callable[[Tensor], Tensor]
"""Features (1, d, frames) of sound (samples,)."""


Bools = npt.NDArray[np.bool_]


class Features(Protocol):
    """Where the features of a window come from."""

    def __call__(self, start: int, samples: int, spoken: Bools) -> Tensor:
        """Features (1, d, frames) of `samples` from `start` on.

        spoken: (n,), the parts of the window, however many, in which somebody talks. Features of
        others may be 0.
        """
        ...

    def forget(self, start: int) -> None:
        """No window that begins before sample `start` will be asked for any more."""
        ...


def read(sound: Sound, start: int, end: int) -> Tensor:
    """Samples start to end, fewer at the end of the sound."""
    return torch.from_numpy(np.ascontiguousarray(sound.read(start, min(end, sound.length))))


class WindowTrunk:
    """The trunk once a window: what the embedding model was made for."""

    def __init__(self, sound: Sound, trunk: Trunk) -> None:
        self._sound, self._trunk = sound, trunk

    def __call__(self, start: int, samples: int, spoken: Bools) -> Tensor:
        """See Features."""
        return self._trunk(read(self._sound, start, start + samples))

    def forget(self, start: int) -> None:
        """See Features."""


class RecordingTrunk:
    """The trunk once a recording, block by block; blocks without speech are left out.

    length: samples of a block, a whole number of `hop`, the samples from frame to frame. reach:
    samples one frame is made of. Threads may ask at the same time.
    """

    def __init__(self, sound: Sound, trunk: Trunk, length: int, hop: int, reach: int) -> None:
        self._sound, self._trunk = sound, trunk
        self._length, self._hop, self._reach = length, hop, reach
        self._blocks: dict[int, Tensor] = {}
        self._locks: dict[int, threading.Lock] = {}
        self._lock = threading.Lock()

    def forget(self, start: int) -> None:
        """Free the blocks that no window from sample `start` on lies in."""
        with self._lock:
            past = start // self._length
            for old in [block for block in self._blocks if block < past]:
                del self._blocks[old], self._locks[old]

    def __call__(self, start: int, samples: int, spoken: Bools) -> Tensor:
        """See Features."""
        first = round(start / self._hop)
        frames = max(1, (samples - self._reach) // self._hop + 1)
        each = self._length // self._hop
        talk = torch.from_numpy(spoken.astype(np.float32))[None, None]
        talk = F.interpolate(talk, size=frames, mode="nearest")[0, 0] > 0
        parts: list[Tensor | int] = []
        for block in range(first // each, (first + frames - 1) // each + 1):
            a, b = max(first, block * each), min(first + frames, (block + 1) * each)
            if talk[a - first : b - first].any():
                parts.append(_slice(self._block(block), a - block * each, b - block * each))
            else:
                parts.append(b - a)
        return _joined(parts)

    def _block(self, block: int) -> Tensor:
        """The features of `block`, computed by whoever asks first."""
        with self._lock:
            mine = self._locks.setdefault(block, threading.Lock())
        with mine:
            if block not in self._blocks:
                self._blocks[block] = self._learn(block)
            return self._blocks[block]

    def _learn(self, block: int) -> Tensor:
        start = block * self._length
        end = start + self._length + self._reach - self._hop
        # The last block is heard together with enough of the one before.
        late = -(-max(0, end - self._sound.length) // self._hop) * self._hop
        begin = max(0, start - late)
        features = self._trunk(read(self._sound, begin, end))
        first = (start - begin) // self._hop
        return features[..., first : first + self._length // self._hop]


def _slice(features: Tensor, first: int, last: int) -> Tensor:
    """Frames first to last, the last one repeated where the recording ends before."""
    found = features[..., first:last]
    missing = last - first - found.shape[-1]
    return F.pad(found, (0, missing), mode="replicate") if missing else found


def _joined(parts: list[Tensor | int]) -> Tensor:
    known: Any = next(p for p in parts if isinstance(p, Tensor))
    return torch.cat(
        [p if isinstance(p, Tensor) else known.new_zeros((*known.shape[:-1], p)) for p in parts],
        dim=-1,
    )
