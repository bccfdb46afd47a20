"""The database."""


class Database:
    """A database."""
