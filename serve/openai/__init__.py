"""The door for clients of OpenAI's audio API."""

from serve.openai.errors import ApiError
from serve.openai.ports import (
    Models,
    Overloaded,
    ReferenceUnusable,
    Transcriptions,
    Voices,
    VoiceSample,
)
from serve.openai.routes import openai_router
from serve.openai.settings import DoorSettings
from serve.openai.voices import EmbeddedVoices

__all__ = [
    "ApiError",
    "DoorSettings",
    "EmbeddedVoices",
    "Models",
    "Overloaded",
    "ReferenceUnusable",
    "Transcriptions",
    "VoiceSample",
    "Voices",
    "openai_router",
]
