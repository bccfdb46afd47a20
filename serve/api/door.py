"""What the routes need: the library and who is asking."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field

import httpx
from fastapi import Request

from pipeline.store import Store
from serve.api.access import LOCAL, Principal, Tokens
from serve.api.oidc import Providers
from serve.api.rate import Rate
from serve.service.bell import Bell
from serve.service.known import KnownVoices
from serve.service.library import Library
from serve.service.measures import Measures
from serve.service.refused import Refused
from serve.service.settings import ServiceSettings
from serve.service.wire import Wire

_ALL = frozenset({"read", "write", "admin"})


@dataclass(slots=True)
class Door:
    """The parts of a running service that requests reach.

    readers: event streams open now.
    """

    settings: ServiceSettings
    library: Library
    voices: KnownVoices
    bell: Bell
    wire: Wire
    tokens: Tokens = field(default_factory=lambda: Tokens(secrets.token_bytes(32)))
    readers: int = 0
    measures: Measures = field(default_factory=Measures)
    providers: Providers = field(init=False)
    rate: Rate = field(init=False)

    def __post_init__(self) -> None:
        self.providers = Providers(self.settings.oidc)
        self.rate = Rate(self.settings.limits.requests)

    @property
    def store(self) -> Store:
        """The store behind the library."""
        return self.library.store

    async def principal(self, request: Request) -> Principal:
        """Who sends the request. Raises Refused: access.unauthenticated, limit.requests."""
        found = await self._asking(request)
        if found.owner != LOCAL:
            self.rate.count(found.owner)
        return found

    async def _asking(self, request: Request) -> Principal:
        if token := request.query_params.get("token"):
            if found := await self._by_token(token):
                return found
            raise Refused("access.unauthenticated", "the token is not valid, or has ended.")
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and secret.strip():
            key = await asyncio.to_thread(self.store.keys.authenticate, secret.strip())
            if key is not None:
                return Principal(key.owner, frozenset(key.scopes))
            if found := await self._signed_in(secret.strip()):
                return found
            if self.settings.demands_keys:
                raise Refused("access.unauthenticated", "the API key is not known, or no more.")
        if self.settings.demands_keys:
            raise Refused(
                "access.unauthenticated",
                "expected an API key as `Authorization: Bearer …`; `parley keys create` makes one.",
            )
        return Principal(LOCAL, _ALL)

    async def _signed_in(self, token: str) -> Principal | None:
        if not self.settings.oidc or token.count(".") != 2:
            return None
        try:
            return await asyncio.to_thread(self.providers.principal, token)
        except httpx.HTTPError as error:
            raise Refused(
                "access.provider", f"the identity provider does not answer ({error}).", 5
            ) from None

    async def _by_token(self, token: str) -> Principal | None:
        if found := self.tokens.read(token):
            return found
        link = await asyncio.to_thread(self.store.links.resolve, token)
        if link is None:
            return None
        return Principal(link.owner, frozenset({link.scope}), ("meeting", link.meeting))


def door(request: Request) -> Door:
    """The door of the application a request came to."""
    found: Door = request.app.state.door
    return found
