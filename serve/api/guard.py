"""Refuses requests that a page elsewhere makes a browser send: checks of Host and Origin.

Loopback is no protection by itself: any page can post to it, and by DNS rebinding read from it.
"""

from __future__ import annotations

from collections.abc import Iterable

from starlette.types import ASGIApp, Receive, Scope, Send

from serve.api.problems import problem

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Guard:
    """Lets through requests to the names the service is known by, from pages it trusts.

    names: host names without port that are ours; empty for any, where keys protect what is there.
    origins: web origins (scheme://host:port) whose pages may write.
    """

    def __init__(self, app: ASGIApp, names: Iterable[str], origins: Iterable[str]) -> None:
        self._app = app
        self._names = frozenset(names)
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        trouble = self._trouble(scope, headers)
        if trouble is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": trouble[:120]})
        else:
            await problem(403, "access.origin", trouble)(scope, receive, send)

    def _trouble(self, scope: Scope, headers: dict[str, str]) -> str | None:
        host = headers.get("host", "")
        if self._names and _name(host) not in self._names:
            return f"the Host {host!r} is not one this service is known by; add it to `hosts`."
        origin = headers.get("origin")
        if origin is None or (scope["type"] == "http" and scope["method"] in _SAFE):
            return None
        own = {f"{s}://{host}" for s in ("http", "https")}
        if origin in self._origins or origin in own:
            return None
        return f"the Origin {origin!r} is not one this service trusts; add it to `origins`."


def names_of(host: str, more: Iterable[str]) -> frozenset[str]:
    """The names to accept for a service listening at `host`; empty for all.

    On loopback only its own; elsewhere a proxy may give any name, and keys are demanded.
    """
    if host in ("localhost", "::1") or host.startswith("127."):
        return _LOOPBACK | {host} | frozenset(more)
    return frozenset(more)


def _name(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower()
