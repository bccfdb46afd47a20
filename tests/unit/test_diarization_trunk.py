"""Frame features by the recording: each window gets its own, and nothing is computed twice."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pipeline.types import Samples
from stages.diarization.trunk import RecordingTrunk

HOP, REACH, BLOCK = 10, 30, 100
SPOKEN = np.ones(4, bool)


class Ramp:
    """Sound whose samples say where they are."""

    length = 1000

    def read(self, start: int, end: int) -> Samples:
        return np.arange(start, min(end, self.length), dtype=np.float32)


class Trunk:
    """Features that name the first sample of their frame; notes the blocks it was given."""

    def __init__(self) -> None:
        self.blocks: list[int] = []

    def __call__(self, sound: torch.Tensor) -> torch.Tensor:
        self.blocks.append(int(sound[0]))
        frames = (len(sound) - REACH) // HOP + 1
        return sound[: frames * HOP : HOP][None, None]


@pytest.mark.parametrize("start", [0, 10, 30, 50, 70, 130, 550, 880])
def test_a_window_gets_the_features_of_its_own_frames(start: int) -> None:
    found = RecordingTrunk(Ramp(), Trunk(), BLOCK, HOP, REACH)(start, BLOCK, SPOKEN)
    frames = (BLOCK - REACH) // HOP + 1
    assert found[0, 0].tolist() == [start + HOP * n for n in range(frames)]


def test_no_block_is_heard_twice_and_none_without_speech() -> None:
    trunk = Trunk()
    features = RecordingTrunk(Ramp(), trunk, BLOCK, HOP, REACH)
    for start in range(0, 300, 10):
        features.forget(start)
        features(start, BLOCK, SPOKEN)
    assert len(trunk.blocks) == len(set(trunk.blocks))
    quiet = Trunk()
    RecordingTrunk(Ramp(), quiet, BLOCK, HOP, REACH)(50, BLOCK, np.array([True, False]))
    assert quiet.blocks == [0]
