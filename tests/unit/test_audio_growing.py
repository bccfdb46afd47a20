"""Sound that is read while it is written is the sound that will have been written."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.audio import GrowingSound, PcmFile, Unwanted, decode
from pipeline.audio.pcm import SAMPLE
from tests.sounds import tone, white_noise, write_sound


@settings(max_examples=30, deadline=None)
@given(
    length=st.integers(1, 5000),
    cuts=st.lists(st.floats(0, 1), max_size=6),
    reads=st.lists(st.tuples(st.integers(-50, 6000), st.integers(-50, 6000)), max_size=8),
)
def test_every_read_gives_what_the_whole_file_will_give(
    tmp_path_factory: pytest.TempPathFactory,
    length: int,
    cuts: list[float],
    reads: list[tuple[int, int]],
) -> None:
    path = tmp_path_factory.mktemp("grown") / "x.s16"
    samples = np.random.default_rng(length).integers(-999, 999, length).astype(SAMPLE)
    sound = GrowingSound()

    def write() -> None:
        with path.open("wb", buffering=0) as file:
            sound.begin(path, None)
            places = sorted({0, length, *(round(c * length) for c in cuts)})
            for start, end in zip(places, places[1:], strict=False):
                file.write(samples[start:end].tobytes())
                sound.grow(end)
        sound.finish(PcmFile(path))

    writer = threading.Thread(target=write)
    writer.start()
    heard = [sound.read(*r) for r in reads]
    writer.join()
    whole = PcmFile(path)
    assert sound.length == sound.expected == length
    for (start, end), got in zip(reads, heard, strict=True):
        assert np.array_equal(got, whole.read(start, end))


def test_readers_are_told_why_nothing_more_will_come() -> None:
    sound = GrowingSound()
    threading.Timer(0.05, sound.fail, [OSError("disk gone")]).start()
    with pytest.raises(OSError, match="disk gone"):
        sound.read(0, 10)
    with pytest.raises(OSError, match="disk gone"):
        sound.wait_begun()


def test_a_decoder_whose_sound_nobody_wants_stops_and_tidies_up(tmp_path: Path) -> None:
    source = write_sound(tmp_path / "a.wav", white_noise(30))
    sound = GrowingSound()
    sound.fail(Unwanted())
    with pytest.raises(Unwanted):
        decode(source, tmp_path / "work" / "x.s16", growing=sound)
    assert list((tmp_path / "work").iterdir()) == []


def test_sound_is_shown_with_the_length_its_container_declares(tmp_path: Path) -> None:
    source = write_sound(tmp_path / "a.flac", tone(40), codec="flac")
    sound = GrowingSound()
    decoded = decode(source, tmp_path / "x.s16", growing=sound)
    assert sound.wait_begun() == 40 * 16_000
    assert np.array_equal(sound.read(0, 160_000), decoded.sounds[0].read(0, 160_000))
    sound.finish(decoded.sounds[0])


def test_a_long_good_beginning_is_kept_however_bad_the_rest(tmp_path: Path) -> None:
    faststart = {"movflags": "faststart"}
    sound = white_noise(150, rate=16_000)
    source = write_sound(tmp_path / "a.m4a", sound, 16_000, "aac", options=faststart)
    whole = source.read_bytes()
    at = whole.index(b"mdat") + (len(whole) - whole.index(b"mdat")) // 12
    source.write_bytes(whole[:at] + b"\xff" * (len(whole) - at))
    decoded = decode(source, tmp_path / "x.s16")
    assert decoded.partial is not None
    assert np.std(decoded.sounds[0].read(16_000, 160_000)) == pytest.approx(0.1, rel=0.1)
