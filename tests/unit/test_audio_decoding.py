"""Any recording becomes 16 kHz sound, on the recording's own clock, whatever holds it."""

import os
import subprocess
import sys
from pathlib import Path
from threading import get_ident

import numpy as np
import pytest

from pipeline.audio import decode, open_decoded
from pipeline.errors import AudioEmpty, ParleyError
from tests.sounds import (
    RATE,
    chirp,
    silence,
    tone,
    white_noise,
    write_pieces,
    write_sound,
)

CONTAINERS = [
    ("a.wav", "pcm_s16le", 16_000),
    ("a.wav", "pcm_u8", 8_000),
    ("a.wav", "pcm_s24le", 48_000),
    ("a.wav", "pcm_s32le", 44_100),
    ("a.wav", "pcm_s64le", 16_000),
    ("a.wav", "pcm_f32le", 192_000),
    ("a.wav", "pcm_f64le", 96_000),
    ("a.wav", "pcm_mulaw", 8_000),
    ("a.wav", "adpcm_ima_wav", 22_050),
    ("a.flac", "flac", 96_000),
    ("a.mp3", "libmp3lame", 44_100),
    ("a.m4a", "aac", 48_000),
    ("a.aac", "aac", 32_000),
    ("a.ogg", "libopus", 48_000),
    ("a.opus", "libopus", 24_000),
    ("a.webm", "libopus", 48_000),
    ("a.mp4", "aac", 44_100),
    ("a.mkv", "pcm_s16le", 11_025),
    ("a.amr", "libopencore_amrnb", 8_000),
    ("a.aiff", "pcm_s16be", 44_100),
]


@pytest.mark.parametrize(("name", "codec", "rate"), CONTAINERS)
def test_every_container_gives_back_its_sound_at_its_time(tmp_path, name, codec, rate):
    source = write_sound(tmp_path / name, chirp(3, rate=rate), rate, codec)
    decoded = decode(source, tmp_path / "out.pcm")
    heard = decoded.sounds[0].read(0, 10**9)
    assert decoded.partial is None
    assert decoded.duration == pytest.approx(3, abs=0.08)
    assert (decoded.sample_rate, decoded.channels) == (48_000 if codec == "libopus" else rate, 1)
    assert abs(_lag(chirp(3), heard)) <= 0.06  # bare AAC and AMR keep their coder's delay
    assert _likeness(chirp(3), heard) > 0.9


def test_sound_already_at_16_khz_in_16_bits_is_not_touched(tmp_path):
    samples = np.arange(-32768, 32768, dtype=np.int16)
    source = write_sound(tmp_path / "a.wav", samples / np.float32(32768))
    heard = decode(source, tmp_path / "out.pcm").sounds[0].read(0, 10**9)
    assert np.array_equal((heard * 32768).astype(np.int16), samples)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.wav", "pcm_s16le"), ("a.flac", "flac"), ("a.m4a", "aac")]
)
def test_eight_channels_become_one(tmp_path, name, codec):
    eight = np.stack([tone(1, 200 * (k + 1), rate=48_000) for k in range(8)])
    decoded = decode(write_sound(tmp_path / name, eight, 48_000, codec), tmp_path / "out.pcm")
    heard = np.abs(np.fft.rfft(decoded.sounds[0].read(0, 16_000)))
    assert (len(decoded.sounds), decoded.channels) == (1, 8)
    assert all(heard[200 * (k + 1)] > 0.02 * 8000 for k in range(8) if k != 3 or codec != "aac")


def test_separate_channels_stay_apart(tmp_path):
    both = np.stack([tone(1, 300, rate=44_100), tone(1, 700, rate=44_100)])
    source = write_sound(tmp_path / "a.flac", both, 44_100, "flac")
    decoded = decode(source, tmp_path / "out.pcm", channels="separate")
    assert [_pitch(s.read(0, 16_000)) for s in decoded.sounds] == [300, 700]


def test_separating_the_only_channel_says_so(tmp_path):
    decoded = decode(write_sound(tmp_path / "a.wav", tone(1)), tmp_path / "o.pcm", "separate")
    assert len(decoded.sounds) == 1
    assert "only one" in decoded.warnings[0]


def test_a_microphone_wired_backwards_is_still_heard(tmp_path):
    sound = white_noise(3)
    source = write_sound(tmp_path / "a.wav", np.stack([sound, -sound]))
    heard = decode(source, tmp_path / "out.pcm").sounds[0].read(0, 10**9)
    assert np.std(heard) == pytest.approx(0.1, rel=0.05)


