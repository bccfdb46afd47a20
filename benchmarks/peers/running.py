"""What every runner of a peer shares: the arguments, the clock, the sound, the files written.

A runner is started as `python -m benchmarks.peers.NAME FILE OUT_DIR [option…]` in a process of its
own. It writes OUT_DIR/STEM.words.json and STEM.seglst.json where it found words, STEM.rttm where it
found turns, STEM being FILE's, and prints {"load": seconds, "run": seconds} as its last line. It
uses THREADS threads. Nothing here needs more than numpy and PyAV, so it runs in any environment.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

RATE = 16_000
PAUSE = 1.0
"""Seconds of silence after which the same speaker's words are another segment."""
UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Word:
    """A word from `start` to `end`, in seconds, and who said it as far as anybody found out."""

    start: float
    end: float
    text: str
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """`speaker` talks from `start` to `end`, in seconds."""

    start: float
    end: float
    speaker: str


@dataclass(frozen=True, slots=True)
class Heard:
    """What a peer found in a recording; None is what it does not look for."""

    words: Sequence[Word] | None = None
    turns: Sequence[Turn] | None = None


Work = Callable[[Path], Heard]


def perform(load: Callable[[], Work]) -> None:
    """Do what the arguments say: load, run, write, tell the seconds."""
    file, out = Path(sys.argv[1]), Path(sys.argv[2])
    begun = time.perf_counter()
    work = load()
    loaded = time.perf_counter()
    heard = work(file)
    ended = time.perf_counter()
    write(out / file.stem, heard)
    print(json.dumps({"load": round(loaded - begun, 3), "run": round(ended - loaded, 3)}))


def threads() -> int:
    """How many threads a peer may use."""
    return int(os.environ.get("THREADS", "2"))


def model(name: str) -> str:
    """Folder of a model that Parley's registry checked: WHISPER, SEGMENTATION or EMBEDDING."""
    return os.environ[f"MODEL_{name}"]


def sound(file: Path) -> Any:
    """The recording as float32 (samples,), 16 kHz, channels mixed."""
    import av
    import numpy as np

    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    with av.open(str(file)) as container:
        frames = [f for d in container.decode(audio=0) for f in resampler.resample(d)]
    frames += resampler.resample(None)
    pieces = [f.to_ndarray().reshape(-1) for f in frames]
    return np.concatenate(pieces).astype(np.float32) / 32768.0


def write(stem: Path, heard: Heard) -> None:
    """Write what was found as `stem` with the endings that this module's docstring names."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    if heard.words is not None:
        rows = [[w.start, w.end, w.text, w.speaker] for w in heard.words]
        _json(stem.with_name(f"{stem.name}.words.json"), rows)
        _json(stem.with_name(f"{stem.name}.seglst.json"), segments(stem.name, heard.words))
    if heard.turns is not None:
        # Ends are rounded, not lengths: equal turns stay equal whoever wrote them.
        spans = [(round(t.start, 3), round(t.end, 3), t.speaker) for t in heard.turns]
        rttm = "".join(
            f"SPEAKER {stem.name} 1 {start:.3f} {end - start:.3f} <NA> <NA> {who} <NA> <NA>\n"
            for start, end, who in spans
        )
        stem.with_name(f"{stem.name}.rttm").write_text(rttm, encoding="utf-8")


def read_words(stem: Path) -> list[Word]:
    """The words a runner wrote."""
    path = stem.with_name(f"{stem.name}.words.json")
    return [Word(*row) for row in json.loads(path.read_text(encoding="utf-8"))]


def read_turns(stem: Path) -> list[Turn]:
    """The turns a runner wrote."""
    path = stem.with_name(f"{stem.name}.rttm")
    rows = map(str.split, path.read_text(encoding="utf-8").splitlines())
    return [Turn(float(r[3]), float(r[3]) + float(r[4]), r[7]) for r in rows if r]


def segments(session: str, words: Iterable[Word]) -> list[dict[str, Any]]:
    """SegLST: words of one speaker up to a pause are a segment; nobody's are UNKNOWN's."""
    runs: list[list[Word]] = []
    for word in words:
        last = runs[-1][-1] if runs else None
        if last and last.speaker == word.speaker and word.start - last.end < PAUSE:
            runs[-1].append(word)
        else:
            runs.append([word])
    return [
        {
            "session_id": session,
            "speaker": run[0].speaker or UNKNOWN,
            "start_time": run[0].start,
            "end_time": max(w.end for w in run),
            "words": " ".join(w.text.strip() for w in run),
        }
        for run in runs
    ]


def sentences(words: Iterable[Word]) -> list[list[Word]]:
    """Words up to a full stop, a question or exclamation mark, or a pause."""
    found: list[list[Word]] = []
    for word in words:
        last = found[-1][-1] if found else None
        if last is None or last.text.strip()[-1:] in ".?!" or word.start - last.end >= PAUSE:
            found.append([])
        found[-1].append(word)
    return found


def by_overlap(words: Iterable[Word], turns: Sequence[Turn]) -> list[Word]:
    """Each word given to whoever's turns it shares most time with, else to the nearest turn's."""
    return [replace(w, speaker=_most(w, turns)) for w in words]


def nameless(turns: Iterable[Turn], length: float) -> list[tuple[float, float, int]]:
    """Turns by start, speakers numbered as they first talk: equal where only names differ.

    length: seconds of the recording; pyannote.audio hears voices in the silence it pads with, and
    what lies after the end is left out.
    """
    numbers: dict[str, int] = {}
    spans = ((round(t.start, 3), round(min(t.end, length), 3), t.speaker) for t in turns)
    ordered = sorted(s for s in spans if s[0] < s[1])
    return [(start, end, numbers.setdefault(who, len(numbers))) for start, end, who in ordered]


def _most(word: Word, turns: Sequence[Turn]) -> str | None:
    shared: dict[str, float] = {}
    for turn in turns:
        both = min(word.end, turn.end) - max(word.start, turn.start)
        if both > 0:
            shared[turn.speaker] = shared.get(turn.speaker, 0.0) + both
    if shared:
        return max(shared, key=lambda who: shared[who])
    middle = (word.start + word.end) / 2
    nearest = min(
        turns, key=lambda t: max(t.start - middle, middle - t.end), default=Turn(0, 0, UNKNOWN)
    )
    return nearest.speaker


def _json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
