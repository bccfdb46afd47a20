"""The whole service on a real Ray Serve: it goes on whatever process is killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from pipeline.events import MeetingEvent, MeetingView, replay
from tests.contract.conftest import Run
from tests.contract.service import brought, heard, recording, settled

pytestmark = [
    pytest.mark.ray,
    pytest.mark.filterwarnings("ignore:Using extra keyword arguments on `Field`"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.timeout(240),
]
SLOW = "tests.contract.slow:slow"


@pytest.fixture(scope="module")
def client(
    run_on_ray: Run, http_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    service = {
        "data": str(tmp_path_factory.mktemp("data")),
        "jobs": {"lease": 3.0, "heartbeat": 0.2, "poll": 0.1, "attempts": 5},
    }
    run_on_ray({"models": {"stages": SLOW}}, {"service": service, "stages": SLOW})
    with httpx.Client(base_url=f"http://127.0.0.1:{http_port}", timeout=60) as found:
        until(lambda: answered(found))
        yield found


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "still not"
        time.sleep(0.1)


def answered(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.HTTPError:
        return False


def kill(part: str) -> None:
    """End a replica at once, as the kernel does when memory runs out."""
    name = f"ray::ServeReplica:{part}"
    found = [
        p.pid for p in psutil.process_iter(["cmdline"]) if name in " ".join(p.info["cmdline"] or ())
    ]
    assert found, f"no process {name}"
    for pid in found:
        os.kill(pid, signal.SIGKILL)


def follow(client: httpx.Client, meeting: str, seen: list[dict[str, Any]]) -> bool:
    """Read the stream from where it was left; True once there are minutes, False if it broke."""
    last = max((e["seq"] for e in seen if e["seq"]), default=0)
    headers = {"Accept": "text/event-stream", "Last-Event-ID": str(last)}
    try:
        with client.stream("GET", f"/v1/meetings/{meeting}/events", headers=headers) as stream:
            if stream.status_code != 200:
                return False
            for event in heard(stream.iter_lines()):
                seen.append(event)
                if event["type"] == "minutes.final":
                    return True
    except httpx.HTTPError:
        pass
    return False


def fold(events: list[dict[str, Any]]) -> MeetingView:
    durable = [e for e in events if e["seq"] is not None]
    assert [e["seq"] for e in durable] == list(range(1, len(durable) + 1))
    return replay(MeetingEvent(e["seq"], e["type"], e["at"], e["payload"]) for e in durable)


def test_words_come_while_the_rest_is_still_heard(client: httpx.Client, tmp_path: Path) -> None:
    seen: list[dict[str, Any]] = []
    meeting = brought(client, recording(tmp_path, last=61.0))["id"]
    assert follow(client, meeting, seen)
    kinds = [e["type"] for e in seen]
    assert kinds.index("utterance.partial") < kinds.index("utterance.final")
    assert kinds.index("utterance.final") < kinds.index("minutes.final")


@pytest.mark.parametrize("part", ["models:Transcriber", "models:Diarizer", "api:Api"])
def test_a_killed_replica_costs_time_and_nothing_else(
    client: httpx.Client, tmp_path: Path, part: str
) -> None:
    length = {"models:Transcriber": 62.0, "models:Diarizer": 63.0, "api:Api": 64.0}[part]
    path = recording(tmp_path, last=length)
    meeting = brought(client, path)["id"]
    seen: list[dict[str, Any]] = []
    headers = {"Accept": "text/event-stream"}
    with client.stream("GET", f"/v1/meetings/{meeting}/events", headers=headers) as stream:
        for event in heard(stream.iter_lines()):
            if event["type"] == "utterance.partial":
                break
            if event["seq"] is not None:
                seen.append(event)
    kill(part)
    end = time.monotonic() + 120
    while not follow(client, meeting, seen):
        assert time.monotonic() < end
        time.sleep(0.2)
    view = fold(seen)
    until(lambda: answered(client))
    done = settled(client, meeting, 60)
    assert done["status"] == "ready"
    transcript = client.get(f"/v1/meetings/{meeting}/transcript").json()
    assert [u["text"] for u in transcript["utterances"]] == [
        u.text for u in view.transcript.utterances
    ]
    assert len({u["id"] for u in transcript["utterances"]}) == len(transcript["utterances"]) == 3
    assert transcript["duration"] == pytest.approx(49.0 + length)


def test_a_running_job_is_canceled_within_seconds(client: httpx.Client, tmp_path: Path) -> None:
    meeting = brought(client, recording(tmp_path, last=90.0))["id"]
    url = f"/v1/meetings/{meeting}"
    until(lambda: client.get(url).json()["status"] == "running")
    (job,) = client.get(f"{url}/jobs").json()
    client.post(f"{url}/jobs/{job['id']}/cancel")
    assert settled(client, meeting, 10)["status"] == "canceled"
