"""One database, SQLite or PostgreSQL: connections, transactions, and errors said plainly."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, make_url
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.errors import ConfigInvalid, StoreUnavailable

_TRYING = "nothing was changed. Try again in a moment"
_UNUSABLE = {
    sqlite3.SQLITE_BUSY: f"the database is locked by another program; {_TRYING}.",
    sqlite3.SQLITE_LOCKED: f"the database is locked; {_TRYING}.",
    sqlite3.SQLITE_FULL: "the disk is full; nothing was changed. Make room, then try again.",
    sqlite3.SQLITE_IOERR: "the disk does not read or write; nothing was changed. See to the disk.",
    sqlite3.SQLITE_CANTOPEN: "the database file cannot be opened. See that its folder is there and "
    "may be written to.",
    sqlite3.SQLITE_READONLY: "the database file may not be written to. Change who may.",
    sqlite3.SQLITE_CORRUPT: "the database file is damaged. Put back a copy of it.",
    sqlite3.SQLITE_NOTADB: "the file is no database. See that the URL names the right one.",
    sqlite3.SQLITE_NOMEM: f"there was too little memory; {_TRYING}.",
    sqlite3.SQLITE_PROTOCOL: f"the database is locked by another program; {_TRYING}.",
}
"""What to say of SQLite's errors (https://www.sqlite.org/rescode.html); others are our mistakes."""

_SPENT = ("53", "08", "57", "55", "40")
"""Classes of PostgreSQL's errors that pass: resources, connection, shutdown, locks, rollbacks."""


_REFUSED = ("28", "3D")
"""Classes of PostgreSQL's errors about the user and the database of the URL."""

_AWAY = (
    "the database server does not answer or refuses. See that it runs and can be reached, and that "
    "the user, the password and the database of the URL are right."
)


class Database:
    """Gives transactions; `read` sees one moment, `write` is alone or waits.

    patience: seconds to wait for a lock or a connection.
    """

    def __init__(self, url: str, patience: float) -> None:
        parsed = _parsed(url)
        self.sqlite = parsed.get_backend_name() == "sqlite"
        self.patience = patience
        self.path = Path(str(parsed.database)) if self.sqlite else None
        self.engine = _sqlite(parsed, patience) if self.sqlite else _postgres(parsed, patience)
        # SQLite lets writers wait by trying again and again; in a process they queue up instead.
        self._turn = threading.Lock() if self.sqlite else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that changes nothing. Raises StoreUnavailable."""
        with _told(), self.engine.connect() as connection:
            if not self.sqlite:
                connection = connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed if the block ends well. Raises StoreUnavailable."""
        with self._alone(), _told(), self.engine.connect() as connection:
            connection = connection.execution_options(parley_write=True)
            with connection.begin():
                yield connection

    @contextmanager
    def plain(self) -> Iterator[Connection]:
        """A connection to SQLite outside of any transaction, for what cannot run in one."""
        with _told(), self.engine.connect() as connection:
            yield connection.execution_options(parley_plain=True)

    def insert(self, table: SqlTable) -> Any:
        """An INSERT that can say `on_conflict_do_nothing` and `on_conflict_do_update`."""
        return sqlite.insert(table) if self.sqlite else postgresql.insert(table)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=self.patience):
            raise StoreUnavailable(f"the database is busy; {_TRYING}.")
        try:
            yield
        finally:
            self._turn.release()


@contextmanager
def _told() -> Iterator[None]:
    """The database's own troubles as StoreUnavailable, without a word of its insides."""
    try:
        yield
    except exc.TimeoutError as error:
        raise StoreUnavailable(f"every connection is in use; {_TRYING}.") from error
    except exc.DBAPIError as error:
        message = _trouble(error)
        if message is None:
            raise
        raise StoreUnavailable(message) from error


def _trouble(error: exc.DBAPIError) -> str | None:
    """What to say of an error that is no mistake of ours."""
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _UNUSABLE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF)
    state = getattr(cause, "sqlstate", None)
    if state == "53100":
        return _UNUSABLE[sqlite3.SQLITE_FULL]
    if error.connection_invalidated or (state is None and isinstance(error, exc.OperationalError)):
        return _AWAY
    if state is not None and state.startswith(_SPENT):
        return f"the database server is busy or shutting down; {_TRYING}."
    if state is not None and state.startswith(_REFUSED):
        return _AWAY
    return None


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except (exc.ArgumentError, exc.NoSuchModuleError, ValueError):
        backend = ""
    if backend == "postgres":
        backend = "postgresql"
    if backend not in ("sqlite", "postgresql"):
        raise ConfigInvalid(
            "expected a database URL such as sqlite:////var/lib/parley/parley.db or "
            "postgresql://user@host/parley."
        )
    if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ConfigInvalid("expected an SQLite file: a database in memory keeps nothing.")
    return parsed.set(drivername="sqlite" if backend == "sqlite" else "postgresql+psycopg")


def _sqlite(url: URL, patience: float) -> Engine:
    path = Path(str(url.database))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)  # what is said in meetings is nobody else's business
    except OSError as error:
        raise StoreUnavailable(_UNUSABLE[sqlite3.SQLITE_CANTOPEN]) from error
    arguments = {"check_same_thread": False, "timeout": patience}
    engine = create_engine(
        url, connect_args=arguments, pool_size=8, max_overflow=56, pool_timeout=patience
    )

    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say, see below
        for pragma in ("foreign_keys=ON", "synchronous=FULL", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # A transaction that reads first and writes later cannot wait for its turn: begin as a
        # writer (https://www.sqlite.org/lang_transaction.html#immediate).
        options = connection.get_execution_options()
        if not options.get("parley_plain"):
            writing = options.get("parley_write")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _postgres(url: URL, patience: float) -> Engine:
    waits = round(patience * 1000)
    arguments = {
        "connect_timeout": max(1, round(patience)),
        "options": f"-c lock_timeout={waits} -c idle_in_transaction_session_timeout=60000",
    }
    return create_engine(
        url,
        connect_args=arguments,
        pool_size=5,
        max_overflow=10,
        pool_timeout=patience,
        pool_pre_ping=True,
    )
