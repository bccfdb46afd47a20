"""Broken files: what could be read is kept, on time; what cannot be read is named."""

import os
from pathlib import Path

import numpy as np
import pytest

from pipeline.audio import decode
from pipeline.errors import (
    AudioCorrupt,
    AudioEmpty,
    AudioEncrypted,
    AudioMissing,
    NoAudioStream,
    NotAudio,
)
from tests.sounds import silence, tone, white_noise, write_film, write_sound

DATA = Path(os.environ.get("PARLEY_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no recordings in {DATA}")
FORMATS = [
    ("a.wav", "pcm_s16le", 16_000),
    ("a.flac", "flac", 16_000),
    ("a.mp3", "libmp3lame", 16_000),
    ("a.opus", "libopus", 48_000),
    ("a.webm", "libopus", 48_000),
    ("a.mkv", "pcm_s16le", 16_000),
]


@pytest.mark.parametrize(("name", "codec", "rate"), FORMATS)
def test_a_file_cut_off_in_the_middle_gives_its_first_half_and_says_so(tmp_path, name, codec, rate):
    source = write_sound(tmp_path / name, white_noise(20, rate=rate), rate, codec)
    os.truncate(source, source.stat().st_size // 2)
    decoded = decode(source, tmp_path / "out.pcm")
    assert decoded.duration == pytest.approx(10, abs=1.5)
    assert decoded.partial is not None
    assert "breaks off at 00:" in decoded.partial


def test_an_m4a_with_its_index_in_front_gives_its_first_half(tmp_path):
    faststart = {"movflags": "faststart"}
    sound = white_noise(20, rate=44_100)
    source = write_sound(tmp_path / "a.m4a", sound, 44_100, "aac", options=faststart)
    os.truncate(source, source.stat().st_size // 2)
    decoded = decode(source, tmp_path / "out.pcm")
    assert decoded.duration == pytest.approx(10, abs=1)
    assert "of 00:20" in str(decoded.partial)


@pytest.mark.parametrize(("name", "codec", "rate"), [*FORMATS[1:], ("a.m4a", "aac", 44_100)])
def test_damage_in_the_middle_leaves_the_rest_at_its_time(tmp_path, name, codec, rate):
    sound = np.concatenate([white_noise(14, rate=rate), silence(4, rate), tone(2, rate=rate)])
    source = write_sound(tmp_path / name, sound, rate, codec)
    whole = source.read_bytes()
    clean = decode(source, tmp_path / "clean.pcm")
    at, junk = len(whole) // 3, np.random.default_rng(0).bytes(len(whole) // 20)
    source.write_bytes(whole[:at] + junk + whole[at + len(junk) :])
    decoded = decode(source, tmp_path / "out.pcm")
    assert decoded.partial or decoded.warnings
    assert _last_onset(decoded) == pytest.approx(_last_onset(clean), abs=0.25)
    assert decoded.duration == pytest.approx(clean.duration, abs=0.35)


@pytest.mark.parametrize(("name", "codec", "rate"), [*FORMATS, ("a.m4a", "aac", 44_100)])
def test_garbage_after_the_end_does_no_harm(tmp_path, name, codec, rate):
    source = write_sound(tmp_path / name, white_noise(5, rate=rate), rate, codec)
    clean = decode(source, tmp_path / "clean.pcm").sounds[0].read(0, 10**9)
    source.write_bytes(source.read_bytes() + np.random.default_rng(1).bytes(700))
    decoded = decode(source, tmp_path / "out.pcm")
    assert decoded.partial is None
    assert np.array_equal(decoded.sounds[0].read(0, len(clean)), clean)
    assert decoded.sounds[0].length - len(clean) < 1600  # bytes that look like an MP3 frame


def test_a_wav_whose_recorder_never_wrote_its_size_is_whole(tmp_path):
    source = write_sound(tmp_path / "a.wav", tone(2))
    bytes_ = bytearray(source.read_bytes())
    bytes_[4:8] = b"\xff\xff\xff\xff"
    data = bytes_.index(b"data")
    bytes_[data + 4 : data + 8] = b"\xff\xff\xff\xff"
    source.write_bytes(bytes_)
    decoded = decode(source, tmp_path / "out.pcm")
    assert (decoded.duration, decoded.partial) == (2.0, None)


def test_an_encrypted_recording_is_called_so(tmp_path):
    key = "00112233445566778899aabbccddeeff"
    lock = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": key, "encryption_kid": key}
    source = write_sound(tmp_path / "a.mp4", tone(5, rate=44_100), 44_100, "aac", options=lock)
    with pytest.raises(AudioEncrypted, match="encrypted"):
        decode(source, tmp_path / "out.pcm")


@pytest.mark.parametrize("entry", [b"drms", b"aavd"])
def test_protected_shop_files_are_called_so(tmp_path, entry):
    source = write_sound(tmp_path / "a.m4a", tone(1, rate=44_100), 44_100, "aac")
    source.write_bytes(source.read_bytes().replace(b"mp4a", entry, 1))
    with pytest.raises(AudioEncrypted):
        decode(source, tmp_path / "out.pcm")


def test_a_video_without_sound_names_its_codec(tmp_path):
    with pytest.raises(NoAudioStream, match="video: mpeg4"):
        decode(write_film(tmp_path / "a.mp4"), tmp_path / "out.pcm")


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"", AudioEmpty, "0 bytes"),
        (b"Minutes of the meeting of 3 May\n", NotAudio, "text file.*Minutes of the"),
        ("<html>Zugriff verweigert für dich</html>".encode() * 300, NotAudio, "text file"),
        (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n", NotAudio, "text file"),
        (b"RIFF\x00\x01\x00\x00WAVE" + bytes(40), AudioCorrupt, "header is broken"),
        (b"\x00\x00\x00\x18ftypM4A \x00\x00\x02\x00mp42isom" + bytes(40), AudioCorrupt, "moov"),
        (np.random.default_rng(3).bytes(50_000), (NotAudio, AudioCorrupt), "a.wav|a.mp3|a.m4a|ogg"),
        (bytes(50_000), (NotAudio, AudioCorrupt), "a.wav|a.mp3|a.m4a|ogg"),
    ],
    ids=["empty", "text", "web page", "playlist", "wav header", "no moov", "noise", "zeros"],
)
@pytest.mark.parametrize("name", ["a.wav", "a.mp3", "a.m4a", "会议.ogg"])
def test_what_is_no_recording_is_refused_whatever_its_name(tmp_path, content, error, words, name):
    source = tmp_path / name
    source.write_bytes(content)
    with pytest.raises(error, match=words) as caught:
        decode(source, tmp_path / "out.pcm")
    assert name in str(caught.value)
    assert caught.value.exit_code == 3
    assert not (tmp_path / "out.pcm").exists()


def test_a_missing_file_a_folder_and_a_pipe_are_told_apart(tmp_path):
    with pytest.raises(AudioMissing, match="no such file"):
        decode(tmp_path / "a.wav", tmp_path / "out.pcm")
    with pytest.raises(AudioMissing, match="is a folder"):
        decode(tmp_path, tmp_path / "out.pcm")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(AudioMissing, match="no ordinary file"):
        decode(tmp_path / "pipe", tmp_path / "out.pcm")


def test_a_file_that_may_not_be_read_says_so(tmp_path, monkeypatch):
    source = write_sound(tmp_path / "a.wav", tone(1))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(AudioMissing, match="permission denied"):
        decode(source, tmp_path / "out.pcm")


@needs_data
@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("dev3_truncated.m4a", AudioCorrupt),
        ("pocketsphinx_bad.wav", AudioCorrupt),
        ("pocketsphinx_evil.wav", AudioCorrupt),
        ("text_renamed.mp3", NotAudio),
        ("zero_bytes.wav", AudioEmpty),
    ],
)
def test_broken_recordings_are_refused(tmp_path, name, error):
    with pytest.raises(error, match=name):
        decode(DATA / "broken" / name, tmp_path / "out.pcm")


