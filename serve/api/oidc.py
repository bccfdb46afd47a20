"""People signed in elsewhere: JSON Web Tokens of OpenID Connect providers, verified here.

The provider's keys are read where its discovery document says (OpenID Connect Discovery 1.0) and
kept for an hour. The owner is issuer and subject, so no two providers share anything.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Lock
from typing import Any

import httpx
import jwt

from serve.api.access import Principal
from serve.service.settings import Provider

_KEPT = 3600.0
"""Seconds a provider's keys are believed."""

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
"""Asymmetric ones only: a shared secret would let clients sign for themselves."""


class Providers:
    """The identity providers a service trusts."""

    def __init__(self, providers: Sequence[Provider], client: httpx.Client | None = None) -> None:
        self._providers = {p.issuer: p for p in providers}
        self._client = client or httpx.Client(timeout=10, follow_redirects=False)
        self._lock = Lock()
        self._keys: dict[str, tuple[float, jwt.PyJWKSet]] = {}

    def principal(self, token: str) -> Principal | None:
        """Who the token speaks for; None if it is of no provider here, wrong, or has ended.

        Talks to the provider now and then; call it in a thread. Raises httpx.HTTPError if the
        provider cannot be reached.
        """
        try:
            header = jwt.get_unverified_header(token)
            claims = jwt.decode(token, options={"verify_signature": False})
        except jwt.PyJWTError:
            return None
        provider = self._providers.get(str(claims.get("iss")))
        if provider is None or header.get("alg") not in _ALGORITHMS:
            return None
        key = self._key(provider, header.get("kid"))
        if key is None:
            return None
        try:
            good = jwt.decode(
                token,
                key,
                [header["alg"]],
                audience=provider.audience,
                issuer=provider.issuer,
                leeway=30,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError:
            return None
        return Principal(f"oidc:{provider.issuer}#{good['sub']}", frozenset(provider.scopes))

    def _key(self, provider: Provider, kid: str | None) -> Any:
        """The provider's key of that id; keys are read anew once if it is not known."""
        for fresh in (False, True):
            keys = self._read(provider, fresh)
            found = [k for k in keys.keys if kid is None or k.key_id == kid]
            if found:
                return found[0].key
        return None

    def _read(self, provider: Provider, fresh: bool) -> jwt.PyJWKSet:
        with self._lock:
            read, keys = self._keys.get(provider.issuer, (0.0, None))
            age = time.monotonic() - read
            # A stranger's made-up key ids must not make us ask the provider all the time.
            if keys is not None and age < (10.0 if fresh else _KEPT):
                return keys
            where = provider.keys or self._discovered(provider)
            answer = self._client.get(where)
            answer.raise_for_status()
            keys = jwt.PyJWKSet.from_dict(answer.json())
            self._keys[provider.issuer] = time.monotonic(), keys
            return keys

    def _discovered(self, provider: Provider) -> str:
        answer = self._client.get(f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
        answer.raise_for_status()
        return str(answer.json()["jwks_uri"])
