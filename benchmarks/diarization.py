"""Runs a diarizer alone on recordings with references: how right, how fast, in how much memory.

    python -m benchmarks.diarization DATA_DIR [--system parley|stock] [--ids a,b] [--set k=v]
        [--count] [--voices DIR] [--out DIR]

The stock system is pyannote.audio's own pipeline on the same weights. --set takes diarization
settings (threshold=0.7). --count tells the diarizer how many people speak. --voices keeps what was
heard, so that only grouping is repeated when its settings change. --out keeps the RTTM files.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from benchmarks.recordings import Reference, references
from benchmarks.scores import Score, pooled, score
from benchmarks.simulate import RATE, Sound, decode
from pipeline.config import DiarizationSettings
from pipeline.ports import SpeakerHint, VoiceWindows
from pipeline.voices import VoicesCodec
from stages.models import Registry

Turns = list[tuple[float, float, str]]
System = Callable[[Reference, Sound, SpeakerHint], Turns]
COLUMNS = "DER miss fa conf spk±".split()


@dataclass(frozen=True)
class Samples:
    """A recording in memory, as a `pipeline.ports.Sound`."""

    samples: Sound

    @property
    def length(self) -> int:
        """Samples in the recording."""
        return len(self.samples)

    def read(self, start: int, end: int) -> Sound:
        """Samples start to end."""
        return self.samples[max(0, start) : end]


def main() -> None:
    """Read the arguments, run, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--system", choices=["parley", "stock"], default="parley")
    parser.add_argument("--ids", default="", help="only these, comma-separated")
    parser.add_argument("--skip", default="", help="all but these, comma-separated")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--count", action="store_true", help="tell how many people speak")
    parser.add_argument("--voices", type=Path, help="folder that keeps what was heard")
    parser.add_argument("--out", type=Path, help="folder for the RTTM files")
    arguments = parser.parse_args()
    overrides = {k: yaml.safe_load(v) for k, _, v in (s.partition("=") for s in arguments.set)}
    settings = DiarizationSettings.model_validate({"threads": 1, **overrides})
    chosen = references(arguments.data, filter(None, arguments.ids.split(",")))
    chosen = [r for r in chosen if r.turns and r.id not in arguments.skip.split(",")]
    build = stock if arguments.system == "stock" else parley
    system = build(settings, arguments.voices)
    with tempfile.TemporaryDirectory() as scratch:
        out = arguments.out or Path(scratch)
        out.mkdir(parents=True, exist_ok=True)
        run(system, chosen, out, arguments.count)


def run(system: System, chosen: list[Reference], out: Path, count: bool) -> None:
    """Diarize and score `chosen`, a line each, then all together."""
    print(f"{'':24s}" + "".join(f"{c:>8s}" for c in [*COLUMNS, "found", "of", "cpu s", "rt"]))
    scores: list[Score] = []
    for reference in chosen:
        samples = decode(reference.path)
        truth = people(reference.turns or reference.path)
        hint = SpeakerHint(exactly=len(truth)) if count else SpeakerHint()
        started = time.process_time()
        turns = system(reference, samples, hint)
        spent = time.process_time() - started
        path = out / f"{reference.id}.rttm"
        path.write_text(rttm(reference.id, turns), encoding="utf-8")
        nothing = {"transcribed": 0.0, "speech": 0.0}
        scores.append(score(replace(reference, words=None), path, path, nothing))
        rate = spent / (len(samples) / RATE)
        found = len({who for _, _, who in turns})
        line(reference.id, scores[-1], f"{found:8d}{len(truth):8d}{spent:8.1f}{rate:8.3f}")
    exact = sum(s.speakers_off == 0 for s in scores)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    line("pooled", pooled(scores), f"   people right in {exact}/{len(scores)}, peak {peak:.0f} MB")


def parley(settings: DiarizationSettings, voices: Path | None) -> System:
    """Parley's diarizer."""
    from stages.diarization import build_diarizer

    names = (
        [settings.pipeline] if settings.pipeline else [settings.segmentation, settings.embedding]
    )
    registry = Registry.load()
    diarizer = build_diarizer(settings, *(registry.ensure(name) for name in names))
    codec = VoicesCodec()

    async def heard(reference: Reference, samples: Sound) -> VoiceWindows:
        kept = voices and voices / f"{reference.id} {settings.listening()}.npz".replace("/", "-")
        if kept and kept.is_file():
            return codec.parse(kept.read_bytes())
        found = await diarizer.listen(Samples(samples), lambda _: None)
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(codec.dump(found))
        return found

    async def both(reference: Reference, samples: Sound, hint: SpeakerHint) -> Turns:
        diarization = await diarizer.separate(await heard(reference, samples), hint)
        return [(t.span.start, t.span.end, t.speaker) for t in diarization.turns]

    return lambda reference, samples, hint: asyncio.run(both(reference, samples, hint))


def stock(settings: DiarizationSettings, _: Path | None) -> System:
    """pyannote.audio's own pipeline on the same weights."""
    import torch

    from stages.diarization.stock import stock_pipeline

    torch.set_num_threads(settings.threads or 1)
    registry = Registry.load()
    pipeline = stock_pipeline(
        registry.ensure(settings.segmentation), registry.ensure(settings.embedding)
    )

    def diarize(reference: Reference, samples: Sound, hint: SpeakerHint) -> Turns:
        waveform = torch.from_numpy(np.ascontiguousarray(samples))[None]
        file: Any = {"waveform": waveform, "sample_rate": RATE, "uri": reference.id}
        found = pipeline(file, num_speakers=hint.exactly).speaker_diarization
        return [(s.start, s.end, str(who)) for s, _, who in found.itertracks(yield_label=True)]

    return diarize


def people(path: Path) -> set[str]:
    """The speakers of an RTTM file."""
    return {f[7] for f in map(str.split, path.read_text(encoding="utf-8").splitlines()) if f}


def rttm(name: str, turns: Turns) -> str:
    """`turns` in NIST's form, one line each."""
    return "".join(
        f"SPEAKER {name} 1 {start:.3f} {end - start:.3f} <NA> <NA> {who} <NA> <NA>\n"
        for start, end, who in turns
    )


def line(name: str, total: Score, rest: str) -> None:
    """Print one row of the table."""
    row = total.row()
    cells = "".join(f"{'-' if row[c] is None else f'{row[c]:.1f}':>8s}" for c in COLUMNS)
    print(f"{name[:24]:24s}{cells}{rest}", flush=True)


if __name__ == "__main__":
    main()
