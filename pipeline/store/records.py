"""What the store keeps, as values. Times are Unix seconds; every record has an owner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypedDict, TypeVar

T = TypeVar("T")

MeetingStatus = Literal["uploading", "queued", "running", "ready", "failed", "canceled"]
JobKind = Literal["transcribe", "diarize", "minutes"]
JobState = Literal["queued", "running", "done", "failed", "canceled"]
Scope = Literal["read", "write", "admin"]
Heartbeat = Literal["ok", "cancel", "lost"]
ClaimOutcome = Literal["new", "busy", "done", "mismatch"]

LIVE, INTERACTIVE, BATCH = 0, 1, 2
"""Priorities of jobs; lower numbers go first."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of a longer list. after: the cursor that goes on behind it, None at the end."""

    items: tuple[T, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class MeetingRecord:
    """A meeting as a row: what is known of it without reading its events.

    size: bytes of the upload. recording: its SHA-256 (hex), None until all of it is here. options:
    what was asked for, JSON. duration: seconds. error_code, error_message: why it failed. last_seq:
    number of its newest event, 0 for none.
    """

    id: str
    owner: str
    title: str
    filename: str
    media_type: str
    size: int
    recording: str | None
    options: Mapping[str, Any]
    status: MeetingStatus
    duration: float | None
    language: str | None
    error_code: str | None
    error_message: str | None
    last_seq: int
    created: float
    updated: float


class MeetingFields(TypedDict, total=False):
    """What of a meeting can change."""

    title: str
    filename: str
    media_type: str
    size: int
    recording: str | None
    options: Mapping[str, Any]
    status: MeetingStatus
    duration: float | None
    language: str | None
    error_code: str | None
    error_message: str | None


@dataclass(frozen=True, slots=True)
class JobRecord:
    """Work to be done on a meeting.

    attempts: how often it was claimed. stage, done: where the worker is; done in [0, 1]. lease:
    Unix time until which the worker has it. available: not to be claimed before this Unix time.
    cancel: somebody asked it to stop. code, message: why it failed, or failed last.
    """

    id: str
    meeting: str
    owner: str
    kind: JobKind
    priority: int
    options: Mapping[str, Any]
    state: JobState
    attempts: int
    max_attempts: int
    worker: str | None
    lease: float | None
    stage: str | None
    done: float
    cancel: bool
    code: str | None
    message: str | None
    created: float
    available: float
    started: float | None
    ended: float | None
    updated: float


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """An API key; the secret itself is not kept. hint: its first letters, to tell keys apart."""

    id: str
    owner: str
    name: str
    scopes: frozenset[Scope]
    hint: str
    created: float
    expires: float | None
    revoked: float | None
    used: float | None


@dataclass(frozen=True, slots=True)
class LinkRecord:
    """Read access to one meeting for whoever has the token; the token itself is not kept."""

    id: str
    owner: str
    meeting: str
    scope: Literal["read"]
    created: float
    expires: float | None
    revoked: float | None


@dataclass(frozen=True, slots=True)
class VoiceRecord:
    """A voice somebody gave a name to.

    embedding: float32, little-endian. model: fingerprint of what made it; embeddings of different
    models cannot be compared. meeting, utterance: where it was heard.
    """

    id: str
    owner: str
    name: str
    embedding: bytes
    model: str
    meeting: str | None
    utterance: str | None
    created: float
    updated: float


@dataclass(frozen=True, slots=True)
class IdempotencyClaim:
    """What became of a request that carries an idempotency key.

    outcome: "new": do it, then `complete` or `abandon` it with `token`; "busy": another request
    with the key is being done; "done": `response` is what it was answered; "mismatch": the key was
    used for another request.
    """

    outcome: ClaimOutcome
    token: str | None = None
    response: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """An upload in pieces. length: bytes in all, None while unknown; offset: bytes received."""

    id: str
    owner: str
    length: int | None
    offset: int
    metadata: Mapping[str, Any]
    meeting: str | None
    created: float
    updated: float
    expires: float


@dataclass(frozen=True, slots=True)
class SearchHit:
    """An utterance that holds what was searched.

    start, end: seconds since the meeting began. snippet: the text around the first match; marks:
    what matched in it, as (start, end) in characters.
    """

    meeting: str
    title: str
    created: float
    utterance: str
    start: float
    end: float
    speaker: str
    speaker_name: str
    snippet: str
    marks: tuple[tuple[int, int], ...]
