"""A whole service over fakes, served by uvicorn on a free port of loopback."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import uvicorn

from pipeline.config import Profile
from serve.service.application import application
from serve.service.models import ModelSource, always
from serve.service.settings import JobSettings, ServiceSettings
from stages.fakes import FakeStages
from tests.sounds import write_sound

RATE = 16_000


def talk(*parts: tuple[float, float]) -> Any:
    """Stretches of (seconds, level): each level is a voice of its own to the fakes."""
    return np.concatenate([np.full(round(t * RATE), v, np.float32) for t, v in parts])


def recording(folder: Path, name: str = "standup.wav", last: float = 30.0) -> Path:
    """Eighty seconds in which two "voices" take turns."""
    sound = talk((1, 0), (20, 0.3), (3, 0), (20, 0.6), (4, 0), (last, 0.3), (1, 0))
    return write_sound(folder / name, sound)


def settings(data: Path, **more: Any) -> ServiceSettings:
    """Settings with a quick heart."""
    jobs = more.pop("jobs", JobSettings(lease=3, heartbeat=0.1, poll=0.05))
    return ServiceSettings(data=data, port=0, jobs=jobs, **more)


@contextmanager
def served(given: ServiceSettings, pause: float = 0.0) -> Iterator[httpx.Client]:
    """A client of a running service; the service stops when the block ends."""

    def models(profile: Profile) -> ModelSource:
        return always(FakeStages(profile, pause=pause))

    config = uvicorn.Config(
        application(given, models), log_level="warning", timeout_graceful_shutdown=1
    )
    server, listener = uvicorn.Server(config), socket.socket()
    listener.bind(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with httpx.Client(base_url=base, timeout=30) as client:
        while not server.started:
            time.sleep(0.01)
        try:
            yield client
        finally:
            server.should_exit = True
            thread.join(20)


def brought(client: httpx.Client, path: Path, **query: Any) -> dict[str, Any]:
    """Upload a recording; the meeting."""
    answer = client.post(
        "/v1/meetings",
        params={"filename": path.name, **query},
        content=path.read_bytes(),
        headers={"Content-Type": "audio/wav"},
    )
    assert answer.status_code in (200, 201), answer.text
    found: dict[str, Any] = answer.json()
    return found


def settled(client: httpx.Client, meeting: str, seconds: float = 20) -> dict[str, Any]:
    """The meeting once nothing is done on it any more."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found: dict[str, Any] = client.get(f"/v1/meetings/{meeting}").json()
        if found["status"] in ("ready", "failed", "canceled"):
            return found
        time.sleep(0.05)
    raise AssertionError(f"still {found['status']}: {found}")


def heard(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """The events of a stream of server-sent events."""
    for line in lines:
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))
