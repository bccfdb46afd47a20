"""What the service costs beside the bare command: the same recording, both warm, in turns.

    python -m benchmarks.service FILE [--runs 3] [--url http://127.0.0.1:8000]

Each run brings FILE to the service that listens at the URL, without minutes, and waits until it is
ready; then it runs the engine over FILE in this process, with models that are loaded already and
no checkpoint. Printed are wall seconds of both and their ratio; neither counts a start.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from pipeline.checkpoints import Checkpoints
from pipeline.config import load_profile
from pipeline.meeting import MeetingEngine, Request
from stages.local import LocalStages
from stages.models import Registry


def main() -> None:
    """Read the arguments, measure in turns, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    arguments = parser.parse_args()
    stages = LocalStages(load_profile("cpu"), Registry.load(offline=True))
    print(f"{'run':>4}{'service':>10}{'bare':>10}{'ratio':>8}")
    ratios = []
    with asyncio.Runner() as runner, httpx.Client(base_url=arguments.url, timeout=600) as client:
        for run in range(arguments.runs + 1):
            served = by_service(client, arguments.file)
            bare = by_engine(runner, stages, arguments.file)
            if run == 0:
                continue  # models were loaded
            ratios.append(served / bare)
            print(f"{run:>4}{served:>10.1f}{bare:>10.1f}{ratios[-1]:>8.3f}", flush=True)
    print(f"median ratio {statistics.median(ratios):.3f}")


def by_service(client: httpx.Client, file: Path) -> float:
    """Seconds until the service has the transcript; the meeting is deleted afterwards."""
    begun = time.perf_counter()
    query = {"filename": file.name, "minutes": "false"}
    made = client.post("/v1/meetings", params=query, content=file.read_bytes())
    made.raise_for_status()
    meeting = made.json()["id"]
    url = f"/v1/meetings/{meeting}"
    while (found := client.get(url).json())["status"] not in ("ready", "failed", "canceled"):
        time.sleep(0.1)
    seconds = time.perf_counter() - begun
    client.delete(url).raise_for_status()
    if found["status"] != "ready":
        raise SystemExit(f"the service failed: {found['error']}")
    return seconds


def by_engine(runner: asyncio.Runner, stages: LocalStages, file: Path) -> float:
    """Seconds of the engine alone, with loaded models and without checkpoints."""
    with tempfile.TemporaryDirectory(prefix="parley-service-") as folder:
        engine = MeetingEngine(load_profile("cpu"), stages, Checkpoints(Path(folder)))
        begun = time.perf_counter()
        runner.run(engine.run(Request(file, minutes=False)))
        return time.perf_counter() - begun


if __name__ == "__main__":
    main()
