"""The first seconds of a long recording, with its references cut to them, for what is slow."""

from __future__ import annotations

import json
import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.recordings import Reference

RATE = 16_000


def cut(reference: Reference, seconds: float, folder: Path) -> Reference:
    """The first `seconds` of a recording as 16 kHz mono in `folder`, made once.

    What begins before the cut stays, its end clipped.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"{reference.id}_first_{seconds:g}s"
    path, words, turns = (stem.with_name(stem.name + e) for e in (".wav", ".seglst.json", ".rttm"))
    if not path.is_file():
        _sound(reference.path, seconds, path)
    if reference.words is not None:
        segments = json.loads(reference.words.read_text(encoding="utf-8"))
        words.write_text(json.dumps(cut_segments(segments, seconds)), encoding="utf-8")
    if reference.turns is not None:
        lines = reference.turns.read_text(encoding="utf-8").splitlines()
        turns.write_text("".join(f"{t}\n" for t in cut_turns(lines, seconds)), encoding="utf-8")
    return replace(
        reference,
        path=path,
        duration=seconds,
        words=words if reference.words else None,
        turns=turns if reference.turns else None,
    )


def cut_segments(segments: list[dict[str, Any]], seconds: float) -> list[dict[str, Any]]:
    """SegLST segments that begin before `seconds`."""
    return [
        s | {"end_time": min(float(s["end_time"]), seconds)}
        for s in segments
        if float(s["start_time"]) < seconds
    ]


def cut_turns(lines: list[str], seconds: float) -> Iterator[str]:
    """RTTM lines of turns that begin before `seconds`."""
    for fields in map(str.split, lines):
        if fields and fields[0] == "SPEAKER" and float(fields[3]) < seconds:
            start, length = float(fields[3]), float(fields[4])
            fields[4] = f"{min(length, seconds - start):.3f}"
            yield " ".join(fields)


def _sound(source: Path, seconds: float, target: Path) -> None:
    import av

    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    partial, left = target.with_suffix(".part"), round(seconds * RATE)
    with av.open(str(source)) as container, partial.open("wb") as raw, wave.open(raw, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        for decoded in container.decode(audio=0):
            for frame in resampler.resample(decoded):
                samples = frame.to_ndarray().reshape(-1)[:left]
                out.writeframes(samples.tobytes())
                left -= len(samples)
            if left <= 0:
                break
    partial.replace(target)
