"""A recording played over and over is as long as it should be and sounds as it did."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.length import loop
from pipeline.audio import decode
from tests.sounds import chirp, write_sound


@pytest.mark.parametrize("seconds", [0.5, 3, 27])
def test_the_sound_is_repeated_to_the_sample(tmp_path: Path, seconds: float) -> None:
    source = write_sound(tmp_path / "a.wav", chirp(12.25))
    looped = decode(loop(source, tmp_path, seconds / 3600), tmp_path / "x.s16").sounds[0]
    once = decode(source, tmp_path / "y.s16").sounds[0].read(0, 10**9)
    assert looped.length == round(seconds * 16_000)
    assert np.array_equal(looped.read(0, 10**9), np.resize(once, looped.length))
