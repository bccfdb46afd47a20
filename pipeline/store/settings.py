"""What each owner set for themselves, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.store.database import Database


class OwnerSettings:
    """The settings of all owners."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, owner: str) -> dict[str, Any]:
        """The owner's settings, empty if nothing was set."""
        raise NotImplementedError

    def put(self, owner: str, values: Mapping[str, Any]) -> None:
        """Set all of them."""
        raise NotImplementedError

    def merge(self, owner: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Set some of them at the top level, None removes one; the settings afterwards."""
        raise NotImplementedError
