"""Samples of known voices, sent as data URLs: to files, and short enough and long enough.

Source: RFC 2397.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from pathlib import Path
from urllib.parse import unquote_to_bytes

from pipeline.audio import decode
from pipeline.errors import UnreadableAudio
from serve.openai.errors import ApiError, refused
from serve.openai.ports import VoiceSample

PARAM = "known_speaker_references"
SHORTEST, LONGEST = 2.0, 10.0
"""Seconds of a sample."""

_SLACK = 0.05
"""Seconds that an encoder may add or take."""


async def voice_samples(known: tuple[tuple[str, str], ...], folder: Path) -> list[VoiceSample]:
    """The samples of `known` (name, data URL) as files in `folder`.

    Raises ApiError 400 for one that is no data URL, no sound, or not of 2 to 10 s.
    """
    return [
        await asyncio.to_thread(_sample, number, name, url, folder)
        for number, (name, url) in enumerate(known, 1)
    ]


def _sample(number: int, name: str, url: str, folder: Path) -> VoiceSample:
    path = folder / f"reference-{number}"
    path.write_bytes(_content(number, url))
    try:
        decoded = decode(path, folder / f"reference-{number}.s16")
    except UnreadableAudio:
        raise _refused(number, "is no recording that can be read.") from None
    if not SHORTEST - _SLACK <= decoded.duration <= LONGEST + _SLACK:
        raise _refused(
            number, f"expected {SHORTEST:g} to {LONGEST:g} seconds, got {decoded.duration:.1f}."
        )
    return VoiceSample(name, path)


def _content(number: int, url: str) -> bytes:
    head, comma, content = url.strip().partition(",")
    if not head.lower().startswith("data:") or not comma:
        raise _refused(number, "expected a data URL.")
    raw = unquote_to_bytes(content)
    if not head.lower().endswith(";base64"):
        return raw
    try:
        return base64.b64decode(b"".join(raw.split()), validate=True)
    except binascii.Error:
        raise _refused(number, "is no base64.") from None


def _refused(number: int, message: str) -> ApiError:
    return refused(PARAM, f"number {number} {message}")
