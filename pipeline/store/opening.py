"""The store as a whole: its parts over one database."""

from __future__ import annotations

from sqlalchemy import text

from pipeline.errors import MeetingMissing
from pipeline.store.database import Database
from pipeline.store.events import Events
from pipeline.store.idempotency import Idempotency
from pipeline.store.jobs import Jobs
from pipeline.store.keys import Keys
from pipeline.store.links import Links
from pipeline.store.meetings import Meetings
from pipeline.store.migrating import migrate
from pipeline.store.search import Search
from pipeline.store.settings import OwnerSettings
from pipeline.store.uploads import Uploads
from pipeline.store.voices import Voices


class Store:
    """Everything that is kept, by part. Every method may raise StoreUnavailable."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.meetings = Meetings(database)
        self.events = Events(database)
        self.jobs = Jobs(database)
        self.keys = Keys(database)
        self.links = Links(database)
        self.voices = Voices(database)
        self.settings = OwnerSettings(database)
        self.idempotency = Idempotency(database)
        self.uploads = Uploads(database)
        self.search = Search(database)

    @classmethod
    def open(cls, url: str, *, patience: float = 10.0) -> Store:
        """The store at an SQLAlchemy URL, brought up to date first.

        `sqlite:////var/lib/parley/parley.db` or `postgresql://user@host/parley` (psycopg 3).
        Several processes may open it at once. patience: seconds to wait for a lock.
        Raises ConfigInvalid on another kind of URL, StoreUnavailable if it cannot be reached,
        StoreNewer if a later version of Parley made it.
        """
        database = Database(url, patience)
        try:
            migrate(database)
        except BaseException:
            database.engine.dispose()
            raise
        return cls(database)

    def purge(self, meeting: str) -> None:
        """Remove every row that belongs to a meeting; no error if there is none."""
        try:
            self.meetings.delete(meeting)
        except MeetingMissing:
            return

    def ping(self) -> None:
        """Ask the database for something; raises StoreUnavailable if it does not answer."""
        with self.database.read() as connection:
            connection.execute(text("SELECT 1 FROM meetings LIMIT 1"))

    def close(self) -> None:
        """Let go of every connection."""
        self.database.engine.dispose()
