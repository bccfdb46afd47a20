"""What answers look like: pydantic models of the resources, made from records and values."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.events import MeetingEvent
from pipeline.store.records import (
    JobRecord,
    KeyRecord,
    LinkRecord,
    MeetingRecord,
    SearchHit,
    VoiceRecord,
)
from serve.service.wishes import Wishes


class Shape(BaseModel):
    """A body that takes no unknown key."""

    model_config = ConfigDict(extra="forbid")


class Problem(BaseModel):
    """An error, RFC 9457: a stable code, and what was expected, what came and what to do."""

    type: str
    title: str
    status: int
    code: str
    detail: str


class Trouble(Shape):
    """Why something failed: a stable code and words for a person."""

    code: str
    message: str


class JobOut(Shape):
    """A job. done in [0, 1]; before: jobs that come first while it waits; times: Unix seconds."""

    id: str
    meeting: str
    kind: Literal["transcribe", "diarize", "minutes"]
    state: Literal["queued", "running", "done", "failed", "canceled"]
    stage: str | None
    done: float
    attempts: int
    before: int | None
    seconds_left: float | None
    error: Trouble | None
    created: float
    started: float | None
    ended: float | None

    @classmethod
    def of(cls, job: JobRecord, before: int | None = None, left: float | None = None) -> JobOut:
        """The shape of a record."""
        return cls(
            id=job.id,
            meeting=job.meeting,
            kind=job.kind,
            state=job.state,
            stage=job.stage,
            done=round(job.done, 4),
            attempts=job.attempts,
            before=before,
            seconds_left=None if left is None else round(left, 1),
            error=Trouble(code=job.code, message=job.message or "") if job.code else None,
            created=job.created,
            started=job.started,
            ended=job.ended,
        )


class MeetingOut(Shape):
    """A meeting. duration: seconds; size: bytes of the recording; times are Unix seconds."""

    id: str
    title: str
    filename: str
    media_type: str
    size: int
    status: Literal["uploading", "queued", "running", "ready", "failed", "canceled"]
    duration: float | None
    language: str | None
    options: dict[str, Any]
    last_seq: int
    error: Trouble | None
    created: float
    updated: float
    job: JobOut | None = None

    @classmethod
    def of(cls, meeting: MeetingRecord, job: JobOut | None = None) -> MeetingOut:
        """The shape of a record."""
        code = meeting.error_code
        return cls(
            id=meeting.id,
            title=meeting.title,
            filename=meeting.filename,
            media_type=meeting.media_type,
            size=meeting.size,
            status=meeting.status,
            duration=meeting.duration,
            language=meeting.language,
            options=dict(meeting.options),
            last_seq=meeting.last_seq,
            error=Trouble(code=code, message=meeting.error_message or "") if code else None,
            created=meeting.created,
            updated=meeting.updated,
            job=job,
        )


class MeetingPage(Shape):
    """Meetings, newest first. after: what to ask with for the next ones, null at the end."""

    items: list[MeetingOut]
    after: str | None


class SpeakerIn(Shape):
    """A name for a speaker."""

    id: str = Field(max_length=64)
    name: str = Field(max_length=200)


class UtteranceIn(Shape):
    """A correction. revision: the one that was seen; another in between is a conflict."""

    id: str = Field(max_length=64)
    text: str | None = Field(None, max_length=20_000)
    speaker: str | None = Field(None, max_length=200)
    revision: int | None = Field(None, ge=0)


class MeetingPatch(Shape):
    """Changes to a meeting; at least one."""

    title: str | None = Field(None, max_length=200)
    speakers: list[SpeakerIn] = Field([], max_length=100)
    utterances: list[UtteranceIn] = Field([], max_length=200)


class JobIn(Shape):
    """A stage to do again: transcribe (all), diarize (speakers anew), minutes."""

    kind: Literal["transcribe", "diarize", "minutes"]
    options: Wishes | None = None


class EventOut(Shape):
    """An event of a meeting's log; see docs/api.md for types and payloads."""

    seq: int | None
    type: str
    at: float
    payload: dict[str, Any]

    @classmethod
    def of(cls, event: MeetingEvent) -> EventOut:
        """The shape of an event."""
        return cls(seq=event.seq, type=event.type, at=event.at, payload=event.payload)


