"""Brings a database up to date, one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from filelock import FileLock, Timeout
from sqlalchemy import text

from pipeline.errors import StoreNewer, StoreUnavailable
from pipeline.store.database import Database

_LOCK = 0x7061726C6579
"""Number of PostgreSQL's advisory lock: "parley" in ASCII."""

_LONGEST = 120.0
"""Seconds to wait for another process that is migrating."""


def migrate(database: Database) -> None:
    """Run the migrations that are missing, all or none.

    Raises StoreUnavailable, and StoreNewer if a later version made the database.
    """
    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with _alone(database):
        if database.sqlite:
            with database.plain() as connection:
                connection.execute(text("PRAGMA journal_mode=WAL"))
        with database.write() as connection:
            if not database.sqlite:
                connection.execute(text(f"SET LOCAL lock_timeout = '{round(_LONGEST)}s'"))
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                if not isinstance(error.__cause__, ResolutionError):
                    raise
                raise StoreNewer(
                    "a later version of Parley made this database. Run that version, or open "
                    "another database."
                ) from error


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """SQLite's own locks do not cover the change to WAL, so that a file is locked beside it."""
    if database.path is None:
        yield
        return
    try:
        with FileLock(f"{database.path}.lock", timeout=_LONGEST, mode=0o600):
            yield
    except Timeout as error:
        raise StoreUnavailable(
            f"another process has been migrating the database for {_LONGEST:.0f} s. See what it "
            "does, then start again."
        ) from error
