"""Folders for what a request sends, removed with it; those of a killed process at the next start.

A folder in use holds a file that its process has locked; the kernel lets the lock go with the
process. Where there are no such locks (Windows) nothing is swept.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_PREFIX = "parley-openai-"
_LOCK = ".in-use"
_YOUNG = 60.0
"""Seconds in which a folder may still be on its way to its lock."""


@dataclass(frozen=True, slots=True)
class Lodging:
    """A folder of one request. recording, voices: folders in it."""

    folder: Path
    recording: Path
    voices: Path
    lock: int


class Spool:
    """Makes folders in `place`, by default the system's for temporary files."""

    def __init__(self, place: Path | None) -> None:
        self._place = Path(tempfile.gettempdir()) if place is None else place

    def open(self) -> Lodging:
        """A new folder, nobody else's."""
        folder = Path(tempfile.mkdtemp("", _PREFIX, self._place))
        lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        lodging = Lodging(folder, folder / "recording", folder / "voices", lock)
        lodging.recording.mkdir()
        lodging.voices.mkdir()
        return lodging

    def close(self, lodging: Lodging) -> None:
        """Remove a folder and all in it."""
        shutil.rmtree(lodging.folder, ignore_errors=True)
        os.close(lodging.lock)

    def sweep(self) -> None:
        """Remove the folders that no process uses any more."""
        if fcntl is None:
            return
        for folder in self._place.glob(f"{_PREFIX}*"):
            try:
                if folder.stat().st_mtime < time.time() - _YOUNG and not _in_use(folder):
                    shutil.rmtree(folder, ignore_errors=True)
            except OSError:
                continue  # another's, or gone meanwhile


def _in_use(folder: Path) -> bool:
    if not (folder / _LOCK).exists():
        return False
    lock = os.open(folder / _LOCK, os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False
