"""Opening a store: any number of processes at once, and never a schema that is not ours."""

from __future__ import annotations

import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from pipeline.errors import ConfigInvalid, StoreNewer
from pipeline.store import Store
from pipeline.store.tables import metadata
from tests.stores import meeting


def test_the_migrations_make_the_tables_there_are(store: Store) -> None:
    with store.database.read() as connection:
        options = {
            "include_name": lambda name, *_: "passages_found" not in (name or ""),
            # SQLite's index of words is no index in SQL's sense.
            "include_object": lambda _, name, *__: (
                name != "passages_by_tokens" or not store.database.sqlite
            ),
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_opening_again_changes_nothing(store: Store, database_url: str) -> None:
    made = meeting(store)
    again = Store.open(database_url)
    assert again.meetings.get(made.id) == made
    again.close()


def test_several_processes_may_open_a_new_store_at_once(empty_url: str) -> None:
    program = "import sys; from pipeline.store import Store; Store.open(sys.argv[1]).ping()"
    command = [sys.executable, "-c", program, empty_url]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    errors = [process.communicate()[1].decode() for process in started]
    assert [p.returncode for p in started] == [0, 0, 0], errors


def test_the_store_of_a_later_version_is_left_alone(store: Store, database_url: str) -> None:
    with store.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreNewer, match="later version"):
        Store.open(database_url)
    with store.database.read() as connection:
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    assert version == "9999"


@pytest.mark.parametrize("url", ["", "parley.db", "mysql://x/y", "sqlite://", "sqlite:///:memory:"])
def test_a_url_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(ConfigInvalid, match="expected"):
        Store.open(url)
