"""Where a replica gets its models from."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, Protocol, TypeVar

from pipeline.config import AsrSettings, Profile
from pipeline.errors import ConfigInvalid
from pipeline.meeting import Summariser
from pipeline.ports import Diarizer, Transcriber
from serve.deployments.arguments import ModelsArgs

T = TypeVar("T")

Part = Literal["asr", "listen", "separate", "minutes"]
PARTS: tuple[Part, ...] = ("asr", "listen", "separate", "minutes")
"""Stages whose models live in replicas."""

_TOLD: dict[str, Any] = {
    "task": "transcribe",
    "language": None,
    "languages": (),
    "hotwords": (),
    "prompt": "",
    "window": 30.0,
    "streams": 16,
    "stream": 240.0,
}
"""Settings of transcription that a transcriber is told with each window, or never."""


class Models(Protocol):
    """The models of one profile, each loaded when it is first asked for.

    Each raises ModelError if its model cannot be had.
    """

    def fingerprint(self, stage: Literal["speech", "asr", "listen", "separate", "minutes"]) -> str:
        """Code version and weights of a stage; loads nothing."""
        ...

    async def recogniser(self) -> Transcriber:
        """Who turns a window into words."""
        ...

    async def diarizer(self) -> Diarizer:
        """Who tells the speakers apart."""
        ...

    async def summariser(self) -> Summariser:
        """Who writes the minutes."""
        ...


@dataclass(frozen=True, slots=True)
class About:
    """What the models of an application are: per stage its fingerprint and its settings' digest.

    Two that are equal give the same results.
    """

    fingerprints: dict[str, str]
    settings: dict[str, str]


def about(models: Models, profile: Profile) -> About:
    """What `models` are, loaded or not."""
    return About({stage: models.fingerprint(stage) for stage in PARTS}, settings_of(profile))


def settings_of(profile: Profile) -> dict[str, str]:
    """A digest, per stage, of the settings its models were loaded with."""
    asr = AsrSettings.model_validate(profile.asr.model_dump() | _TOLD)
    listening = hashlib.sha256(profile.diarization.listening().encode()).hexdigest()
    return {
        "asr": asr.digest(),
        "listen": listening,
        "separate": profile.diarization.digest(),
        "minutes": profile.minutes.digest(),
    }


def local_models(profile: Profile) -> Models:
    """The models of `profile` in threads of this process, from the store of this machine."""
    from stages.local import LocalStages
    from stages.models import Registry

    return LocalStages(profile, Registry.load())


def models_of(args: ModelsArgs) -> Models:
    """The models that `args` name. Raises ConfigInvalid where there is nothing of that name."""
    module, _, name = args.stages.partition(":")
    try:
        factory: Callable[[Profile], Models] = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigInvalid(
            f"stages: {args.stages} cannot be imported ({error}). "
            "Expected module:function of what gives the models of a profile."
        ) from error
    return factory(args.loaded())


def loaded(model: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """What the coroutine function gives, waited for in a constructor, with a loop or without.

    What loading took beyond the model is given back, for a replica may rest for long.
    """
    from stages.summarization.memory import return_memory

    with ThreadPoolExecutor(1, thread_name_prefix="loading") as thread:
        found = thread.submit(asyncio.run, model()).result()
    return_memory()
    return found
