"""The first tables."""

from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Integer, LargeBinary, Text
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table, index and trigger."""
    _meetings()
    _work()
    _access()
    _arrivals()
    _search()


def _text(name: str, *, null: bool = False) -> Column[str]:
    return Column(name, Text, nullable=null)


def _time(name: str, *, null: bool = False) -> Column[float]:
    return Column(name, Double, nullable=null)


def _count(name: str, *, null: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=null)


def _id() -> Column[str]:
    return Column("id", Text, primary_key=True)


def _meeting(*, null: bool = False, key: bool = False) -> Column[str]:
    reference = ForeignKey("meetings.id", ondelete="CASCADE")
    return Column("meeting", Text, reference, nullable=null, primary_key=key)


def _meetings() -> None:
    op.create_table(
        "meetings",
        _id(),
        *map(_text, ("owner", "title", "filename", "folded", "media_type")),
        _count("size"),
        _text("recording", null=True),
        _text("options"),
        _text("status"),
        _time("duration", null=True),
        _text("language", null=True),
        _text("error_code", null=True),
        _text("error_message", null=True),
        _count("last_seq"),
        _time("created"),
        _time("updated"),
    )
    op.create_index("meetings_by_owner", "meetings", ["owner", "created", "id"])
    op.create_index("meetings_by_recording", "meetings", ["recording", "owner"])
    op.create_table(
        "events",
        _meeting(key=True),
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
        _text("type"),
        _time("at"),
        _text("payload"),
    )


def _work() -> None:
    op.create_table(
        "jobs",
        _id(),
        _meeting(),
        _text("owner"),
        _text("kind"),
        Column("priority", Integer, nullable=False),
        _text("options"),
        _text("state"),
        Column("attempts", Integer, nullable=False),
        Column("max_attempts", Integer, nullable=False),
        _text("worker", null=True),
        _time("lease", null=True),
        _text("stage", null=True),
        Column("done", Double, nullable=False),
        Column("cancel", Boolean, nullable=False),
        _text("code", null=True),
        _text("message", null=True),
        _time("created"),
        _time("available"),
        _time("started", null=True),
        _time("ended", null=True),
        _time("updated"),
    )
    op.create_index("jobs_by_state", "jobs", ["state", "priority", "created"])
    op.create_index("jobs_by_meeting", "jobs", ["meeting"])
    op.create_table("servings", Column("owner", Text, primary_key=True), _time("served"))


def _access() -> None:
    op.create_table(
        "keys",
        _id(),
        *map(_text, ("owner", "name", "scopes", "hint")),
        Column("hash", Text, nullable=False, unique=True),
        _time("created"),
        *(_time(name, null=True) for name in ("expires", "revoked", "used")),
    )
    op.create_table(
        "links",
        _id(),
        _text("owner"),
        _meeting(),
        _text("scope"),
        Column("hash", Text, nullable=False, unique=True),
        _time("created"),
        *(_time(name, null=True) for name in ("expires", "revoked")),
    )
    op.create_index("links_by_meeting", "links", ["meeting"])
    op.create_table("settings", Column("owner", Text, primary_key=True), _text("payload"))


def _arrivals() -> None:
    op.create_table(
        "voices",
        _id(),
        _text("owner"),
        _text("name"),
        Column("embedding", LargeBinary, nullable=False),
        _text("model"),
        _meeting(null=True),
        _text("utterance", null=True),
        _time("created"),
        _time("updated"),
    )
    op.create_index("voices_by_owner", "voices", ["owner", "created"])
    op.create_index("voices_by_meeting", "voices", ["meeting"])
    op.create_table(
        "idempotency",
        Column("owner", Text, primary_key=True),
        Column("key", Text, primary_key=True),
        _text("request"),
        _text("token"),
        _time("held"),
        _time("expires"),
        _text("response", null=True),
        _meeting(null=True),
    )
    op.create_index("idempotency_by_meeting", "idempotency", ["meeting"])
    op.create_index("idempotency_by_expiry", "idempotency", ["expires"])
    op.create_table(
        "uploads",
        _id(),
        _text("owner"),
        _count("length", null=True),
        _count("offset"),
        _text("metadata"),
        _meeting(null=True),
        _time("created"),
        _time("updated"),
        _time("expires"),
    )
    op.create_index("uploads_by_meeting", "uploads", ["meeting"])
    op.create_index("uploads_by_expiry", "uploads", ["expires"])


def _search() -> None:
    op.create_table(
        "passages",
        Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
        _meeting(),
        _text("utterance"),
        Column("starts", Double, nullable=False),
        Column("ends", Double, nullable=False),
        *map(_text, ("speaker", "speaker_name", "speaker_folded", "text")),
        Column("tokens", Text().with_variant(TSVECTOR(), "postgresql"), nullable=False),
    )
    op.create_index("passages_by_meeting", "passages", ["meeting"])
    if op.get_context().dialect.name == "postgresql":
        op.create_index("passages_by_tokens", "passages", ["tokens"], postgresql_using="gin")
        return
    # The tokens are made by us (pipeline.store.words): this tokenizer leaves them as they are.
    op.execute(
        "CREATE VIRTUAL TABLE passages_found USING fts5("
        "tokens, content='passages', content_rowid='id', tokenize='ascii')"
    )
    op.execute(
        "CREATE TRIGGER passages_added AFTER INSERT ON passages BEGIN "
        "INSERT INTO passages_found(rowid, tokens) VALUES (new.id, new.tokens); END"
    )
    op.execute(
        "CREATE TRIGGER passages_removed AFTER DELETE ON passages BEGIN "
        "INSERT INTO passages_found(passages_found, rowid, tokens) "
        "VALUES ('delete', old.id, old.tokens); END"
    )
