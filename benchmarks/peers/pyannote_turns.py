"""Turns by pyannote.audio's own SpeakerDiarization on the weights Parley uses."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.peers.running import RATE, Heard, Turn, Work, model, perform, sound, threads


def load() -> Work:
    """The stock pipeline, the whole recording in memory."""
    turns = stock()
    return lambda file: Heard(turns=turns(sound(file)))


def stock() -> Callable[[Any], list[Turn]]:
    """From samples to turns by the pipeline that `stages.diarization.stock` describes."""
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
    import torch

    from stages.diarization.stock import stock_pipeline

    torch.set_num_threads(threads())
    pipeline = stock_pipeline(Path(model("SEGMENTATION")), Path(model("EMBEDDING")))

    def turns(samples: Any) -> list[Turn]:
        waveform = torch.from_numpy(samples)[None]
        found = pipeline({"waveform": waveform, "sample_rate": RATE, "uri": "recording"})
        tracks = found.speaker_diarization.itertracks(yield_label=True)
        return [Turn(s.start, s.end, str(who)) for s, _, who in tracks]

    return turns


if __name__ == "__main__":
    perform(load)
