"""Errors as application/problem+json (RFC 9457): a stable code, what came, what to do."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from pipeline.errors import ParleyError
from serve.service.refused import Refused

_LOG = logging.getLogger("parley.api")

MEDIA_TYPE = "application/problem+json"

_STATUS: Mapping[str, int] = {
    "meeting.missing": 404,
    "job.missing": 404,
    "key.missing": 404,
    "link.missing": 404,
    "voice.missing": 404,
    "upload.missing": 404,
    "store.unavailable": 503,
    "store.conflict": 409,
    "models.unavailable": 503,
    "access.unauthenticated": 401,
    "access.forbidden": 403,
    "access.provider": 503,
    "edit.invalid": 422,
    "edit.stale": 409,
    "job.not_retryable": 409,
    "meeting.not_ready": 409,
    "upload.too_large": 413,
    "upload.short": 400,
    "queue.full": 429,
    "limit.readers": 429,
    "request.reused": 422,
    "request.busy": 409,
    "request.invalid": 422,
    "upload.offset": 409,
    "upload.type": 415,
    "upload.version": 412,
    "job.lost": 409,
    "blob.missing": 404,
    "blobs.unavailable": 503,
    "models.busy": 503,
    "limit.requests": 429,
    "range.unsatisfiable": 416,
}
"""HTTP status by code; the first part of a code decides for the rest."""

_BY_FAMILY = {"audio": 422, "usage": 400, "config": 400, "output": 409, "document": 400}


def code_of(error: ParleyError) -> str:
    """The stable code of an error."""
    return error.problem if isinstance(error, Refused) else error.code


def status_of(code: str) -> int:
    """The HTTP status that goes with a code."""
    return _STATUS.get(code) or _BY_FAMILY.get(code.partition(".")[0], 500)


def problem(
    status: int, code: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    """A response that says what is the matter."""
    body = {
        "type": f"urn:parley:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        **more,
    }
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every error of ours, and every other, with a problem."""
    app.add_exception_handler(ParleyError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(Exception, _unexpected)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, ParleyError)  # noqa: S101 - registered for nothing else
    code = code_of(error)
    headers = {}
    if isinstance(error, Refused) and error.retry_after is not None:
        headers["Retry-After"] = str(max(1, min(120, round(error.retry_after))))
    if code == "access.unauthenticated":
        headers["WWW-Authenticate"] = 'Bearer realm="parley"'
    if code == "store.unavailable":
        headers["Retry-After"] = "5"
    return problem(status_of(code), code, error.message, headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    found = [
        {"where": ".".join(map(str, e["loc"])), "message": e["msg"]} for e in error.errors()[:20]
    ]
    first = found[0] if found else {"where": "request", "message": "is not valid"}
    detail = f"{first['where']}: {first['message']}."
    return problem(422, "request.invalid", detail, errors=found)


async def _plain(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    code = "request." + HTTPStatus(error.status_code).name.lower()
    return problem(error.status_code, code, str(error.detail), error.headers)


async def _unexpected(request: Request, error: Exception) -> Response:
    _LOG.exception("unexpected error at %s %s", request.method, request.url.path, exc_info=error)
    return problem(
        500, "service.unexpected", "Something went wrong here; the log of the service says what."
    )
