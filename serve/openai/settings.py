"""What can be chosen about the OpenAI-compatible routes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

MEBIBYTE = 1 << 20

OPENAI_MODELS = (
    "whisper-1",
    "gpt-transcribe",
    "gpt-4o-transcribe",
    "gpt-4o-mini-transcribe",
    "gpt-4o-mini-transcribe-2025-12-15",
    "gpt-4o-transcribe-diarize",
)
"""Models that clients of OpenAI ask for."""


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """Limits and names.

    file_bytes: of a recording at most. field_bytes, fields_bytes: of one form field (a voice sample
    is one) and of all. fields: how many there may be. known_speakers: voices at most. keep_alive:
    seconds between comments in a stream. patience: seconds in which a failure is still answered
    with a status of its own rather than in a stream. spool: folder for uploads, which has to be
    there; None for the system's. aliases: names a client may ask for, each with a local model, or
    None for the one of the profile. any_model: take every other name for the profile's model too.
    """

    file_bytes: int = 16 * 1024 * MEBIBYTE
    field_bytes: int = 8 * MEBIBYTE
    fields_bytes: int = 64 * MEBIBYTE
    fields: int = 512
    known_speakers: int = 16
    keep_alive: float = 5.0
    patience: float = 0.5
    spool: Path | None = None
    aliases: dict[str, str | None] = field(default_factory=lambda: dict.fromkeys(OPENAI_MODELS))
    any_model: bool = False
