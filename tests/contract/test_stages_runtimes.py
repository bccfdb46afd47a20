"""One suite for both runtimes: the engine cannot tell models in replicas from those in threads."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.checkpoints import Checkpoints
from pipeline.config import load_profile
from pipeline.errors import ModelCorrupt, ModelsUnavailable
from pipeline.events import MeetingEvent
from pipeline.meeting import MeetingEngine, Request, Stages
from pipeline.types import SAMPLE_RATE
from tests.contract.moody import BROKEN, CALM, SLOW, heartbeat, moody
from tests.sounds import write_sound

pytestmark = [
    # Ray's own schemas, as they are imported, and what it leaves open as it is stopped.
    pytest.mark.filterwarnings("ignore:Using extra keyword arguments on `Field`"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.timeout(180),
]
PROFILE = load_profile("cpu")
Make = Callable[[], Awaitable[Stages]]


async def in_process() -> Stages:
    return moody(PROFILE)


async def on_ray() -> Stages:
    from serve.remote import RemoteModels

    return await RemoteModels(PROFILE, moody(PROFILE)).stages("a meeting")


@pytest.fixture(params=["in one process", pytest.param("on Ray", marks=pytest.mark.ray)])
def make(request: pytest.FixtureRequest) -> Make:
    """Gives the stages of a meeting."""
    if request.param == "on Ray":
        request.getfixturevalue("models_on_ray")
        return on_ray
    return in_process


@pytest.fixture
def ray_only(models_on_ray: str) -> Make:
    return on_ray


def recording(folder: Path, mood: float) -> Path:
    """A meeting of two voices, with a mood in its first second."""
    parts = ((1, mood), (20, 0.3), (3, 0), (20, 0.6), (4, 0), (30, 0.3), (1, 0))
    sound = [np.full(round(t * SAMPLE_RATE), v, np.float32) for t, v in parts]
    return write_sound(folder / "standup.wav", np.concatenate(sound))


class Run:
    """One engine over one folder of checkpoints, and what it said."""

    def __init__(self, stages: Stages, root: Path) -> None:
        self.events: list[MeetingEvent] = []
        self._listening = asyncio.Event()
        self._engine = MeetingEngine(PROFILE, stages, Checkpoints(root))
        self._root = root

    async def __call__(self, path: Path) -> Any:
        return await self._engine.run(Request(path), self._heed)

    def _heed(self, event: MeetingEvent) -> None:
        self.events.append(event)
        if event.type == "stage.progress" and event.payload["stage"] == "diarize":
            self._listening.set()

    @property
    def durable(self) -> list[tuple[str, Any]]:
        return [(e.type, e.payload) for e in self.events if e.seq is not None]

    async def listening(self) -> Path:
        """Wait until the slow diarizer has told how far it is; the file it writes to."""
        await self._listening.wait()
        (work_file,) = self._root.rglob("sound-*.s16")
        return heartbeat(work_file)


async def test_a_recording_gives_the_same_events(make: Make, tmp_path: Path) -> None:
    path = recording(tmp_path, CALM)
    expected = Run(await in_process(), tmp_path / "expected")
    meeting = await expected(path)
    run = Run(await make(), tmp_path / "run")
    assert await run(path) == meeting
    assert run.durable == expected.durable
    partial = [e for e in run.events if e.type == "utterance.partial"]
    assert len(partial) == sum(e.type == "utterance.partial" for e in expected.events) > 0


async def test_checkpoints_are_shared_between_the_runtimes(make: Make, tmp_path: Path) -> None:
    path = recording(tmp_path, CALM)
    first = await Run(await make(), tmp_path / "checkpoints")(path)
    again = moody(PROFILE)
    assert await Run(again, tmp_path / "checkpoints")(path) == first
    assert again.used == []


async def test_an_error_keeps_its_code_and_what_it_says(make: Make, tmp_path: Path) -> None:
    with pytest.raises(ModelCorrupt) as caught:
        await Run(await make(), tmp_path / "run")(recording(tmp_path, BROKEN))
    assert type(caught.value) is ModelCorrupt
    assert caught.value.message.startswith("weights.bin: expected another checksum")


async def test_progress_comes_while_a_model_works_and_cancelling_stops_it(
    make: Make, tmp_path: Path
) -> None:
    run = Run(await make(), tmp_path / "run")
    task = asyncio.create_task(run(recording(tmp_path, SLOW)))
    heard = await run.listening()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(2)
    last = heard.read_text()
    await asyncio.sleep(0.5)
    assert heard.read_text() == last


@pytest.mark.ray
async def test_a_killed_replica_is_told_of_and_the_next_call_finds_another(
    ray_only: Make, tmp_path: Path
) -> None:
    run = Run(await ray_only(), tmp_path / "run")
    task = asyncio.create_task(run(recording(tmp_path, SLOW)))
    heard = await run.listening()
    killed = int(heard.read_text().split()[0])
    os.kill(killed, 9)
    with pytest.raises(ModelsUnavailable, match="the process with the model is gone"):
        await task
    calm = tmp_path / "calm"
    calm.mkdir()
    meeting = await Run(await ray_only(), tmp_path / "again")(recording(calm, CALM))
    assert len(meeting.transcript.speakers) == 2


@pytest.mark.ray
async def test_an_application_that_is_not_there_is_unavailable(ray_only: Make) -> None:
    from serve.remote import ModelsChoice, RemoteModels

    models = RemoteModels(PROFILE, moody(PROFILE), ModelsChoice(weights={"nobody": 1}))
    with pytest.raises(ModelsUnavailable):
        await models.stages("a meeting")
