"""What somebody may ask for one meeting: languages, names, how many people, whether minutes."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from pipeline.config import Profile, Settings
from pipeline.ports import SpeakerHint
from serve.cli.languages import LANGUAGES

Language = str


class Wishes(Settings):
    """Wishes for one meeting, kept with it and with its jobs. Unknown keys are refused."""

    language: str | None = Field(None, max_length=8, description="ISO 639-1 code; else found")
    languages: tuple[str, ...] = Field((), max_length=20, description="Only among these")
    hotwords: tuple[str, ...] = Field((), max_length=200, description="Names and terms to expect")
    prompt: str = Field("", max_length=2000, description="Text shown to Whisper at first")
    speakers: int | None = Field(None, gt=0, le=50, description="How many people talk, if known")
    min_speakers: int | None = Field(None, gt=0, le=50, description="At least so many")
    max_speakers: int | None = Field(None, gt=0, le=50, description="At most so many")
    channels: Literal["mix", "separate"] = Field(
        "mix", description="separate: one speaker a channel"
    )
    minutes: bool = Field(True, description="Whether minutes are written")

    @field_validator("language", "languages")
    @classmethod
    def _known(cls, value: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        for code in (value,) if isinstance(value, str) else value or ():
            if code not in LANGUAGES:
                raise ValueError(f"{code!r} is no language Whisper knows; expected a code like en")
        return value

    @model_validator(mode="after")
    def _in_order(self) -> Wishes:
        low, high = self.min_speakers, self.max_speakers
        if low is not None and high is not None and low > high:
            raise ValueError(f"expected min_speakers <= max_speakers, got {low} and {high}")
        return self

    @property
    def hint(self) -> SpeakerHint:
        """How many speakers, for the diarizer."""
        return SpeakerHint(self.speakers, self.min_speakers, self.max_speakers)

    def profile(self, base: Profile) -> Profile:
        """The profile with these wishes; models and thread counts are the base's."""
        values: dict[str, Any] = {
            "language": self.language or base.asr.language,
            "languages": self.languages or base.asr.languages,
            "hotwords": self.hotwords or base.asr.hotwords,
            "prompt": self.prompt or base.asr.prompt,
        }
        return base.model_copy(update={"asr": base.asr.model_copy(update=values)})
