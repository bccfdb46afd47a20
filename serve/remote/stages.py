"""The engine's Stages over Ray Serve: policy here, models in the replicas of an application."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, Literal

from pipeline.config import Profile
from pipeline.meeting import Stages, Summariser
from pipeline.ports import Diarizer, Sound, Transcriber
from pipeline.stage import Stage
from pipeline.transcription import Told
from pipeline.types import AudioChunk, Segment, Speech
from serve.deployments.models import About, Part, settings_of
from serve.remote.choice import ModelsChoice
from serve.remote.handles import Handles
from serve.remote.places import OnSharedDisk, Place
from serve.remote.ports import RemoteDiarizer, RemoteSummariser, RemoteTranscriber
from stages.asr.stage import AsrStage

StageName = Literal["speech", "asr", "listen", "separate", "minutes"]


class RemoteStages:
    """The stages of one meeting; its models are those of one application for all of it.

    local: gives the speech stage, and the fingerprints that checkpoints go by. Where the models of
    the application are the same, so are the fingerprints, and checkpoints are shared with runs
    without Ray; where they are others, say in a canary, the fingerprints are others too.
    """

    def __init__(
        self, profile: Profile, local: Stages, handles: Handles, about: About, place: Place
    ) -> None:
        self._profile, self._local, self._handles, self._place = profile, local, handles, place
        self._about = about

    def fingerprint(self, stage: StageName) -> str:
        """See Stages.fingerprint."""
        here = self._local.fingerprint(stage)
        return here if stage == "speech" else told_apart(stage, here, self._profile, self._about)

    async def speech(self) -> Stage[AudioChunk, Any, Speech]:
        """The local one: to hear it costs less than to send the sound."""
        return await self._local.speech()

    async def asr(self, sound: Sound, told: Told = lambda *_: None) -> Stage[Speech, Any, Segment]:
        """The usual policy over a remote transcriber."""
        return AsrStage(await self.recogniser(), self._profile.asr, sound, told)

    async def recogniser(self) -> Transcriber:
        """The remote transcriber by itself, for a policy of the caller's own."""
        return RemoteTranscriber(self._handles)

    async def diarizer(self) -> Diarizer:
        """The remote diarizer."""
        return RemoteDiarizer(self._handles, self._place)

    async def summariser(self) -> Summariser:
        """The remote summariser."""
        return RemoteSummariser(self._handles, self._made)

    async def release(self) -> None:
        """Nothing: the models stay where they are, for everybody."""

    def _made(self, fingerprint: str) -> None:
        """What made the minutes, maybe not all that was to be had at first."""
        now = self._about.fingerprints | {"minutes": fingerprint}
        self._about = replace(self._about, fingerprints=now)


def told_apart(part: Part, here: str, profile: Profile, about: About) -> str:
    """The local fingerprint `here` of a stage, another one if the models of `about` are others."""
    there, settings = about.fingerprints[part], about.settings[part]
    if here == there and settings == settings_of(profile)[part]:
        return here
    return f"{here} by {there} {settings}"


class RemoteModels:
    """Gives each meeting the stages of the application that is chosen for it.

    profile: what the meetings start from, that of the applications. choice may be replaced by
    another at any time; meetings under way keep what they have.
    """

    def __init__(
        self,
        profile: Profile,
        local: Stages,
        choice: ModelsChoice | None = None,
        place: Place | None = None,
    ) -> None:
        self._profile, self._local = profile, local
        self.choice = choice or ModelsChoice()
        self._place = place or OnSharedDisk()
        self._handles: dict[str, Handles] = {}

    async def stages(self, meeting: str) -> RemoteStages:
        """The stages for the meeting of that id. Raises ModelsUnavailable, ModelsBusy."""
        name = self.choice.application(meeting)
        handles = self._handles.get(name)
        if handles is None:
            handles = self._handles[name] = await asyncio.to_thread(Handles, name)
        about = await handles.about()
        return RemoteStages(self._profile, self._local, handles, about, self._place)
