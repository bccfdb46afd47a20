"""What Serve is asked to do: refuse what is too much, and change what can be without a reload."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import numpy as np
import pytest

from pipeline.config import load_profile
from pipeline.errors import ConfigInvalid, ModelsBusy
from pipeline.ports import AsrHint, Hearing
from tests.contract.conftest import FAKES, Run
from tests.contract.moody import moody

pytestmark = [
    pytest.mark.ray,
    pytest.mark.filterwarnings("ignore:Using extra keyword arguments on `Field`"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.timeout(180),
]
SLOW = {"stages": "tests.contract.slow:slow"}


def replicas() -> set[str]:
    """The replicas there are of the application `models`."""
    from ray.util import list_named_actors

    names = [actor["name"] for actor in list_named_actors(all_namespaces=True)]
    return {name for name in names if name.startswith("SERVE_REPLICA::models#")}


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for what Ray tells nobody of."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "still not"
        time.sleep(0.2)


async def test_more_than_may_wait_is_refused_and_the_rest_is_answered(run_on_ray: Run) -> None:
    from serve.remote import ModelsChoice, RemoteModels

    apps = {"models": FAKES, "narrow": SLOW}
    await asyncio.to_thread(run_on_ray, apps, max_ongoing_requests=1, max_queued_requests=1)
    profile = load_profile("cpu")
    choice = ModelsChoice(weights={"narrow": 1})
    stages = await RemoteModels(profile, moody(profile), choice).stages("a meeting")
    recogniser = await stages.recogniser()
    window = np.full(16_000, 0.25, np.float32)
    answers = await asyncio.gather(
        *(recogniser.transcribe(window, AsrHint("en")) for _ in range(5)), return_exceptions=True
    )
    assert {type(a) for a in answers} == {Hearing, ModelsBusy}


async def test_another_tuning_or_number_loads_no_model_again(run_on_ray: Run) -> None:
    await asyncio.to_thread(run_on_ray, {"models": FAKES})
    before = replicas()
    assert len(before) == 3
    tuning = {"patience": 77.0, "every": 0.5}
    await asyncio.to_thread(run_on_ray, {"models": FAKES}, user_config=tuning, num_replicas=2)
    await asyncio.to_thread(until, lambda: len(replicas()) == 6)
    assert before < replicas()


async def test_a_configuration_with_a_misspelt_key_changes_nothing(run_on_ray: Run) -> None:
    await asyncio.to_thread(run_on_ray, {"models": FAKES})
    before = replicas()
    with pytest.raises(ConfigInvalid, match="num_replica"):
        await asyncio.to_thread(run_on_ray, {"models": FAKES}, num_replica=2)
    assert replicas() == before


def test_too_small_an_object_store_is_refused_before_anything_starts() -> None:
    from serve.deployments.start import start_ray

    with pytest.raises(ConfigInvalid, match="object_store_mb"):
        start_ray(object_store_mb=10)