def test_what_is_not_a_number_becomes_silence_and_what_is_too_loud_is_clipped(tmp_path):
    samples = np.concatenate([[np.nan, np.inf, -np.inf, 3.0, -3.0], tone(1, level=2)])
    source = write_sound(tmp_path / "a.wav", samples.astype(np.float32), codec="pcm_f32le")
    decoded = decode(source, tmp_path / "out.pcm")
    heard = decoded.sounds[0].read(0, 10**9)
    assert np.allclose(heard[:5], [0, 0, 0, 1, -1], atol=1e-4)
    assert np.abs(heard).max() <= 1
    assert any("clipped" in w for w in decoded.warnings)


def test_infinities_do_not_poison_the_resampling(tmp_path):
    samples = tone(1, rate=48_000)
    samples[20_000] = np.nan
    source = write_sound(tmp_path / "a.wav", samples, 48_000, "pcm_f32le")
    heard = decode(source, tmp_path / "out.pcm").sounds[0].read(0, 10**9)
    assert np.std(heard[8000:]) == pytest.approx(0.212, rel=0.01)


def test_a_gap_in_the_timestamps_is_silent_and_later_times_are_right(tmp_path):
    pieces = [(0.0, tone(2, rate=48_000)), (5.0, tone(1, rate=48_000))]
    source = write_pieces(tmp_path / "a.webm", pieces, 48_000, "libopus")
    decoded = decode(source, tmp_path / "out.pcm")
    assert np.allclose(_sounding(decoded), [(0, 2), (5, 6)], atol=0.06)
    assert decoded.partial is None
    assert any("no sound from 00:02 for 3.0 s" in w for w in decoded.warnings)


def test_many_small_gaps_do_not_add_up_to_a_wrong_clock(tmp_path):
    pieces = [(0.56 * k, tone(0.5, rate=48_000)) for k in range(20)]
    source = write_pieces(tmp_path / "a.mkv", pieces, 48_000, "pcm_s16le")
    assert decode(source, tmp_path / "out.pcm").duration == pytest.approx(19 * 0.56 + 0.5, abs=0.11)


def test_sound_that_begins_after_the_picture_keeps_the_pictures_clock(tmp_path):
    pieces = [(2.0, tone(1, rate=48_000))]
    source = write_pieces(tmp_path / "a.mkv", pieces, 48_000, "libopus", picture=4)
    assert np.allclose(_sounding(decode(source, tmp_path / "out.pcm")), [(2, 3)], atol=0.06)


def test_a_recording_without_picture_begins_with_its_first_sound(tmp_path):
    source = write_sound(tmp_path / "a.mkv", tone(1), codec="pcm_s16le", start=500.0)
    decoded = decode(source, tmp_path / "out.pcm")
    assert decoded.duration == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("name", "codec", "rates"),
    [
        ("a.opus", "libopus", (48_000, 48_000)),
        ("a.mp3", "libmp3lame", (44_100, 48_000)),
        ("a.flac", "flac", (16_000, 16_000)),
    ],
)
def test_recordings_joined_end_to_end_are_heard_to_the_end(tmp_path, name, codec, rates):
    joined = b""
    for rate, hertz in zip(rates, (300, 700), strict=True):
        part = write_sound(tmp_path / name, tone(4, hertz, rate=rate), rate, codec)
        joined += part.read_bytes()
    (tmp_path / name).write_bytes(joined)
    decoded = decode(tmp_path / name, tmp_path / "out.pcm")
    assert decoded.duration == pytest.approx(8, abs=0.15)
    assert decoded.partial is None
    first, second = (decoded.sounds[0].read(at, at + 16_000) for at in (16_000, 96_000))
    assert (_pitch(first), _pitch(second)) == (300, 700)


def test_of_several_audio_streams_the_one_with_sound_is_heard(tmp_path):
    import av

    source = tmp_path / "a.mkv"
    with av.open(str(source), "w") as out:
        streams = [out.add_stream("pcm_s16le", rate=RATE, layout="mono") for _ in range(2)]
        for stream, sound in zip(streams, [silence(2), tone(2)], strict=True):
            frame = av.AudioFrame.from_ndarray(
                (sound * 32767).astype(np.int16)[None], format="s16", layout="mono"
            )
            frame.sample_rate, frame.pts = RATE, 0
            out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
    decoded = decode(source, tmp_path / "out.pcm")
    assert _pitch(decoded.sounds[0].read(0, 16_000)) == 440
    assert any("2 audio streams; number 2 was used" in w for w in decoded.warnings)


def test_silence_is_a_recording_too(tmp_path):
    decoded = decode(write_sound(tmp_path / "a.wav", silence(2)), tmp_path / "out.pcm")
    assert (decoded.duration, decoded.partial, decoded.warnings) == (2.0, None, ())


