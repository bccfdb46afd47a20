"""Bodies that are held in memory are kept small; recordings go by, they are streamed."""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve.api.problems import problem


class SmallBodies:
    """Answers 413 to a JSON body of more than `limit` bytes, announced or sent."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        headers = dict(scope["headers"]) if scope["type"] == "http" else {}
        if b"json" not in headers.get(b"content-type", b"").lower():
            await self._app(scope, receive, send)
            return
        refusal = problem(
            413, "request.too_large", f"expected at most {self._limit:,} bytes of JSON, got more."
        )
        announced = headers.get(b"content-length", b"")
        if announced.isdigit() and int(announced) > self._limit:
            await refusal(scope, receive, send)
            return
        body: list[bytes] = []
        while True:
            message = await receive()
            body.append(message.get("body", b""))
            if sum(map(len, body)) > self._limit:
                await refusal(scope, receive, send)
                return
            if not message.get("more_body"):
                break
        whole: list[Message] = [{"type": "http.request", "body": b"".join(body)}]

        async def again() -> Any:
            return whole.pop() if whole else await receive()

        await self._app(scope, again, send)