@needs_data
def test_a_truncated_flac_gives_its_first_minute(tmp_path):
    decoded = decode(DATA / "broken" / "dev3_truncated.flac", tmp_path / "out.pcm")
    assert decoded.duration == pytest.approx(62.4, abs=0.1)
    assert decoded.partial == "the sound breaks off at 01:02 of 02:05"


@needs_data
@pytest.mark.parametrize("name", ["8k_ulaw.wav", "m4a.m4a", "ogg.ogg", "video.mp4", "webm.webm"])
def test_one_meeting_in_five_formats_is_the_same_meeting(tmp_path, name):
    original = decode(DATA / "meetings" / "sim_dev_3spk_clean.flac", tmp_path / "a.pcm").sounds[0]
    copy = decode(DATA / "formats" / f"dev3_{name}", tmp_path / "b.pcm")
    assert copy.partial is None
    for start in (0, 60, 110):  # its loudness rises and falls at the same times throughout
        first, second = (
            _loudness(s.read(start * 16_000, (start + 12) * 16_000))
            for s in (original, copy.sounds[0])
        )
        assert np.corrcoef(first, second)[0, 1] > 0.97


def _loudness(samples) -> np.ndarray:
    return np.log10(np.square(samples.reshape(-1, 320)).mean(axis=1) + 1e-7)


def _last_onset(decoded) -> float:
    """Seconds at which the last stretch of sound begins, after a silence of a second or more."""
    samples = decoded.sounds[0].read(0, 10**9)
    frames = np.abs(samples[: len(samples) // 160 * 160].reshape(-1, 160)).max(axis=1)
    loud = np.flatnonzero(frames > 0.05)
    return float(loud[np.flatnonzero(np.diff(loud) > 100)[-1] + 1]) / 100
