"""The routes of OpenAI's audio API over an engine of Parley's.

Source: https://platform.openai.com/docs/api-reference/audio, and the types of the openai package.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.params import Depends
from fastapi.responses import JSONResponse, Response

from pipeline.meeting import Emit
from pipeline.meeting import Request as Recording
from pipeline.types import SpeakerId
from serve.openai.answers import answer
from serve.openai.description import form_description
from serve.openai.errors import EnvelopeRoute, refusal, refused
from serve.openai.forms import Form, read_form
from serve.openai.options import Options, Task, options_of, unknown_model
from serve.openai.parameters import check_name
from serve.openai.ports import Models, Transcriptions, Voices, VoiceSample
from serve.openai.references import voice_samples
from serve.openai.settings import DoorSettings
from serve.openai.spool import Lodging, Spool
from serve.openai.streaming import EventStream, Outcome, Running, events, unless_gone


def openai_router(
    transcriptions: Transcriptions,
    models: Models,
    voices: Voices | None = None,
    settings: DoorSettings | None = None,
    dependencies: Sequence[Depends] = (),
) -> APIRouter:
    """The routes under /v1: audio/transcriptions, audio/translations, models.

    voices: who knows voices; without, known speakers are refused. dependencies: checked before
    every route and before a body is read, for instance of keys, or of room in the queue; what they
    raise (Overloaded, HTTPException…) is told in OpenAI's envelope.
    """
    door = _Door(transcriptions, models, voices, settings or DoorSettings())
    router = APIRouter(
        prefix="/v1", tags=["OpenAI"], route_class=EnvelopeRoute, dependencies=list(dependencies)
    )

    @router.post("/audio/transcriptions", openapi_extra=form_description("transcribe"))
    async def transcribe(request: Request) -> Response:
        """Transcribe a recording, in the form of OpenAI's audio API."""
        return await door.audio(request, "transcribe")

    @router.post("/audio/translations", openapi_extra=form_description("translate"))
    async def translate(request: Request) -> Response:
        """Write in English what is said in a recording, in the form of OpenAI's audio API."""
        return await door.audio(request, "translate")

    @router.get("/models")
    async def list_models() -> JSONResponse:
        """The names that `model` may have."""
        return JSONResponse({"object": "list", "data": [_model(n) for n in door.names()]})

    @router.get("/models/{model:path}")
    async def get_model(model: str) -> JSONResponse:
        """One of the names that `model` may have."""
        if model not in door.names():
            raise unknown_model(model)
        return JSONResponse(_model(model))

    return router


def _model(name: str) -> dict[str, Any]:
    """When a model was made is not known: 0."""
    return {"id": name, "object": "model", "created": 0, "owned_by": "parley"}


class _Door:
    """Takes requests in, and keeps their files no longer than they last."""

    def __init__(
        self,
        transcriptions: Transcriptions,
        models: Models,
        voices: Voices | None,
        settings: DoorSettings,
    ) -> None:
        self._transcriptions, self._models, self._voices = transcriptions, models, voices
        self._settings = settings
        self._spool = Spool(settings.spool)
        self._spool.sweep()

    def names(self) -> list[str]:
        """Local models, and what else may be asked for."""
        return list(dict.fromkeys([*self._models.models(), *self._settings.aliases]))

    async def audio(self, request: Request, task: Task) -> Response:
        """What comes of one request; its files are gone once it is answered."""
        lodging = await asyncio.to_thread(self._spool.open)
        running: Running | None = None

        async def close() -> None:
            if running is not None:
                await running.stop()
            await asyncio.to_thread(self._spool.close, lodging)

        try:
            form, options, samples = await self._received(request, task, lodging)
            running = Running(
                lambda emit: self._run(form, options, samples, emit), self._settings.keep_alive
            )
            if options.stream:
                await unless_gone(request.receive, running.under_way(self._settings.patience))
                return EventStream(events(running, options, str(lodging.recording)), close)
            meeting, names = await unless_gone(request.receive, running.task)
            response = answer(meeting, options, names)
        except Exception as error:
            await close()
            return await refusal(request, error, str(lodging.recording))
        except BaseException:
            await asyncio.shield(close())
            raise
        await close()
        return response

    async def _received(
        self, request: Request, task: Task, lodging: Lodging
    ) -> tuple[Form, Options, list[VoiceSample]]:
        """The request's content, checked before any model sees it."""
        length = request.headers.get("content-length", "")
        form = await read_form(
            request.headers.get("content-type", ""),
            request.stream(),
            lodging.recording,
            self._settings,
            check_name,
            int(length) if length.isdecimal() else None,
        )
        options = options_of(form.fields, task, self._models.models(), self._settings)
        if options.known and self._voices is None:
            raise refused("known_speaker_names", "is not supported here.", "unsupported_parameter")
        return form, options, await voice_samples(options.known, lodging.voices)

    async def _run(
        self, form: Form, options: Options, samples: list[VoiceSample], emit: Emit
    ) -> Outcome:
        recording = Recording(form.recording, speakers=options.speakers, minutes=False)
        meeting = await self._transcriptions.run(recording, options.settings, emit)
        names: Mapping[SpeakerId, str] = {}
        if samples and self._voices is not None:
            turns = meeting.transcript.turns
            names = await self._voices.identify(form.recording, turns, samples)
        return meeting, names
