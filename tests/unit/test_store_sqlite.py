"""What only SQLite has: a file that is locked, full, damaged or read by others."""

from __future__ import annotations

import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import event, text

from pipeline.errors import StoreUnavailable
from pipeline.store import Store
from pipeline.types import Speaker, SpeakerId
from tests.stores import meeting, utterance


def test_a_held_lock_is_unavailable_and_changes_nothing(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/parley.db", patience=0.1)
    made = meeting(store)
    other = sqlite3.connect(tmp_path / "parley.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked.*nothing was changed"):
        store.meetings.update(made.id, title="B")
    assert store.meetings.get(made.id) == made  # who reads need not wait
    other.execute("ROLLBACK")
    assert store.meetings.update(made.id, title="B").title == "B"
    other.close()
    store.close()


def test_a_full_disk_is_unavailable_and_changes_nothing(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/parley.db")
    made = meeting(store)
    store.events.append(made.id, [("warning", 0.0, {"text": "a"})])
    engine = store.database.engine
    engine.dispose()

    @event.listens_for(engine, "connect")
    def bounded(connection: sqlite3.Connection, _: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages + 2}")

    large = [("warning", 0.0, {"text": "x" * 100_000})]
    with pytest.raises(StoreUnavailable, match="disk is full"):
        store.events.append(made.id, large, update={"title": "B"})
    assert store.events.last_seq(made.id) == 1 and store.meetings.get(made.id).title == made.title
    event.remove(engine, "connect", bounded)
    engine.dispose()
    assert [e.seq for e in store.events.append(made.id, large)] == [2]
    with store.database.read() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
    store.close()


def test_a_writer_that_was_killed_leaves_no_half_and_no_lock(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/parley.db"
    store = Store.open(url)
    made = meeting(store)
    program = (
        "import os, signal, sys; from pipeline.store import Store; from sqlalchemy import text\n"
        "with Store.open(sys.argv[1]).database.write() as connection:\n"
        "    connection.execute(text(\"UPDATE meetings SET title = 'half'\"))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", program, url]).returncode == -signal.SIGKILL
    assert store.meetings.get(made.id) == made
    assert store.meetings.update(made.id, title="whole").title == "whole"
    store.close()


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("my notes\n" * 200)
    with pytest.raises(StoreUnavailable, match="no database"):
        Store.open(f"sqlite:///{file}")
    assert file.read_text() == "my notes\n" * 200


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        Store.open(f"sqlite:///{tmp_path}/file/parley.db")


def test_our_own_mistakes_are_not_called_trouble_of_the_database(store: Store) -> None:
    with pytest.raises(Exception, match="no such table"), store.database.read() as connection:
        connection.execute(text("SELECT * FROM nowhere"))


def test_readers_see_one_moment_while_others_write(store: Store) -> None:
    made = meeting(store)
    with store.database.read() as connection:
        title = text("SELECT title FROM meetings")
        before = connection.execute(title).scalar_one()
        store.meetings.update(made.id, title="B")
        assert connection.execute(title).scalar_one() == before
    assert store.meetings.get(made.id).title == "B"


def test_nobody_else_on_the_machine_may_read_it(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/kept/parley.db")
    meeting(store)
    for file in (tmp_path / "kept").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    store.close()


def test_what_was_purged_is_not_in_the_files_any_more(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/parley.db")
    kept, gone = meeting(store), meeting(store, title="Xylophone meeting")
    for one, said in ((kept, "ordinary"), (gone, "xylophone")):
        store.events.append(one.id, [("warning", 0.0, {"text": said * 500})])
        store.search.index(one.id, [utterance(said)], [Speaker(SpeakerId("S1"), said)])

    def files() -> bytes:
        return b"".join(f.read_bytes() for f in tmp_path.iterdir()).lower()

    assert b"xylophone" in files()
    store.purge(gone.id)
    assert b"xylophone" not in files() and b"ordinary" in files()
    assert len(store.search.query("ann", "ordinary").items) == 1
    store.close()
