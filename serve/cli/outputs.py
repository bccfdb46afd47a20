"""Where results go: distinct names, and a look before the work whether they are free.

What a run wrote is noted beside the recording's checkpoints. A file that is there is passed over
only if the same recording with the same settings made it, so running a command again goes on where
it stopped, and anything else is refused before an hour is spent on it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.audio import content_hash
from pipeline.checkpoints import Checkpoints
from pipeline.errors import OutputExists, UnreadableAudio, UsageError
from pipeline.exports import distinct_stems, output_paths

_LEDGER = "written.json"
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Item:
    """A recording and the files that its results go to, by format."""

    path: Path
    stem: str
    targets: dict[str, Path]

    @property
    def existing(self) -> list[Path]:
        """Those of the files that are there."""
        return [path for path in self.targets.values() if path.exists() or path.is_symlink()]


def plan(
    paths: Sequence[Path], directory: Path, formats: Sequence[str], stem: str | None = None
) -> list[Item]:
    """What is to be made of each recording; one named twice is taken once.

    stem: names the results where there is but one recording. Raises UsageError if a format is not
    known or nothing can be written to `directory`.
    """
    unique = list({os.path.abspath(path): path for path in paths}.values())
    stems = {unique[0]: stem} if stem and len(unique) == 1 else distinct_stems(unique)
    items = [Item(p, stems[p], output_paths(directory, stems[p], formats)) for p in unique]
    there = next(p for p in (directory, *directory.absolute().parents) if p.exists())
    if not there.is_dir():
        raise UsageError(f"--out {directory}: {there} is a file. Name a folder.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UsageError(f"--out {directory}: {there} may not be written to. Name another folder.")
    return items


class Ledger:
    """What was written of each recording, and which file it came from."""

    def __init__(self, checkpoints: Checkpoints) -> None:
        self._checkpoints = checkpoints

    def begin(self, recording: str, source: Path) -> None:
        """Note that `recording` (its content hash) was read from `source`."""
        self._note(recording, "source", str(source.absolute()))

    def wrote(self, recording: str, paths: Iterable[Path], key: str) -> None:
        """Note that the results of `recording` under `key` go to `paths`."""
        known = self._read(recording).get("results", {})
        new = {str(path.absolute()): key for path in paths}
        self._note(recording, "results", known | new)

    def owns(self, recording: str, path: Path, key: str) -> bool:
        """Whether `path` was written of this recording under this key."""
        results = self._read(recording).get("results", {})
        return bool(results.get(str(path.absolute())) == key)

    def _note(self, recording: str, name: str, value: Any) -> None:
        path = self._checkpoints.folder(recording) / _LEDGER
        temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
        temporary.write_text(json.dumps(self._read(recording) | {name: value}), encoding="utf-8")
        temporary.replace(path)

    def _read(self, recording: str) -> dict[str, Any]:
        return read_ledger(self._checkpoints.root / recording[:32])


def read_ledger(folder: Path) -> dict[str, Any]:
    """The notes in a recording's folder; empty if there are none."""
    try:
        notes = json.loads((folder / _LEDGER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return notes if isinstance(notes, dict) else {}


def refuse_existing(items: Sequence[Item], ledger: Ledger | None, key: str) -> None:
    """Raises OutputExists if a file is there that this very command did not write.

    ledger: None if nothing is known of earlier runs.
    """
    taken = [path for item in items for path in item.existing if not _ours(item, path, ledger, key)]
    if not taken:
        return
    names = ", ".join(map(str, taken[:_SHOWN]))
    more = f" and {len(taken) - _SHOWN} more" if len(taken) > _SHOWN else ""
    raise OutputExists(
        f"{names}{more}: already there, from another recording or other settings. Give "
        "--overwrite, --skip-existing or another --out."
    )


def _ours(item: Item, path: Path, ledger: Ledger | None, key: str) -> bool:
    if ledger is None:
        return False
    try:
        return ledger.owns(content_hash(item.path), path, key)
    except UnreadableAudio:
        return False
