"""The complete form, JSON "parley/1": everything a run found out, and the only one read back.

Beside the fields of `Transcript` and `Minutes` each utterance carries its `start`, `end` and
`text`, for programs that want no words; they are ignored when the document is read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import DocumentInvalid
from pipeline.exports.reading import ExportContext
from pipeline.minutes import Minutes
from pipeline.types import Transcript

SCHEMA = "parley/1"


@dataclass(frozen=True, slots=True)
class Document:
    """What is read back; whatever else the JSON holds is for other programs."""

    transcript: Transcript
    minutes: Minutes | None


def to_json(transcript: Transcript, minutes: Minutes | None, context: ExportContext) -> bytes:
    """Everything, as JSON in UTF-8; times are seconds."""
    body = _adapter().dump_python(Document(transcript, minutes), mode="json")
    for entry, utterance in zip(
        body["transcript"]["utterances"], transcript.utterances, strict=True
    ):
        words = entry.pop("words")
        span = utterance.span if utterance.words else None
        entry["start"], entry["end"] = (span.start, span.end) if span else (None, None)
        entry["text"], entry["words"] = utterance.text, words
    head = {"schema": SCHEMA, "session_id": context.stem, "title": context.title}
    return json.dumps(head | body, ensure_ascii=False, indent=1).encode(errors="replace") + b"\n"


def read_json(data: bytes) -> tuple[Transcript, Minutes | None]:
    """What `to_json` wrote. Raises DocumentInvalid if it is something else, or of a later form."""
    try:
        document: Any = json.loads(data)
        schema = document.get("schema") if isinstance(document, dict) else None
        if schema != SCHEMA:
            raise DocumentInvalid(
                f"expected a document of the form {SCHEMA}, got {schema!r}. "
                "Export it again, or use the version of Parley that wrote it."
            )
        read = _adapter().validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DocumentInvalid(f"document of the form {SCHEMA}: {where}: {first['msg']}.") from None
    except ValueError as error:
        raise DocumentInvalid(f"expected a JSON document of the form {SCHEMA}: {error}.") from None
    return read.transcript, read.minutes


@cache
def _adapter() -> TypeAdapter[Document]:
    return TypeAdapter(Document)
