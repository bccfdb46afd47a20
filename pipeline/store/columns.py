"""Values in columns: text any database takes, JSON, ids, cursors, hashes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import secrets
import time
from typing import Any

from sqlalchemy import Double, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from pipeline.errors import CursorInvalid

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""PostgreSQL takes no NUL, UTF-8 no halves of surrogate pairs."""


class Words(TypeDecorator[str]):
    """Text; what cannot be stored becomes U+FFFD, so that no input makes a query fail."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The text as it is sent."""
        return None if value is None else _UNSTORABLE.sub("\ufffd", value)


class Real(TypeDecorator[float]):
    """A float; SQLite returns whole ones of a changed row as int."""

    impl = Double
    cache_ok = True

    def process_result_value(self, value: float | None, dialect: Dialect) -> float | None:
        """The value as float."""
        return None if value is None else float(value)


class Json(TypeDecorator[Any]):
    """A JSON value, kept as text: the same under every database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """The value as text."""
        return None if value is None else json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """The value again."""
        return None if value is None else json.loads(value)


def new_id() -> str:
    """36 letters and digits that sort by the time they were made; 128 random bits of them."""
    moment = int(time.time() * 1000).to_bytes(6, "big")
    return base64.b32hexencode(moment + secrets.token_bytes(16)).decode().rstrip("=").lower()


def new_secret(prefix: str) -> str:
    """A secret of 32 random bytes behind a prefix that tells what it is for."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def hash_of(secret: str) -> str:
    """SHA-256 (hex). The secrets are random, so that nothing slower is needed."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def cursor(*place: float | str) -> str:
    """A place in a list, opaque to whoever carries it."""
    text = json.dumps(place, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place_of(text: str, *types: type) -> list[Any]:
    """The place a cursor stands for. Raises CursorInvalid if its parts are not of `types`."""
    try:
        place = json.loads(base64.urlsafe_b64decode(text.encode() + b"=="))
        if [type(part) for part in place] == list(types):
            return list(place)
    except (binascii.Error, ValueError, TypeError):
        pass
    raise CursorInvalid("expected a cursor as the last page gave it; begin again without one.")


def folded(text: str) -> str:
    """Text for comparing regardless of case."""
    return text.casefold()
