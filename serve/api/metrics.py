"""/metrics for Prometheus, and the time requests take."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.api.access import Admin
from serve.api.door import Door, door
from serve.service.measures import Measures

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=Response)
async def metrics(here: Annotated[Door, Depends(door)], who: Admin) -> Response:
    """What this process has measured, in Prometheus' text format."""
    measures = here.measures
    measures.waiting.set(await asyncio.to_thread(here.store.jobs.depth))
    measures.streams.set(here.readers)
    return Response(measures.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


class Timed:
    """Observes each request by its route, never by its path."""

    def __init__(self, app: ASGIApp, measures: Measures) -> None:
        self._app = app
        self._measures = measures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route: Any = scope.get("route")
                self._measures.answers.labels(
                    scope["method"] if scope["method"] in _METHODS else "other",
                    getattr(route, "path", "none"),
                    str(message["status"]),
                ).observe(time.perf_counter() - begun)
            await send(message)

        await self._app(scope, receive, counted)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
