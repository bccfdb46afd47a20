"""Who is asking and what they may do: API keys, short-lived tokens, or the machine's own user.

A key is shown as `Authorization: Bearer …`. What cannot send headers (sockets, event streams,
audio and uploads in a browser) shows a token instead, as `?token=…`; it is signed, ends within the
hour and is good for one meeting or one upload. Where no key is demanded everybody is "local".
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import jwt
from fastapi import Depends, Request

from serve.service.refused import Refused

Scope = Literal["read", "write", "admin"]
Kind = Literal["meeting", "upload"]

LOCAL = "local"
"""The owner where no key is demanded."""

LONGEST = 3600
"""Seconds a token lives at most."""

_ISSUER = "parley"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who may do something.

    owner: whose meetings they see. scopes: what they may do. only: the one meeting or upload a
    token is good for, as (kind, id); None for all of the owner's.
    """

    owner: str
    scopes: frozenset[str]
    only: tuple[str, str] | None = None

    def may(self, scope: Scope) -> bool:
        """Whether `scope` is among theirs; admin includes all, write includes read."""
        needed = {"read": {"read", "write", "admin"}, "write": {"write", "admin"}}
        return bool(self.scopes & needed.get(scope, {"admin"}))


class Tokens:
    """Mints and reads short-lived tokens, signed with a secret of the service (HS256, RFC 7519)."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def mint(
        self, owner: str, kind: Kind, subject: str, scopes: frozenset[str], seconds: int
    ) -> tuple[str, float]:
        """A token and the Unix time it ends."""
        ends = time.time() + min(LONGEST, max(1, seconds))
        claims = {
            "iss": _ISSUER,
            "sub": owner,
            "aud": f"{kind}:{subject}",
            "scopes": sorted(scopes),
            "exp": int(ends),
            "jti": secrets.token_hex(8),
        }
        return jwt.encode(claims, self._secret, "HS256"), float(int(ends))

    def read(self, token: str) -> Principal | None:
        """Who shows the token; None if it is not ours, was changed or has ended."""
        try:
            claims = jwt.decode(
                token,
                self._secret,
                ["HS256"],
                issuer=_ISSUER,
                options={"require": ["exp", "sub", "aud"], "verify_aud": False},
            )
        except jwt.PyJWTError:
            return None
        kind, _, subject = str(claims["aud"]).partition(":")
        scopes = frozenset(map(str, claims.get("scopes", ())))
        return Principal(str(claims["sub"]), scopes, (kind, subject))


def allowed(scope: Scope) -> Callable[..., Coroutine[Any, Any, Principal]]:
    """A dependency: the principal, who has `scope` and, with a token, asks for what it is for."""

    async def principal(request: Request) -> Principal:
        found: Principal = await request.app.state.door.principal(request)
        if not found.may(scope):
            raise Refused(
                "access.forbidden", f"this needs the scope {scope!r}, which the key does not have."
            )
        if found.only is not None and found.only != _asked(request):
            raise Refused("access.forbidden", "the token is for another meeting or upload.")
        return found

    return principal


async def by_method(request: Request) -> Principal:
    """A dependency: who may read for GET, who may write for anything else."""
    return await allowed("read" if request.method in ("GET", "HEAD") else "write")(request)


def _asked(request: Request) -> tuple[str, str] | None:
    for kind in ("meeting", "upload"):
        if kind in request.path_params:
            return kind, str(request.path_params[kind])
    return None


Reader = Annotated[Principal, Depends(allowed("read"))]
Writer = Annotated[Principal, Depends(allowed("write"))]
Admin = Annotated[Principal, Depends(allowed("admin"))]
