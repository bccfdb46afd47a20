"""What the deployments do, without Ray: a model each, by reference, told of, and healthy."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from pydantic import ValidationError

from pipeline.config import load_profile
from pipeline.errors import ConfigInvalid
from pipeline.ports import AsrHint, SpeakerHint, VoiceWindows
from pipeline.voices import VOICES_CODEC
from serve.deployments.arguments import ModelsArgs
from serve.deployments.deployed import Diarizer, Summarizer, Transcriber
from serve.deployments.models import settings_of
from serve.deployments.signs import Stuck
from serve.deployments.sounds import SoundRef, packed
from serve.deployments.telling import Result
from serve.remote.stages import told_apart
from stages.fakes import FakeStages, scripted_transcript

FAKES = ModelsArgs(stages="stages.fakes:FakeStages")


@pytest.fixture(autouse=True)
def own_environment() -> Iterator[None]:
    """Replicas set variables of their process: this one gets its own back."""
    with patch.dict(os.environ):
        yield


async def last(stream: Any) -> Any:
    told = [t async for t in stream]
    assert isinstance(told[-1], Result)
    return told[-1].value


async def test_a_window_comes_packed_and_goes_as_words() -> None:
    window = np.full(16_000, 0.25, np.float32)
    hearing = await Transcriber(FAKES).transcribe(packed(window), AsrHint("en"))
    assert [w.text for s in hearing.segments for w in s.words] == ["w250", "w250"]


async def test_a_recording_is_listened_to_by_reference(tmp_path: Path) -> None:
    path = tmp_path / "sound.s16"
    np.full(32_000, 9830, "<i2").tofile(path)
    diarizer = Diarizer(FAKES)
    voices = await last(diarizer.listen(SoundRef(str(path), 32_000)))
    heard = VOICES_CODEC.parse(voices)
    assert isinstance(heard, VoiceWindows)
    assert heard.length == 2.0
    assert (await diarizer.separate(voices, SpeakerHint())).speakers == ("S1",)


async def test_minutes_come_with_the_fingerprint_of_what_made_them() -> None:
    transcript = scripted_transcript("Ann: We ship on Friday.")
    minutes, fingerprint = await last(Summarizer(FAKES).summarise(transcript))
    assert minutes.overview[0].text.startswith("We ship")
    assert fingerprint == "fake minutes"


async def test_a_model_that_hangs_makes_its_replica_unhealthy() -> None:
    summarizer = Summarizer(FAKES)
    summarizer.reconfigure({"patience": 0.05, "every": 0.05})

    class Hanging:
        async def summarise(self, *_: Any) -> Any:
            await asyncio.sleep(60)

    summarizer._model = Hanging()
    await summarizer.check_health()
    task = asyncio.create_task(last(summarizer.summarise(scripted_transcript("Ann: Hello."))))
    with pytest.raises(Stuck):
        while not task.done():
            await asyncio.sleep(0.05)
            await summarizer.check_health()
    task.cancel()
    await asyncio.wait([task])


def test_a_tuning_with_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError):
        Diarizer(FAKES).reconfigure({"patient": 3})


def test_stages_that_cannot_be_imported_are_named() -> None:
    with pytest.raises(ConfigInvalid, match="stages.fakes:Nobody"):
        Diarizer(ModelsArgs(stages="stages.fakes:Nobody"))


async def test_the_same_models_have_the_fingerprints_of_a_run_without_ray() -> None:
    profile = load_profile("cpu")
    about = await Transcriber(FAKES).about()
    here = FakeStages(profile)
    for part in ("asr", "listen", "separate", "minutes"):
        assert told_apart(part, here.fingerprint(part), profile, about) == f"fake {part}"


async def test_other_models_or_settings_have_others() -> None:
    profile = load_profile("cpu")
    about = await Transcriber(FAKES).about()
    assert told_apart("asr", "another model", profile, about) != "another model"
    wider = load_profile("cpu", {"asr": {"beam_size": 9}, "diarization": {"threshold": 0.5}})
    assert told_apart("asr", "fake asr", wider, about) != "fake asr"
    assert told_apart("separate", "fake separate", wider, about) != "fake separate"
    assert told_apart("listen", "fake listen", wider, about) == "fake listen"


def test_what_a_meeting_wishes_is_no_other_model() -> None:
    wishes = {"language": "de", "hotwords": ["Parley"], "languages": ["de"], "threads": 7}
    told = load_profile("cpu", {"asr": wishes})
    assert settings_of(told) == settings_of(load_profile("cpu"))
