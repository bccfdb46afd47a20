"""Sounds without speech, and files of every kind to put them in, made on the spot.

All sounds are float32 at 16 kHz unless a rate is given, deterministic for a seed.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

RATE = 16_000
Samples = npt.NDArray[np.float32]
_FILM: dict[str, Any] = {"rate": 10, "width": 32, "height": 32, "pix_fmt": "yuv420p"}


def silence(seconds: float, rate: int = RATE) -> Samples:
    """Digital silence."""
    return np.zeros(round(seconds * rate), np.float32)


def tone(seconds: float, hertz: float = 440.0, level: float = 0.3, rate: int = RATE) -> Samples:
    """A sine."""
    return (level * np.sin(2 * np.pi * hertz * _times(seconds, rate))).astype(np.float32)


def white_noise(seconds: float, level: float = 0.1, seed: int = 0, rate: int = RATE) -> Samples:
    """Gaussian noise of root mean square `level`."""
    noise = np.random.default_rng(seed).standard_normal(round(seconds * rate))
    return np.clip(level * noise, -1, 1).astype(np.float32)


def pink_noise(seconds: float, level: float = 0.1, seed: int = 0, rate: int = RATE) -> Samples:
    """Noise of equal power an octave, as from fans and air, of root mean square `level`."""
    count = round(seconds * rate)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    noise = np.fft.irfft(spectrum, count)
    return np.clip(level * noise / noise.std(), -1, 1).astype(np.float32)


def mains_hum(seconds: float, hertz: float = 50.0, level: float = 0.1, rate: int = RATE) -> Samples:
    """A badly earthed cable: the mains frequency, its harmonics and a little noise."""
    hum = sum(tone(seconds, k * hertz, level / k, rate) for k in range(1, 10))
    return np.asarray(hum + white_noise(seconds, level / 50, rate=rate), dtype=np.float32)


def chords(seconds: float, level: float = 0.2, seed: int = 0, rate: int = RATE) -> Samples:
    """Music of a kind: a new major or minor triad every second, with overtones and decay."""
    rng = np.random.default_rng(seed)
    return _played(
        seconds,
        rate,
        level,
        beat=1.0,
        pick=lambda: rng.integers(45, 60) + np.array([0, rng.integers(3, 5), 7, 12]),
    )


def arpeggio(seconds: float, level: float = 0.2, seed: int = 0, rate: int = RATE) -> Samples:
    """Music of a kind: single plucked notes of a scale, five a second."""
    rng = np.random.default_rng(seed)
    scale = np.array([0, 2, 4, 7, 9, 12, 14, 16])
    return _played(seconds, rate, level, beat=0.2, pick=lambda: 57 + rng.choice(scale, 1))


def chirp(seconds: float, level: float = 0.5, rate: int = RATE) -> Samples:
    """A sine sweeping from 100 Hz to 3 kHz, so that every moment sounds different."""
    times = _times(seconds, rate)
    phase = 2 * np.pi * (100 * times + (3000 - 100) / (2 * seconds) * times**2)
    return (level * np.sin(phase)).astype(np.float32)


NO_SPEECH = {
    "silence": silence,
    "white noise": white_noise,
    "pink noise": pink_noise,
    "mains hum": mains_hum,
    "chords": chords,
    "arpeggio": arpeggio,
    "tone": tone,
}
"""Every kind of sound in which no word may be heard."""


def write_sound(
    path: Path,
    samples: Samples,
    rate: int = RATE,
    codec: str = "pcm_s16le",
    container: str | None = None,
    start: float = 0.0,
    options: dict[str, str] | None = None,
    layout: str | None = None,
) -> Path:
    """Encode float32 (n,) or (channels, n) into a file, its kind told by the name if not given.

    start: seconds of the first timestamp. options: of the container. Returns the path.
    """
    return write_pieces(path, [(start, samples)], rate, codec, container, options, layout)


def write_pieces(
    path: Path,
    pieces: list[tuple[float, Samples]],
    rate: int = RATE,
    codec: str = "pcm_s16le",
    container: str | None = None,
    options: dict[str, str] | None = None,
    layout: str | None = None,
    picture: float = 0.0,
) -> Path:
    """Encode pieces of sound, each (start in seconds, samples), with gaps in the timestamps.

    picture: seconds of (black) video beginning at 0; 0 for none. Returns the path.
    """
    import av

    channels = np.atleast_2d(pieces[0][1]).shape[0] if pieces else 1
    layout = layout or {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}[channels]
    with av.open(str(path), "w", format=container, options=options or {}) as out:
        film = out.add_stream("mpeg4", **_FILM) if picture else None
        stream: Any = out.add_stream(codec, rate=rate, layout=layout)
        stream.time_base = Fraction(1, rate)
        if not stream.codec_context.is_open:
            stream.codec_context.open()
        out.start_encoding()
        if film is not None:
            _film(out, film, picture)
        for start, samples in pieces:
            for frame in _frames(stream.codec_context, np.atleast_2d(samples), rate, layout, start):
                out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def write_streams(path: Path, sounds: list[Samples]) -> Path:
    """A file of several audio streams, each of float32 (n,) at 16 kHz."""
    import av

    with av.open(str(path), "w") as out:
        streams = [out.add_stream("pcm_s16le", rate=RATE, layout="mono") for _ in sounds]
        for stream, sound in zip(streams, sounds, strict=True):
            for start in range(0, len(sound), RATE):
                cut = (sound[start : start + RATE] * 32767).astype(np.int16)[None]
                frame = av.AudioFrame.from_ndarray(cut, format="s16", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
    return path


def write_film(path: Path, seconds: float = 1.0) -> Path:
    """A video without an audio stream."""
    import av

    with av.open(str(path), "w") as out:
        _film(out, out.add_stream("mpeg4", **_FILM), seconds)
    return path


def _film(out: Any, stream: Any, seconds: float) -> None:
    import av

    for i in range(round(seconds * 10)):
        frame = av.VideoFrame.from_ndarray(np.zeros((48, 32), np.uint8), format="yuv420p")
        frame.pts, frame.time_base = i, Fraction(1, 10)
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def _frames(codec: Any, samples: Samples, rate: int, layout: str, start: float) -> list[Any]:
    import av

    packed = np.ascontiguousarray(samples.T, np.float32).reshape(1, -1)
    whole: Any = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
    whole.sample_rate, whole.pts, whole.time_base = rate, round(start * rate), Fraction(1, rate)
    cutter = av.AudioResampler(
        format=codec.format, layout=layout, rate=rate, frame_size=codec.frame_size or 1024
    )
    frames = cutter.resample(whole) + cutter.resample(None)
    at = round(start * rate)
    for frame in frames:
        frame.pts, frame.time_base = at, Fraction(1, rate)
        at += frame.samples
    return frames


def _played(seconds: float, rate: int, level: float, beat: float, pick: Any) -> Samples:
    out = np.zeros(round(seconds * rate))
    for start in range(0, len(out), round(beat * rate)):
        times = np.arange(min(len(out) - start, round(1.5 * beat * rate))) / rate
        for note in pick():
            hertz = 440 * 2 ** ((note - 69) / 12)
            for k in range(1, 5):
                wave = np.sin(2 * np.pi * k * hertz * times) * np.exp(-3 * times / beat) / k**1.5
                out[start : start + len(times)] += wave
    return (level * out / max(1e-9, np.abs(out).max())).astype(np.float32)


def _times(seconds: float, rate: int) -> npt.NDArray[np.float64]:
    return np.arange(round(seconds * rate)) / rate
