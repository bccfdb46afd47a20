"""What length costs: Parley on one recording played over and over for hours. Cost, not accuracy.

    python -m benchmarks.length FILE [--hours 1,4,8] [--profile cpu] [--json OUT]

The sound of FILE is repeated to each length in a FLAC file in a temporary folder (some 60 MB an
hour) and goes through a process of its own with no checkpoint and without minutes. "first" is the
time from its start to the first window of words. Memory is in MB and that of the process and its
children: "loaded" is RssAnon once words and voices have both begun to come, with all models there;
"above" is how far the peak rose beyond that. The stages' seconds are from their first to their last
sign of progress.
"""

from __future__ import annotations

import argparse
import tempfile
from fractions import Fraction
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed import measure, write
from pipeline.audio import decode
from pipeline.ports import Sound
from pipeline.types import SAMPLE_RATE

STAGES = ("decode", "transcribe", "diarize", "attribute")
BLOCK = 10 * SAMPLE_RATE
"""Samples written at once."""


def main() -> None:
    """Read the arguments, run, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--hours", default="1,4,8", help="lengths, with commas between")
    parser.add_argument("--profile", default="cpu")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    columns = ("hours", "wall", "RTF", "CPU", "CPU/s", "first", "loaded", "anon", "above", "RSS")
    print("".join(f"{c:>9s}" for c in columns) + "".join(f"{s:>12s}" for s in STAGES))
    rows = []
    for hours in map(float, arguments.hours.split(",")):
        with tempfile.TemporaryDirectory(prefix="parley-length-") as folder:
            looped = loop(arguments.file, Path(folder), hours)
            rows.append({"hours": hours} | measure(looped, arguments.profile, minutes=False))
        _print(rows[-1])
    if arguments.json:
        write(arguments.json, rows)


def loop(source: Path, folder: Path, hours: float) -> Path:
    """The sound of `source` over and over for `hours`, as a FLAC file in `folder`."""
    decoded = decode(source, folder / "sound.s16")
    target = folder / f"{source.stem}-{hours:g}h.flac"
    write_looped(decoded.sounds[0], target, round(hours * 3600 * SAMPLE_RATE))
    return target


def write_looped(sound: Sound, target: Path, samples: int) -> None:
    """Repeat `sound` in a FLAC file of exactly so many `samples`."""
    import av

    with av.open(str(target), "w") as out:
        stream = out.add_stream("flac", rate=SAMPLE_RATE, layout="mono")
        written = 0
        for start in cycle(range(0, sound.length, BLOCK)):
            block = sound.read(start, min(start + BLOCK, start + samples - written))
            pcm = np.rint(block * 32768).clip(-32768, 32767).astype(np.int16)[None]
            frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
            frame.sample_rate, frame.pts = SAMPLE_RATE, written
            frame.time_base = Fraction(1, SAMPLE_RATE)
            out.mux(stream.encode(frame))
            written += len(block)
            if written >= samples:
                break
        out.mux(stream.encode(None))


def _print(row: dict[str, Any]) -> None:
    loaded = row["loaded_mb"]
    above = "-" if loaded is None else row["anon_mb"] - loaded
    stages = "".join(f"{'-' if row.get(f'{s}_s') is None else row[f'{s}_s']:>12}" for s in STAGES)
    print(
        f"{row['hours']:9.2f}{row['wall']:9.1f}{row['rtf']:9.3f}{row['cpu']:9.1f}"
        f"{row['cpu_per_second']:9.3f}{row['first_s'] or '-':>9}{loaded or '-':>9}"
        f"{row['anon_mb']:9d}{above:>9}{row['rss_mb']:9d}{stages}",
        flush=True,
    )


if __name__ == "__main__":
    main()
