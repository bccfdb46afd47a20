"""Runs Parley on recordings with references and prints how right it was.

    python benchmarks/accuracy.py DATA_DIR [--out OUT] [--ids a,b] [--profile cpu] [--set k=v]

DATA_DIR holds a MANIFEST.jsonl, or sound files with NAME.seglst.json and NAME.rttm beside them. OUT
keeps what was made of each (SegLST, RTTM, JSON), so that any other tool can score it too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from benchmarks.recordings import Reference, references
from benchmarks.scores import Score, pooled, score
from pipeline.checkpoints import Checkpoints
from pipeline.config import load_profile
from pipeline.errors import ParleyError
from pipeline.exports import write_exports
from pipeline.meeting import MeetingEngine, Request
from stages.local import LocalStages
from stages.models import Registry, cache_folder

COLUMNS = "WER sub del ins cpWER tcpWER cp-ORC DER miss fa conf spk± cover".split()


def main() -> None:
    """Read the arguments, run, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--ids", default="", help="only these, comma-separated")
    parser.add_argument("--skip", default="", help="all but these, comma-separated")
    parser.add_argument("--profile", default="cpu")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--fresh", action="store_true", help="use no checkpoint of an earlier run")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    arguments = parser.parse_args()
    chosen = references(arguments.data, filter(None, arguments.ids.split(",")))
    chosen = [r for r in chosen if r.id not in arguments.skip.split(",")]
    with tempfile.TemporaryDirectory() as scratch:
        out = arguments.out or Path(scratch)
        checkpoints = Path(scratch) / "fresh" if arguments.fresh else cache_folder() / "recordings"
        profile = load_profile(arguments.profile, _overrides(arguments.set))
        engine = MeetingEngine(
            profile, LocalStages(profile, Registry.load()), Checkpoints(checkpoints)
        )
        figures = asyncio.run(measured(engine, chosen, out))
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


async def measured(engine: MeetingEngine, chosen: list[Reference], out: Path) -> dict[str, Any]:
    """Run and score `chosen`, a line each, results kept in `out`; rates by file and pooled."""
    scores: dict[str, tuple[Reference, Score]] = {}
    print(f"{'recording':24s}" + "".join(f"{c:>8s}" for c in COLUMNS))
    for reference in chosen:
        try:
            meeting = await engine.run(Request(reference.path, minutes=False))
        except ParleyError as error:
            print(f"{reference.id[:24]:24s} {error}", file=sys.stderr)
            continue
        transcript = meeting.transcript
        write_exports(
            out, reference.id, ["seglst", "rttm", "json"], transcript, None, overwrite=True
        )
        covered = {
            "speech": transcript.coverage.speech,
            "transcribed": transcript.coverage.transcribed,
        }
        paths = out / f"{reference.id}.seglst.json", out / f"{reference.id}.rttm"
        scores[reference.id] = reference, score(reference, *paths, covered)
        _line(reference.id, scores[reference.id][1])
    return _summary(scores)


def _summary(scores: dict[str, tuple[Reference, Score]]) -> dict[str, Any]:
    english = [(r, s) for r, s in scores.values() if r.language != "zh"]
    groups = {
        "pooled meetings": [s for r, s in english if r.kind == "meeting"],
        "pooled ami": [s for r, s in english if r.id.startswith("ami")],
        "pooled simulated": [
            s for r, s in english if r.id.startswith("sim") and r.kind == "meeting"
        ],
        "pooled formats": [s for r, s in english if r.kind == "format"],
        "Chinese (characters)": [s for r, s in scores.values() if r.language == "zh"],
    }
    rows = {name: pooled(group) for name, group in groups.items() if group}
    for name, total in rows.items():
        _line(name, total)
    files = {name: s.row() for name, (_, s) in scores.items()}
    return {"files": files, "pooled": {name: total.row() for name, total in rows.items()}}


def _line(name: str, total: Score) -> None:
    cells = (total.row()[c] for c in COLUMNS)
    text = "".join(f"{'-' if c is None else f'{c:.1f}':>8s}" for c in cells)
    print(f"{name[:24]:24s}{text}", flush=True)


def _overrides(pairs: list[str]) -> dict[str, Any]:
    overrides: dict[str, Any] = {}
    for pair in pairs:
        key, _, text = pair.partition("=")
        *parents, last = key.split(".")
        place = overrides
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = yaml.safe_load(text)
    return overrides


if __name__ == "__main__":
    main()
