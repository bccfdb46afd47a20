"""Sound on its way to the models: nothing is lost on it, and nothing left behind."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from pipeline.audio import PcmFile
from pipeline.errors import AudioMissing
from serve.deployments.sounds import SoundRef, opened, packed, unpacked
from serve.remote import InBlobs, OnSharedDisk


@given(nps.arrays(np.int16, st.integers(0, 200)))
def test_16_bit_sound_travels_as_such_and_arrives_unchanged(stored: npt.NDArray[np.int16]) -> None:
    window = np.asarray(stored, np.float32) / np.float32(32768)
    sent = packed(window)
    assert sent.dtype == np.int16
    np.testing.assert_array_equal(unpacked(sent), window)


def test_finer_sound_travels_as_it_is() -> None:
    window = np.array([0.1, 1.0, -1.0], np.float32)
    sent = packed(window)
    assert sent.dtype == np.float32
    np.testing.assert_array_equal(unpacked(sent), window)


def test_a_window_may_be_written_to_where_it_arrives() -> None:
    for sent in (np.zeros(4, np.int16), np.full(4, 0.3, np.float32)):
        sent.flags.writeable = False
        unpacked(sent)[0] = 1.0


@pytest.fixture
def work_file(tmp_path: Path) -> Path:
    path = tmp_path / "recording" / "sound.s16"
    path.parent.mkdir()
    np.arange(64, dtype="<i2").tofile(path)
    return path


async def test_a_file_on_a_shared_disk_goes_by_its_path(
    work_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(work_file.parent)
    ref = await OnSharedDisk().put(PcmFile(Path("sound.s16"), 2, 1))
    assert ref == SoundRef(str(work_file), 32, 2, 1)
    async with opened(ref) as sound:
        np.testing.assert_array_equal(sound.read(0, 2), np.array([1, 3], np.float32) / 32768)


async def test_elsewhere_it_goes_by_a_copy_that_is_made_once(
    work_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    place = InBlobs(f"file://{tmp_path}/blobs/")
    ref = await place.put(PcmFile(work_file))
    copy = tmp_path / "blobs" / "recording" / "sound.s16"
    written = copy.stat().st_mtime_ns
    assert await place.put(PcmFile(work_file)) == ref
    assert copy.stat().st_mtime_ns == written
    os.unlink(work_file)
    async with opened(ref) as sound:
        assert sound.length == 64
        assert len(os.listdir(temporary)) == 1
    assert os.listdir(temporary) == []


async def test_a_file_that_is_not_there_or_not_whole_is_missing(
    work_file: Path, tmp_path: Path
) -> None:
    for ref in (
        SoundRef(str(tmp_path / "gone.s16"), 64),
        SoundRef(f"file://{tmp_path}/gone.s16", 64),
        SoundRef(str(work_file), 65),
    ):
        with pytest.raises(AudioMissing):
            async with opened(ref):
                raise AssertionError("opened")
