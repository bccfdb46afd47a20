"""The accuracy gate: what was once reached may not be lost unseen.

    python -m benchmarks.gate DATA_DIR            # compare with what is recorded; exit 1 if worse
    python -m benchmarks.gate DATA_DIR --record   # record today's figures in its place

Processors compute a little differently, so a little is allowed; a gain is recorded by hand.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.accuracy import measured
from benchmarks.recordings import references
from pipeline.checkpoints import Checkpoints
from pipeline.config import load_profile
from pipeline.meeting import MeetingEngine
from stages.local import LocalStages
from stages.models import Registry

RECORDED = Path(__file__).parent / "results" / "accuracy.json"

GROUP = "pooled meetings"

ALLOWED = {"WER": 0.3, "cpWER": 0.3, "DER": 0.5}
"""Points of each rate that a run may be worse than recorded."""

RECORDINGS = (
    "sim_dev_3spk_clean",
    "sim_dev_4spk_overlap",
    "ami_trn00",
    "ami_trn03",
    "ami_trn05",
    "sim_dev_10min",
)


def main() -> None:
    """Read the arguments, run, compare or record."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--record", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        profile = load_profile("cpu")
        stages = LocalStages(profile, Registry.load())
        engine = MeetingEngine(profile, stages, Checkpoints(Path(scratch) / "checkpoints"))
        found = asyncio.run(rates(engine, arguments.data, Path(scratch)))
    if arguments.record:
        RECORDED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    faults = worse(found, recorded())
    if faults:
        sys.exit("\n".join(faults))


async def rates(engine: MeetingEngine, data: Path, out: Path) -> dict[str, float]:
    """The pooled rates, in percent, of the gate's recordings in `data`."""
    figures: dict[str, Any] = await measured(engine, references(data, RECORDINGS), out)
    return {name: round(figures["pooled"][GROUP][name], 2) for name in ALLOWED}


def recorded() -> dict[str, float]:
    """The rates to be kept."""
    rates: dict[str, float] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return rates


def worse(found: Mapping[str, float], kept: Mapping[str, float]) -> list[str]:
    """What is worse than recorded by more than is allowed, a line each."""
    return [
        f"{name}: {kept[name]:.2f} % is recorded and {allowed} points more allowed, "
        f"{found[name]:.2f} % came."
        for name, allowed in ALLOWED.items()
        if found[name] > kept[name] + allowed
    ]


if __name__ == "__main__":
    main()
