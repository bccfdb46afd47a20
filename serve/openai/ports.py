"""What the OpenAI-compatible routes ask of whoever runs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pipeline.errors import ParleyError
from pipeline.meeting import Emit, Meeting, Request
from pipeline.types import SpeakerId, SpeakerTurn


class Overloaded(ParleyError):
    """There is no room for another transcription now. retry_after: seconds until there may be."""

    code = "queue.full"

    def __init__(self, retry_after: float) -> None:
        super().__init__("Too many transcriptions are waiting. Try again later.")
        self.retry_after = retry_after


class ReferenceUnusable(ParleyError):
    """A sample of a known speaker's voice by which nobody can be told."""

    code = "voice.reference_unusable"


class Transcriptions(Protocol):
    """Runs recordings through the engine, as many at a time as there is room for."""

    async def run(self, request: Request, settings: dict[str, Any], emit: Emit) -> Meeting:
        """Transcribe `request`; `emit` may be called from any thread, one at a time.

        settings: overrides of the profile, nested like it. Cancelling it stops the work. Raises
        Overloaded, better at once than later; UnreadableAudio; ModelError.
        """
        ...


class Models(Protocol):
    """Which speech recognition models there are."""

    def models(self) -> Sequence[str]:
        """Names that `asr.model` may have."""
        ...


@dataclass(frozen=True, slots=True)
class VoiceSample:
    """A few seconds of somebody known, as a file of any container."""

    name: str
    path: Path


class Voices(Protocol):
    """Tells which speakers of a recording are people whose voices are known."""

    async def identify(
        self, recording: Path, turns: Sequence[SpeakerTurn], references: Sequence[VoiceSample]
    ) -> Mapping[SpeakerId, str]:
        """The names of those speakers whose voice is that of a reference; no name twice.

        Raises ReferenceUnusable, saying whose; ModelError.
        """
        ...
