"""Handles to the deployments of one application, made once and kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

from pipeline.errors import ModelsUnavailable
from pipeline.ports import AsrHint, Hearing, Progress, SpeakerHint
from pipeline.types import Diarization
from serve.deployments.models import About
from serve.deployments.sounds import Packed
from serve.deployments.telling import Result, Step
from serve.remote.troubles import understood

_PATIENCE = 60.0
"""Seconds within which an application says what its models are, or counts as unavailable."""


class Handles:
    """The deployments of the application `name`. Raises ModelsUnavailable if there is none."""

    def __init__(self, name: str) -> None:
        from ray import serve

        self.name = name
        try:
            with understood(name):
                transcriber = serve.get_deployment_handle("Transcriber", name)
                diarizer = serve.get_deployment_handle("Diarizer", name)
                summarizer = serve.get_deployment_handle("Summarizer", name)
        except KeyError:
            raise ModelsUnavailable(
                f"{name}: there is no such application, or not yet. `serve status` lists them."
            ) from None
        self._transcribe = transcriber.transcribe
        self._about = transcriber.about
        self._separate = diarizer.separate
        self._streams = {
            "listen": diarizer.options(stream=True).listen,
            "embed": diarizer.options(stream=True).embed,
            "summarise": summarizer.options(stream=True).summarise,
        }

    async def about(self) -> About:
        """What the models are. Raises ModelsUnavailable if nobody answers for a minute."""
        try:
            async with asyncio.timeout(_PATIENCE):
                return cast(About, await self._answer(self._about))
        except TimeoutError:
            raise ModelsUnavailable(
                f"{self.name}: no answer for {_PATIENCE:.0f} s; the models are being loaded, or "
                "have failed to. Try again later."
            ) from None

    async def transcribe(self, window: Packed, hint: AsrHint) -> Hearing:
        """See deployed.Transcriber.transcribe."""
        return cast(Hearing, await self._answer(self._transcribe, window, hint))

    async def separate(self, voices: bytes, hint: SpeakerHint) -> Diarization:
        """See deployed.Diarizer.separate."""
        return cast(Diarization, await self._answer(self._separate, voices, hint))

    async def told(self, method: str, progress: Progress, *arguments: Any) -> Any:
        """The result of "listen", "embed" or "summarise", `progress` being told meanwhile.

        Cancelled, or if `progress` raises, the replica stops too.
        """
        with understood(self.name):
            stream: Any = self._streams[method].remote(*arguments)
            ended = False
            try:
                async for told in cast("AsyncIterator[Step | Result[Any]]", stream):
                    if isinstance(told, Result):
                        ended = True
                        return told.value
                    progress(told.done)
            finally:
                if not ended:
                    stream.cancel()
        raise ModelsUnavailable(f"{self.name}: {method} ended without a result. Try again.")

    async def _answer(self, method: Any, *arguments: Any) -> Any:
        with understood(self.name):
            response = method.remote(*arguments)
            try:
                return await response
            except asyncio.CancelledError:
                response.cancel()
                raise
