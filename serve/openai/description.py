"""The form fields as OpenAPI describes them; the body is read by hand, as it flows."""

from __future__ import annotations

from typing import Any

from serve.openai.options import FORMATS, Task

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}

_FIELDS: dict[str, dict[str, Any]] = {
    "file": {"type": "string", "format": "binary", "description": "The recording, any container"},
    "model": _TEXT | {"description": "A name of GET /v1/models"},
    "language": _TEXT | {"description": "ISO 639-1; recognised where it is not given"},
    "languages[]": _TEXTS | {"description": "Languages that may occur"},
    "prompt": _TEXT | {"description": "Text put before the first words"},
    "keywords[]": _TEXTS | {"description": "Names and terms likely to be said"},
    "hotwords": _TEXT | {"description": "The same, parted by commas"},
    "response_format": {"type": "string", "enum": list(FORMATS), "default": "json"},
    "timestamp_granularities[]": {
        "type": "array",
        "items": {"type": "string", "enum": ["word", "segment"]},
        "description": "For verbose_json",
    },
    "temperature": {"type": "number", "enum": [0]},
    "stream": {"type": "boolean", "default": False},
    "chunking_strategy": _TEXT | {"description": "auto, or a server_vad object as JSON"},
    "known_speaker_names[]": _TEXTS | {"description": "Names, as many as references"},
    "known_speaker_references[]": _TEXTS | {"description": "Data URLs of 2 to 10 s of each voice"},
    "min_speakers": {"type": "integer", "minimum": 1},
    "max_speakers": {"type": "integer", "minimum": 1},
    "max_speech_duration_s": {"type": "number", "exclusiveMinimum": 1},
    "min_silence_duration_ms": {"type": "number", "minimum": 0},
}


def form_description(task: Task) -> dict[str, Any]:
    """The request body of an operation."""
    fields = dict(_FIELDS)
    if task == "translate":
        formats = [form for form in FORMATS if form != "diarized_json"]
        fields["response_format"] = fields["response_format"] | {"enum": formats}
    schema = {"type": "object", "required": ["file", "model"], "properties": fields}
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    }
