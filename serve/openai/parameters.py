"""Form fields by their names: lists in every spelling, single values, numbers and switches."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from serve.openai.errors import refused

SCALARS = frozenset(
    {
        "model",
        "language",
        "prompt",
        "response_format",
        "temperature",
        "stream",
        "hotwords",
        "min_speakers",
        "max_speakers",
        "max_speech_duration_s",
        "min_silence_duration_ms",
    }
)
LISTS = frozenset(
    {
        "timestamp_granularities",
        "include",
        "keywords",
        "languages",
        "known_speaker_names",
        "known_speaker_references",
    }
)
CHUNKING = "chunking_strategy"
_NAME = re.compile(r"([a-z_]+)(?:\[(\w*)\])?")
_SWITCHES = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Fields:
    """What was sent, by name, whatever its spelling and order.

    chunking: parts of chunking_strategy by name, the whole under "".
    """

    scalars: dict[str, str]
    lists: dict[str, tuple[str, ...]]
    chunking: dict[str, str]

    def items(self, name: str) -> tuple[str, ...]:
        """The values of a list, in order."""
        return self.lists.get(name, ())

    def joined(self, name: str) -> tuple[str, ...]:
        """The values of a list that may also come joined by commas."""
        return tuple(v.strip() for item in self.items(name) for v in item.split(",") if v.strip())

    def text(self, name: str) -> str:
        """A single value without surrounding space; empty where there is none."""
        return self.scalars.get(name, "").strip()


def check_name(name: str) -> None:
    """Raises ApiError 400 for a field that nobody asked for."""
    _parts(name)


def sorted_out(fields: Iterable[tuple[str, str]]) -> Fields:
    """The fields by name. Raises ApiError 400 for unknown ones, and for two answers to one."""
    scalars: dict[str, str] = {}
    lists: dict[str, list[tuple[int, str]]] = {}
    chunking: dict[str, str] = {}
    for name, value in fields:
        base, key = _parts(name)
        if base in LISTS:
            lists.setdefault(base, []).append((int(key) if key else 0, value))
            continue
        into, place = (chunking, key or "") if base == CHUNKING else (scalars, base)
        if into.setdefault(place, value) != value:
            raise refused(name, "is there twice, with different values.")
    ordered = {
        name: tuple(value for _, value in sorted(found, key=lambda f: f[0]))
        for name, found in lists.items()
    }
    return Fields(scalars, ordered, chunking)


def _parts(name: str) -> tuple[str, str | None]:
    """A field's name without brackets, and what is in them; None without any."""
    match = _NAME.fullmatch(name)
    base, key = match.groups() if match else ("", None)
    good = (
        (base in SCALARS and key is None)
        or (base in LISTS and (not key or key.isdecimal()))
        or (base == CHUNKING and key != "")
    )
    if not good:
        raise refused(name[:100], "is not known here.", "unknown_parameter")
    return base, key


def one_of(name: str, value: str, choices: Iterable[str]) -> str:
    """`value`, if it is one of `choices`. Raises ApiError 400."""
    if value not in choices:
        raise refused(name, f"expected {', '.join(choices)}, got {value[:100]!r}.")
    return value


def switch(name: str, value: str) -> bool:
    """True or false; an empty value is false. Raises ApiError 400."""
    if value and value.lower() not in _SWITCHES:
        raise refused(name, f"expected true or false, got {value[:100]!r}.")
    return _SWITCHES.get(value.lower(), False)


def number(name: str, value: str, low: float, high: float = math.inf) -> float:
    """A finite number in [low, high]. Raises ApiError 400."""
    try:
        found = float(value)
    except ValueError:
        found = math.nan
    if not (low <= found <= high and math.isfinite(found)):
        bounds = f"of at least {low:g}" if high == math.inf else f"from {low:g} to {high:g}"
        raise refused(name, f"expected a number {bounds}, got {value[:100]!r}.")
    return found


def count(name: str, value: str) -> int | None:
    """A whole number of at least 1, None for an empty value. Raises ApiError 400."""
    if not value:
        return None
    found = number(name, value, 1, 1000)
    if found != int(found):
        raise refused(name, f"expected a whole number, got {value[:100]!r}.")
    return int(found)


def chunking_of(fields: Fields) -> dict[str, str]:
    """The parts of chunking_strategy, in any of its three spellings; "type" is among them.

    Empty where it was not sent. Raises ApiError 400.
    """
    parts = {k: v.strip() for k, v in fields.chunking.items() if k}
    whole = fields.chunking.get("", "").strip()
    if whole.startswith("{"):
        parts = _merged(parts, _read(whole))
    elif whole:
        parts = _merged(parts, {"type": whole})
    if parts and "type" not in parts:
        raise refused(f"{CHUNKING}[type]", "is missing.", "missing_required_parameter")
    return parts


def _merged(parts: dict[str, str], more: dict[str, str]) -> dict[str, str]:
    if any(parts.get(k, v) != v for k, v in more.items()):
        raise refused(CHUNKING, "is there twice, with different values.")
    return parts | more


def _read(text: str) -> dict[str, str]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise refused(CHUNKING, "expected auto, or an object of type server_vad.") from None
    if not all(isinstance(v, str | int | float) for v in values.values()):
        raise refused(CHUNKING, "expected texts and numbers in the object.")
    return {k: str(v) for k, v in values.items() if v is not None}
