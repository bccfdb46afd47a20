"""Errors as OpenAI's clients expect them: {"error": {message, type, param, code}}.

Messages of ours are shown where they are about what the client sent; whatever is about this machine
goes to the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from pipeline.errors import ModelError, ModelUnknown, ParleyError, UnreadableAudio
from serve.openai.ports import ReferenceUnusable

_LOG = logging.getLogger("parley.openai")

LONGEST_WAIT = 120
"""Seconds; told to wait longer, OpenAI's clients give up at once."""

LINGER = 10.0
"""Seconds for which the body of a refused request is still taken."""

GONE = 499
"""Nobody reads this answer: the client has gone."""

_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_CODES = {401: "invalid_api_key", 403: "permission_denied", 404: "not_found", 405: "not_allowed"}
_STATUS = {
    "access.unauthenticated": 401,
    "access.forbidden": 403,
    "queue.full": 429,
    "limit.requests": 429,
    "upload.too_large": 413,
    "store.unavailable": 503,
    "models.unavailable": 503,
    "models.busy": 503,
}
"""Status of errors that are known by their code only."""


class ApiError(Exception):
    """A refusal that says which parameter it is about."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.headers = dict(headers or {})

    @property
    def body(self) -> dict[str, Any]:
        """The envelope."""
        kind = _TYPES.get(self.status)
        kind = kind or ("server_error" if self.status >= 500 else "invalid_request_error")
        code = self.code or _CODES.get(self.status)
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": code}}

    @property
    def response(self) -> JSONResponse:
        """The answer."""
        return JSONResponse(self.body, self.status, self.headers)


def refused(param: str, message: str, code: str = "invalid_value") -> ApiError:
    """Status 400 about one parameter."""
    return ApiError(400, f"{param}: {message}", param=param, code=code)


def told(error: Exception, folder: str = "") -> ApiError:
    """What a client is told of `error`.

    folder: where its files lie on this machine, left out of what is said.
    """
    if isinstance(error, ApiError):
        return error
    if isinstance(error, ParleyError):
        return _ours(error, folder)
    if isinstance(error, HTTPException):
        return ApiError(error.status_code, str(error.detail), headers=error.headers)
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or None
        return ApiError(422, str(first["msg"]), param=where, code="invalid_value")
    if isinstance(error, ClientDisconnect):
        return ApiError(GONE, "The client has gone.")
    return _unexpected(error, "service.unexpected")


def _ours(error: ParleyError, folder: str) -> ApiError:
    code = str(getattr(error, "problem", error.code))
    message = error.message.replace(f"{folder}/", "") if folder else error.message
    if isinstance(error, UnreadableAudio):
        return ApiError(400, message, param="file", code=code)
    if isinstance(error, ReferenceUnusable):
        return ApiError(400, message, param="known_speaker_references", code=code)
    if isinstance(error, ModelUnknown):
        return ApiError(404, "There is no such model here.", param="model", code="model_not_found")
    if isinstance(error, ModelError):
        _LOG.error("a model cannot be used: %s", error)
        no_use = {"x-should-retry": "false"}
        return ApiError(
            503, "A model that this needs cannot be used here.", code=code, headers=no_use
        )
    status = _STATUS.get(code)
    if status is None:
        return _unexpected(error, code)
    headers = {"WWW-Authenticate": 'Bearer realm="parley"'} if status == 401 else {}
    if status in (429, 503):
        wait = getattr(error, "retry_after", None) or 5
        headers["Retry-After"] = str(max(1, min(LONGEST_WAIT, -int(-wait // 1))))
        headers["x-should-retry"] = "true"
    return ApiError(
        status, message, code="invalid_api_key" if status == 401 else code, headers=headers
    )


def _unexpected(error: Exception, code: str) -> ApiError:
    _LOG.error("unexpected error", exc_info=error)
    # A client that retries would send the whole recording again, to the same end.
    return ApiError(
        500,
        "Something went wrong here; the log of the service says what.",
        code=code,
        headers={"x-should-retry": "false"},
    )


class EnvelopeRoute(APIRoute):
    """A route all of whose errors, those of its dependencies too, are told in the envelope."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """See APIRoute."""
        handle = super().get_route_handler()

        async def enveloped(request: Request) -> Response:
            try:
                return await handle(request)
            except Exception as error:
                return await refusal(request, error)

        return enveloped


async def refusal(request: Request, error: Exception, folder: str = "") -> Response:
    """The answer to a request that failed. folder: see `told`.

    What is still coming of its body is taken and thrown away for a while: a connection closed
    meanwhile is reset, and the client never sees why.
    """
    answer = told(error, folder)
    if request.headers.get("expect", "").lower() != "100-continue":
        with suppress(TimeoutError, ClientDisconnect, RuntimeError):  # the body has been read
            async with asyncio.timeout(LINGER):
                async for _ in request.stream():
                    pass
    return answer.response
