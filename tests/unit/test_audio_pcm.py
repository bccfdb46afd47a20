"""The work file, and the laws of turning frames into it."""

import asyncio
import hashlib
import json
import os
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.audio import PcmFile, arriving, content_hash, decode, open_decoded
from pipeline.audio.mixing import Conversion
from pipeline.errors import AudioMissing
from tests.sounds import chirp, tone, white_noise, write_sound


@pytest.fixture
def decoded(tmp_path):
    both = np.stack([tone(3, 300), tone(3, 700)])
    return decode(write_sound(tmp_path / "a.wav", both), tmp_path / "work.pcm", "separate")


def test_a_decoded_recording_opens_again_as_it_was(decoded, tmp_path):
    again = open_decoded(tmp_path / "work.pcm")
    assert again is not None
    assert (again.duration, again.container, again.codec) == (3.0, "wav", "pcm_s16le")
    assert (again.sample_rate, again.channels, again.partial) == (16_000, 2, None)
    for ours, theirs in zip(decoded.sounds, again.sounds, strict=True):
        assert np.array_equal(ours.read(0, 48_000), theirs.read(0, 48_000))


@pytest.mark.parametrize("harm", ["no sidecar", "cut short", "not json", "other form", "no sound"])
def test_a_work_file_that_is_not_whole_is_none(decoded, tmp_path, harm):
    target, sidecar = tmp_path / "work.pcm", tmp_path / "work.pcm.json"
    match harm:
        case "no sidecar":
            sidecar.unlink()
        case "cut short":
            target.write_bytes(target.read_bytes()[:-4])
        case "not json":
            sidecar.write_text("{")
        case "other form":
            sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | {"form": "x"}))
        case "no sound":
            target.unlink()
    assert open_decoded(target) is None


def test_what_a_killed_decode_left_is_swept_away(tmp_path):
    old, young = tmp_path / ".w.pcm.1.1.part", tmp_path / ".w.pcm.2.2.part"
    for left in (old, young):
        left.write_bytes(b"xx")
    os.utime(old, (0, 0))
    decode(write_sound(tmp_path / "a.wav", tone(1)), tmp_path / "w.pcm")
    assert (old.exists(), young.exists()) == (False, True)


def test_reading_is_cut_at_the_ends_and_stays_in_range(decoded):
    sound = decoded.sounds[0]
    assert sound.length == 48_000
    assert len(sound.read(-5, 10)) == 10
    assert len(sound.read(47_990, 60_000)) == 10
    assert len(sound.read(60_000, 70_000)) == 0
    assert sound.read(0, 100).dtype == np.float32


def test_a_work_file_travels_between_processes(decoded):
    copy = pickle.loads(pickle.dumps(decoded.sounds[1]))  # noqa: S301 - our own bytes
    assert isinstance(copy, PcmFile)
    assert np.array_equal(copy.read(0, 999), decoded.sounds[1].read(0, 999))


@settings(deadline=None)
@given(seconds=st.floats(0.01, 5))
def test_chunks_are_the_whole_sound_in_order(tmp_path_factory, seconds):
    target = tmp_path_factory.mktemp("pcm") / "x.pcm"
    np.arange(40_000, dtype="<i2").tofile(target)
    sound = PcmFile(target)

    async def collect():
        return [chunk async for chunk in arriving(sound, seconds)]

    chunks = asyncio.run(collect())
    assert [c.offset for c in chunks] == [0, *(c.end for c in chunks[:-1])]
    assert np.array_equal(np.concatenate([c.samples for c in chunks]), sound.read(0, 40_000))


@settings(max_examples=30, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 20_000), max_size=12),
    rate=st.sampled_from([8000, 16_000, 22_050, 44_100, 48_000]),
    channels=st.sampled_from([1, 2, 3]),
    separate=st.booleans(),
)
def test_any_cutting_of_the_sound_gives_the_same_samples(cuts, rate, channels, separate):
    sound = np.stack([white_noise(20_000 / rate, seed=k, rate=rate) for k in range(channels)], 1)
    sound[5000:9000] *= np.where(np.arange(channels) % 2, -1, 1)

    def convert(borders):
        conversion = Conversion(rate, channels, channels if separate else 1)
        pieces = [conversion.push(p) for p in np.split(sound, sorted(borders))]
        return np.concatenate([*pieces, conversion.flush()])

    assert np.array_equal(convert(cuts), convert([]))


@pytest.mark.parametrize("rate", [8000, 11_025, 44_100, 48_000, 96_000, 192_000])
def test_resampling_keeps_length_and_time(rate):
    conversion = Conversion(rate, 1, 1)
    out = np.concatenate([conversion.push(chirp(2, rate=rate)[:, None]), conversion.flush()])
    assert abs(len(out) - 32_000) <= 1
    middle = slice(2000, 28_000 if rate > 8000 else 20_000)
    assert np.abs(out[middle, 0] / 32768 - chirp(2)[middle]).max() < 0.01


def test_unrelated_channels_are_averaged_and_opposed_ones_are_not():
    rate, one, two = 16_000, white_noise(4), white_noise(4, seed=1)
    together = Conversion(rate, 2, 1).push(np.stack([one, two], 1))
    assert np.allclose(together[:, 0] / 32768, (one + two)[: len(together)] / 2, atol=1e-4)
    turning = np.stack([one, np.concatenate([one[:32_000], -one[32_000:]])], 1)
    mixed = Conversion(rate, 2, 1).push(turning)[:, 0] / 32768
    assert np.std(mixed[:32_000]) == pytest.approx(0.1, rel=0.05)
    assert np.std(mixed[44_000:]) == pytest.approx(0.1, rel=0.05)


def test_the_hash_is_of_the_bytes(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    assert content_hash(tmp_path / "a") == hashlib.sha256(b"x" * 3_000_000).hexdigest()
    with pytest.raises(AudioMissing):
        content_hash(tmp_path / "b")