def test_a_header_without_sound_is_empty(tmp_path):
    source = write_pieces(tmp_path / "a.wav", [])
    with pytest.raises(AudioEmpty, match="length 0"):
        decode(source, tmp_path / "out.pcm")


def test_tags_in_an_old_encoding_do_no_harm(tmp_path):
    source = write_sound(tmp_path / "a.wav", tone(1))
    info = b"LIST\x10\x00\x00\x00INFOINAM\x04\x00\x00\x00\xe9\xff\xfe\x00"
    source.write_bytes(source.read_bytes() + info)
    assert decode(source, tmp_path / "out.pcm").duration == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("name", ["-x.wav", "concat:a|b.wav", "会议 ü.wav", "http:..x.wav"])
def test_a_name_is_only_a_name(tmp_path, name, monkeypatch):
    write_sound(tmp_path / "plain.wav", tone(1)).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert decode(Path(name), tmp_path / "out.pcm").duration == 1.0


def test_progress_only_grows_and_ends_at_one(tmp_path):
    told: list[float] = []
    source = write_sound(tmp_path / "a.opus", tone(20, rate=48_000), 48_000, "libopus")
    decode(source, tmp_path / "out.pcm", progress=told.append)
    assert told == sorted(told)
    assert told[0] >= 0 and told[-1] == 1.0
    assert len(told) > 10


def test_an_interrupted_decode_leaves_nothing_behind(tmp_path):
    def interrupt(done: float) -> None:
        if done > 0.3:
            raise KeyboardInterrupt

    source = write_sound(tmp_path / "a.wav", tone(10))
    with pytest.raises(KeyboardInterrupt):
        decode(source, tmp_path / "work" / "out.pcm", progress=interrupt)
    assert list((tmp_path / "work").iterdir()) == []
    assert open_decoded(tmp_path / "work" / "out.pcm") is None


def test_without_pyav_the_error_says_what_to_install(tmp_path, monkeypatch):
    source = write_sound(tmp_path / "a.wav", tone(1))
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ParleyError, match=r"av.*pip install 'parley\[models\]'"):
        decode(source, tmp_path / "out.pcm")


def test_a_full_disk_is_named(tmp_path):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    source = write_sound(tmp_path / "a.wav", tone(2))
    (tmp_path / f".out.pcm.{os.getpid()}.{get_ident()}.part").symlink_to("/dev/full")
    with pytest.raises(ParleyError, match=r"out\.pcm: the decoded sound cannot be written"):
        decode(source, tmp_path / "out.pcm")


def test_memory_does_not_grow_with_the_recording(tmp_path):
    if not Path("/proc/self/status").exists():
        pytest.skip("needs /proc")
    peaks = []
    for minutes in (1, 30):
        source = tmp_path / f"{minutes}.wav"
        write_sound(source, np.tile(white_noise(60, rate=8000), minutes), 8000)
        script = (
            "import sys; from pathlib import Path; from pipeline.audio import decode\n"
            "decode(Path(sys.argv[1]), Path(sys.argv[1] + '.pcm'))\n"
            "print(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0])"
        )
        run = [sys.executable, "-c", script, str(source)]
        peaks.append(int(subprocess.run(run, capture_output=True, check=True).stdout))
    assert peaks[1] - peaks[0] < 20_000, f"kilobytes at the peak: {peaks}"


def _likeness(reference, heard) -> float:
    """Correlation at the best lag."""
    correlation, _ = _correlate(reference, heard)
    return float(correlation.max())


def _lag(reference, heard) -> float:
    """Seconds by which `heard` comes late."""
    correlation, lags = _correlate(reference, heard)
    return float(lags[correlation.argmax()]) / RATE


def _correlate(reference, heard):
    size = 2 ** int(np.ceil(np.log2(len(reference) + len(heard))))
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(reference, size))
    norm = np.linalg.norm(reference) * np.linalg.norm(heard)
    lags = np.arange(size)
    return np.fft.irfft(product, size) / norm, np.where(lags > size // 2, lags - size, lags)


def _pitch(samples) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * RATE / len(samples))


def _sounding(decoded) -> list[tuple[float, float]]:
    """Stretches of sound in seconds, to a hundredth."""
    samples = decoded.sounds[0].read(0, 10**9)
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    loud = np.concatenate([[False], np.abs(frames).max(axis=1) > 0.05, [False]])
    edges = np.flatnonzero(np.diff(loud.astype(int)))
    return [(a / 100, b / 100) for a, b in edges.reshape(-1, 2)]
