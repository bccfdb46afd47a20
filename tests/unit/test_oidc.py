"""Tokens of identity providers: only whole, current, rightly signed, addressed ones are taken."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from serve.api.oidc import Providers
from serve.service.settings import Provider, ServiceSettings

ISSUER = "https://id.example"
KEY = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)


class World:
    """A provider that publishes its keys, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.kid = "k1"

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if request.url.path == "/.well-known/openid-configuration":
            return httpx.Response(200, json={"jwks_uri": f"{ISSUER}/keys"})
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return httpx.Response(200, json={"keys": [public | {"kid": self.kid, "use": "sig"}]})


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def providers(world: World) -> Providers:
    client = httpx.Client(transport=httpx.MockTransport(world))
    return Providers([Provider(issuer=ISSUER, audience="parley")], client)


def token(key: Any = KEY, kid: str = "k1", **claims: Any) -> str:
    body = {"iss": ISSUER, "aud": "parley", "sub": "ada", "exp": time.time() + 60} | claims
    return jwt.encode({k: v for k, v in body.items() if v is not None}, key, "RS256", {"kid": kid})


def test_a_good_token_is_its_subject_of_its_issuer(providers: Providers, world: World) -> None:
    found = providers.principal(token())
    assert found is not None and found.owner == f"oidc:{ISSUER}#ada"
    assert found.may("write") and not found.may("admin")
    providers.principal(token())
    assert world.asked == 2  # discovery and keys, once


@pytest.mark.parametrize(
    "wrong",
    [
        token(exp=time.time() - 3600),
        token(aud="another"),
        token(iss="https://evil.example"),
        token(key=OTHER),
        token(sub=None),
        token(kid="unknown"),
        jwt.encode({"iss": ISSUER, "aud": "parley", "sub": "ada", "exp": 9e9}, "x" * 32, "HS256"),
        "no.token.atall",
    ],
)
def test_any_other_is_nobody(providers: Providers, wrong: str) -> None:
    assert providers.principal(wrong) is None


def test_made_up_key_ids_do_not_make_us_ask_all_the_time(
    providers: Providers, world: World
) -> None:
    for n in range(20):
        providers.principal(token(kid=f"x{n}"))
    assert world.asked <= 4


def test_an_issuer_must_be_reached_safely() -> None:
    with pytest.raises(ValueError, match="https"):
        ServiceSettings.model_validate({"oidc": [{"issuer": "http://id.example", "audience": "a"}]})
