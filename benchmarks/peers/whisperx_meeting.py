"""WhisperX's voice activity, merging and assignment with Whisper's own word times.

WhisperX times words by a wav2vec2 model that comes from no package; Whisper's cross-attention does
instead, on the windows WhisperX merges, decoded as WhisperX does (batches of eight, beam 5, no
timestamps, no fallback). Its default diarizer needs a token; pyannote.audio's stock pipeline on the
weights Parley uses does instead.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.peers.faster_whisper_words import words_of
from benchmarks.peers.pyannote_turns import stock
from benchmarks.peers.running import RATE, Heard, Work, model, perform, sound, threads
from benchmarks.peers.whisperx_assignment import assigned

WINDOW = 30
ONSET, OFFSET = 0.500, 0.363
"""WhisperX's defaults."""


def load() -> Work:
    """WhisperX's parts and the models."""
    import torch
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    torch.set_num_threads(threads())
    vads = import_module("whisperx.vads")  # lives in its own environment only
    vad = vads.Pyannote(torch.device("cpu"), vad_onset=ONSET, vad_offset=OFFSET)
    whisper = WhisperModel(
        model("WHISPER"), device="cpu", compute_type="int8", cpu_threads=threads()
    )
    pipeline, turns_of = BatchedInferencePipeline(whisper), stock()

    def windows(samples: Any) -> list[dict[str, float]]:
        scores = vad({"waveform": vad.preprocess_audio(samples), "sample_rate": RATE})
        merged = vad.merge_chunks(scores, WINDOW, onset=ONSET, offset=OFFSET)
        return [{"start": m["start"], "end": m["end"]} for m in merged]

    def work(file: Path) -> Heard:
        samples = sound(file)
        found, _ = pipeline.transcribe(
            samples,
            vad_filter=False,
            clip_timestamps=windows(samples),
            batch_size=8,
            beam_size=5,
            word_timestamps=True,
        )
        words, turns = words_of(found), turns_of(samples)
        return Heard(assigned(words, turns), turns)

    return work


if __name__ == "__main__":
    perform(load)
