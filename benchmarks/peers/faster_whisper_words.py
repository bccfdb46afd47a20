"""Words by faster-whisper as its README has it: `sequential`, or `batched` by eight."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from benchmarks.peers.running import Heard, Word, Work, model, perform, threads


def load() -> Work:
    """Whisper in int8, and how it is to go through a recording."""
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    whisper = WhisperModel(
        model("WHISPER"), device="cpu", compute_type="int8", cpu_threads=threads()
    )
    common: dict[str, Any] = {"beam_size": 5, "word_timestamps": True, "vad_filter": True}
    batched = sys.argv[3] == "batched"
    pipeline = BatchedInferencePipeline(whisper) if batched else whisper
    options = common | ({"batch_size": 8} if batched else {})

    def work(file: Path) -> Heard:
        found, _ = pipeline.transcribe(str(file), **options)
        return Heard(words=words_of(found))

    return work


def words_of(found: Iterable[Any]) -> list[Word]:
    """The words of faster-whisper's segments."""
    return [Word(w.start, w.end, w.word) for s in found for w in s.words or ()]


if __name__ == "__main__":
    perform(load)
