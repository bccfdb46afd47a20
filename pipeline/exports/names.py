"""File names that differ on every file system, from the names recordings happen to have."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

LONGEST = 200
"""Bytes of UTF-8; file systems take 255, and a suffix is still to come."""

_FORBIDDEN = re.compile('[<>:"/\\\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?$")
_FALLBACK = "recording"


def safe_stem(text: str) -> str:
    """`text` as the stem of a file name that Windows, macOS and Linux all take.

    Letters of any script stay; what some system forbids becomes "-". Never empty, never hidden.
    """
    text = unicodedata.normalize("NFC", _FORBIDDEN.sub("-", text))
    text = _cut(" ".join(text.split()).lstrip(". "), LONGEST).rstrip(". ")
    if text.casefold().endswith(
        ".seglst"
    ):  # with ".json" it would be another file's ".seglst.json"
        text = f"{text[:-7]}-seglst"
    return f"_{text}" if _RESERVED.match(text) else text or _FALLBACK


def distinct_stems(paths: Iterable[Path]) -> dict[Path, str]:
    """A stem for the results of each path, no two alike even where case does not count.

    The file's own stem where it is the only one of its kind; else with its folder's name before
    it, if that tells all of them apart; else with -2, -3 … after it, in the order given. The same
    paths in the same order get the same names.
    """
    unique = list(dict.fromkeys(paths))
    groups: dict[str, list[Path]] = defaultdict(list)
    for path in unique:
        groups[_key(safe_stem(path.stem))].append(path)
    stems = {paths[0]: safe_stem(paths[0].stem) for paths in groups.values() if len(paths) == 1}
    taken = {_key(stem) for stem in stems.values()}
    for group in groups.values():
        if len(group) > 1:
            for path, wanted in zip(group, _told_apart(group), strict=True):
                stems[path] = _free(wanted, taken)
    return {path: stems[path] for path in unique}


def _told_apart(group: list[Path]) -> list[str]:
    """Folder and stem if no folder is the same; else the plain stems."""
    folders = [safe_stem(p.absolute().parent.name) for p in group]
    if len(set(map(_key, folders))) < len(group):
        return [safe_stem(p.stem) for p in group]
    return [safe_stem(f"{folder}-{p.stem}") for folder, p in zip(folders, group, strict=True)]


def _free(stem: str, taken: set[str]) -> str:
    name, count = stem, 1
    while _key(name) in taken:
        count += 1
        name = f"{_cut(stem, LONGEST - 8)}-{count}"
    taken.add(_key(name))
    return name


def _key(stem: str) -> str:
    """What a file system that ignores case and composition compares."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", stem).casefold())


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")
