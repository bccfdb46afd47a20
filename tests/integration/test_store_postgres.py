"""The store's claims once more, over a PostgreSQL server of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path

import psycopg
import pytest

from pipeline.errors import JobLost, JobMissing, MeetingMissing, StoreUnavailable
from pipeline.store import Store
from tests.stores import meeting
from tests.unit.test_store_access import *  # noqa: F403
from tests.unit.test_store_arrivals import *  # noqa: F403
from tests.unit.test_store_concurrency import *  # noqa: F403
from tests.unit.test_store_events import *  # noqa: F403
from tests.unit.test_store_jobs import *  # noqa: F403
from tests.unit.test_store_meetings import *  # noqa: F403
from tests.unit.test_store_migrations import *  # noqa: F403
from tests.unit.test_store_search import *  # noqa: F403

_NUMBERS = count()


class Server:
    """A server in a folder of its own, reached by a socket in that folder."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries, self.folder = binaries, folder
        self._user = self._unprivileged()

    def _unprivileged(self) -> str | None:
        """Who runs it: PostgreSQL refuses to be run by root."""
        if os.geteuid() != 0:
            return None
        names = {entry.pw_name for entry in pwd.getpwall()}
        return "postgres" if "postgres" in names else "nobody"

    def create(self) -> None:
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", "parley", "-A", "trust", "-E", "UTF8", "--locale=C")

    def start(self) -> None:
        data = str(self.folder / "data")
        options = f"-k {self.folder} -c listen_addresses= -c fsync=off"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", data, "-o", options, "-l", log, "-w", "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "-w", "stop")

    def url(self, database: str) -> str:
        return f"postgresql://parley@/{database}?host={self.folder}"

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._binaries / program), *arguments]
        subprocess.run(
            command, check=True, user=self._user, cwd=self.folder, stdout=subprocess.DEVNULL
        )


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    path = shutil.which("initdb")
    if path is not None:
        found.append(Path(path))
    if not found:
        pytest.skip("no PostgreSQL server here (Debian: apt-get install postgresql)")
    # A socket's path may have a hundred letters, fewer than pytest's folders have.
    with tempfile.TemporaryDirectory(prefix="parley-pg-") as folder:
        server = Server(found[-1].parent, Path(folder))
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="module")
def template(server: Server) -> str:
    server.execute("CREATE DATABASE template_parley")
    Store.open(server.url("template_parley")).close()
    return "template_parley"


@pytest.fixture
def database_url(server: Server, template: str) -> str:
    """A database that is up to date, for one test."""
    name = f"test_{next(_NUMBERS)}"
    server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return server.url(name)


@pytest.fixture
def empty_url(server: Server) -> str:
    """A database without any table."""
    name = f"test_{next(_NUMBERS)}"
    server.execute(f"CREATE DATABASE {name}")
    return server.url(name)


def test_a_server_that_is_away_is_said_to_be_away(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="does not answer"):
        Store.open(f"postgresql://parley@/parley?host={tmp_path}")


def test_a_connection_that_the_server_cut_is_made_anew(
    server: Server, store: Store, database_url: str
) -> None:
    store.ping()
    server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'test_%'"
    )
    store.ping()


def test_a_server_that_comes_back_is_used_again(server: Server, store: Store) -> None:
    made = meeting(store)
    server.stop()
    with pytest.raises(StoreUnavailable, match="does not answer"):
        store.meetings.update(made.id, title="B")
    server.start()
    assert store.meetings.get(made.id) == made


def test_purging_while_jobs_are_claimed_and_expire_never_locks_up(store: Store) -> None:
    """Both take jobs before meetings; the other way round PostgreSQL would break one off."""

    def purge(_: int) -> None:
        made = meeting(store, status="queued")
        store.jobs.enqueue(made.id, "ann", "transcribe", 1, {}, 1, now=0.0)
        store.purge(made.id)

    def work(n: int) -> None:
        with suppress(JobMissing, JobLost):
            if job := store.jobs.claim(f"w{n}", 1.0, now=1.0 + 2 * n):
                store.events.append(job.meeting, [("warning", 0.0, {"text": "x"})])
                store.jobs.finish(job.id, f"w{n}")

    def either(n: int) -> None:
        with suppress(MeetingMissing):
            (purge if n % 2 else work)(n)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(either, range(60)))


def test_a_lock_that_is_held_too_long_is_unavailable_and_changes_nothing(
    database_url: str,
) -> None:
    store = Store.open(database_url, patience=0.2)
    made = meeting(store, title="a")
    with psycopg.connect(database_url) as other:
        other.execute("SELECT 1 FROM meetings FOR UPDATE")
        with pytest.raises(StoreUnavailable, match="nothing was changed"):
            store.meetings.update(made.id, title="b")
        assert store.meetings.get(made.id).title == "a"
    store.meetings.update(made.id, title="b")
    assert store.meetings.get(made.id).title == "b"
    store.close()
