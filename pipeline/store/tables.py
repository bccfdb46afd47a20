"""The tables. A change here needs a migration; a test holds the two to each other.

Times are Unix seconds. Every row that belongs to a meeting is deleted with it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from pipeline.store.columns import Json, Real, Words

metadata = MetaData()


def _id() -> Column[str]:
    return Column("id", Words, primary_key=True)


def _meeting(*, nullable: bool = False) -> Column[str]:
    key = ForeignKey("meetings.id", ondelete="CASCADE")
    return Column("meeting", Words, key, nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Words, nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> Column[float]:
    return Column(name, Real, nullable=nullable)


meetings = Table(
    "meetings",
    metadata,
    _id(),
    _text("owner"),
    _text("title"),
    _text("filename"),
    _text("folded"),  # title and file name for searching regardless of case
    _text("media_type"),
    Column("size", BigInteger, nullable=False),
    _text("recording", nullable=True),
    Column("options", Json, nullable=False),
    _text("status"),
    _time("duration", nullable=True),
    _text("language", nullable=True),
    _text("error_code", nullable=True),
    _text("error_message", nullable=True),
    Column("last_seq", BigInteger, nullable=False),
    _time("created"),
    _time("updated"),
    Index("meetings_by_owner", "owner", "created", "id"),
    Index("meetings_by_recording", "recording", "owner"),
)

events = Table(
    "events",
    metadata,
    Column("meeting", Words, ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    _text("type"),
    _time("at"),
    Column("payload", Json, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    _id(),
    _meeting(),
    _text("owner"),
    _text("kind"),
    Column("priority", Integer, nullable=False),
    Column("options", Json, nullable=False),
    _text("state"),
    Column("attempts", Integer, nullable=False),
    Column("max_attempts", Integer, nullable=False),
    _text("worker", nullable=True),
    _time("lease", nullable=True),
    _text("stage", nullable=True),
    Column("done", Real, nullable=False),
    Column("cancel", Boolean, nullable=False),
    _text("code", nullable=True),
    _text("message", nullable=True),
    _time("created"),
    _time("available"),
    _time("started", nullable=True),
    _time("ended", nullable=True),
    _time("updated"),
    Index("jobs_by_state", "state", "priority", "created"),
    Index("jobs_by_meeting", "meeting"),
)

servings = Table(
    "servings",
    metadata,
    Column("owner", Words, primary_key=True),
    _time("served"),  # when a job of this owner was last claimed
)

keys = Table(
    "keys",
    metadata,
    _id(),
    _text("owner"),
    _text("name"),
    _text("scopes"),
    _text("hint"),
    Column("hash", Words, nullable=False, unique=True),
    _time("created"),
    _time("expires", nullable=True),
    _time("revoked", nullable=True),
    _time("used", nullable=True),
)

links = Table(
    "links",
    metadata,
    _id(),
    _text("owner"),
    _meeting(),
    _text("scope"),
    Column("hash", Words, nullable=False, unique=True),
    _time("created"),
    _time("expires", nullable=True),
    _time("revoked", nullable=True),
    Index("links_by_meeting", "meeting"),
)

voices = Table(
    "voices",
    metadata,
    _id(),
    _text("owner"),
    _text("name"),
    Column("embedding", LargeBinary, nullable=False),
    _text("model"),
    _meeting(nullable=True),
    _text("utterance", nullable=True),
    _time("created"),
    _time("updated"),
    Index("voices_by_owner", "owner", "created"),
    Index("voices_by_meeting", "meeting"),
)

settings = Table(
    "settings",
    metadata,
    Column("owner", Words, primary_key=True),
    Column("payload", Json, nullable=False),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("owner", Words, primary_key=True),
    Column("key", Words, primary_key=True),
    _text("request"),
    _text("token"),
    _time("held"),  # until then somebody is doing it
    _time("expires"),
    Column("response", Json, nullable=True),
    _meeting(nullable=True),
    Index("idempotency_by_meeting", "meeting"),
    Index("idempotency_by_expiry", "expires"),
)

uploads = Table(
    "uploads",
    metadata,
    _id(),
    _text("owner"),
    Column("length", BigInteger, nullable=True),
    Column("offset", BigInteger, nullable=False),
    Column("metadata", Json, nullable=False),
    _meeting(nullable=True),
    _time("created"),
    _time("updated"),
    _time("expires"),
    Index("uploads_by_meeting", "meeting"),
    Index("uploads_by_expiry", "expires"),
)

passages = Table(
    "passages",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    _meeting(),
    _text("utterance"),
    Column("starts", Real, nullable=False),
    Column("ends", Real, nullable=False),
    _text("speaker"),
    _text("speaker_name"),
    _text("speaker_folded"),
    _text("text"),
    # What is searched; SQLite's index `passages_found` (FTS5) follows it by triggers.
    Column("tokens", Text().with_variant(TSVECTOR(), "postgresql"), nullable=False),
    Index("passages_by_meeting", "meeting"),
    Index("passages_by_tokens", "tokens", postgresql_using="gin").ddl_if(dialect="postgresql"),
)
