"""The real models in replicas: the same words, speakers and minutes as in one process."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.audio import PcmFile, decode
from pipeline.audio.pcm import SAMPLE
from pipeline.checkpoints import Checkpoints
from pipeline.config import load_profile
from pipeline.meeting import MeetingEngine, Request
from stages.local import LocalStages
from stages.models import Registry
from tests.contract.conftest import FAKES, Run

pytestmark = [
    pytest.mark.model,
    pytest.mark.ray,
    pytest.mark.filterwarnings("ignore:Using extra keyword arguments on `Field`"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
SETTINGS: dict[str, Any] = {
    "asr": {"threads": 1},
    "diarization": {"threads": 1},
    "minutes": {"language_model": None},
}


@pytest.fixture
def real(run_on_ray: Run) -> str:
    """The name of an application with the models of the profile `cpu`, beside the fakes."""
    run_on_ray({"models": FAKES, "models-real": {"profile": "cpu", "settings": SETTINGS}})
    return "models-real"


async def test_a_telephone_call_becomes_the_same_meeting(
    real: str, conversation: Path, tmp_path: Path
) -> None:
    from serve.remote import ModelsChoice, RemoteModels

    profile = load_profile("cpu", SETTINGS)
    local = LocalStages(profile, Registry.load(offline=True))
    remote = await RemoteModels(profile, local, ModelsChoice(weights={real: 1})).stages("call")
    assert all(
        remote.fingerprint(part) == local.fingerprint(part)
        for part in ("speech", "asr", "listen", "separate", "minutes")
    )
    progress: list[str] = []
    served = await MeetingEngine(profile, remote, Checkpoints(tmp_path / "served")).run(
        Request(conversation), lambda e: progress.append(str(e.payload.get("stage")))
    )
    here = await MeetingEngine(profile, local, Checkpoints(tmp_path / "here")).run(
        Request(conversation)
    )
    assert served == here
    assert len(served.transcript.speakers) == 2
    assert {"transcribe", "diarize", "minutes"} <= set(progress)


async def test_an_hour_is_not_listened_to_when_nobody_waits_for_it(
    real: str, conversation: Path, tmp_path: Path
) -> None:
    """Else the next call would wait minutes for the model's only thread."""
    from serve.remote import ModelsChoice, RemoteModels

    profile = load_profile("cpu", SETTINGS)
    local = LocalStages(profile, Registry.load(offline=True))
    remote = await RemoteModels(profile, local, ModelsChoice(weights={real: 1})).stages("call")
    short = (await asyncio.to_thread(decode, conversation, tmp_path / "short.s16")).sounds[0]
    hour = np.tile(np.fromfile(short.path, SAMPLE), 120)
    hour.tofile(tmp_path / "hour.s16")
    diarizer = await remote.diarizer()
    heard = asyncio.Event()
    listening = asyncio.create_task(
        diarizer.listen(PcmFile(tmp_path / "hour.s16"), lambda _: heard.set())
    )
    await heard.wait()
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening
    async with asyncio.timeout(60):
        voices = await diarizer.listen(short, lambda _: None)
    assert voices.length == pytest.approx(30.0, abs=0.1)