class EventPage(Shape):
    """Events after a number. last: ask with it next; more: whether there are further ones now."""

    items: list[EventOut]
    last: int
    more: bool


class HitOut(Shape):
    """An utterance that was searched for. marks: what matched in the snippet, as [start, end)."""

    meeting: str
    title: str
    created: float
    utterance: str
    start: float
    end: float
    speaker: str
    speaker_name: str
    snippet: str
    marks: list[tuple[int, int]]

    @classmethod
    def of(cls, hit: SearchHit) -> HitOut:
        """The shape of a hit."""
        names = [name for name in cls.model_fields if name != "marks"]
        return cls(marks=list(hit.marks), **{name: getattr(hit, name) for name in names})


class HitPage(Shape):
    """What was found, newest meeting first."""

    items: list[HitOut]
    after: str | None


class KeyIn(Shape):
    """An API key to make. expires: Unix seconds."""

    name: str = Field(min_length=1, max_length=100)
    scopes: list[Literal["read", "write", "admin"]] = Field(["read", "write"], min_length=1)
    expires: float | None = None
    owner: str | None = Field(
        None, max_length=200, description="Whose meetings it sees; a new owner by default"
    )


class KeyOut(Shape):
    """An API key without its secret."""

    id: str
    owner: str
    name: str
    scopes: list[str]
    hint: str
    created: float
    expires: float | None
    revoked: float | None
    used: float | None

    @classmethod
    def of(cls, key: KeyRecord) -> KeyOut:
        """The shape of a record."""
        names = [name for name in KeyOut.model_fields if name != "scopes"]
        return KeyOut(scopes=sorted(key.scopes), **{name: getattr(key, name) for name in names})


class KeyMade(KeyOut):
    """A new API key; its secret is shown this once."""

    secret: str


class KeyPage(Shape):
    """API keys, newest first."""

    items: list[KeyOut]
    after: str | None


class LinkIn(Shape):
    """A share link to make; seconds: how long it is good for, null for always."""

    seconds: float | None = Field(7 * 86400.0, gt=0)


class LinkOut(Shape):
    """A share link without its token."""

    id: str
    meeting: str
    scope: str
    created: float
    expires: float | None
    revoked: float | None

    @classmethod
    def of(cls, link: LinkRecord) -> LinkOut:
        """The shape of a record."""
        return LinkOut(**{name: getattr(link, name) for name in LinkOut.model_fields})


class LinkMade(LinkOut):
    """A new share link; its token is shown this once, to be sent as ?token=."""

    token: str


class TokenIn(Shape):
    """A short-lived token to mint for one meeting or one upload."""

    kind: Literal["meeting", "upload"]
    id: str = Field(max_length=64)
    scopes: list[Literal["read", "write"]] = Field(["read"], min_length=1)
    seconds: int = Field(600, gt=0, le=3600)


class TokenOut(Shape):
    """A token, to be sent as ?token=; expires: Unix seconds."""

    token: str
    expires: float


class VoiceOut(Shape):
    """A voice with a name."""

    id: str
    name: str
    meeting: str | None
    utterance: str | None
    created: float
    updated: float

    @classmethod
    def of(cls, voice: VoiceRecord) -> VoiceOut:
        """The shape of a record."""
        return cls(**{name: getattr(voice, name) for name in cls.model_fields})


class VoicePage(Shape):
    """Voices, newest first."""

    items: list[VoiceOut]
    after: str | None


class VoiceIn(Shape):
    """A voice to keep, from an utterance."""

    name: str = Field(min_length=1, max_length=200)
    meeting: str = Field(max_length=64)
    utterance: str = Field(max_length=64)


class VoicePatch(Shape):
    """Another name for a voice."""

    name: str = Field(min_length=1, max_length=200)


class OwnerSettings(Shape):
    """Defaults for an owner's next recordings."""

    language: str | None = Field(None, max_length=8)
    languages: list[str] = Field([], max_length=20)
    hotwords: list[str] = Field([], max_length=200)
    minutes: bool = True


class Health(Shape):
    """Whether the service is up."""

    status: Literal["ok"] = "ok"
    version: str
