"""Recordings with references: as a MANIFEST.jsonl lists them, or as they lie beside each other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SOUND = frozenset({".flac", ".wav", ".opus", ".ogg", ".mp3", ".m4a", ".webm", ".mp4"})


@dataclass(frozen=True, slots=True)
class Reference:
    """A recording and what was truly said in it.

    kind: meeting, speech, format (another encoding of one of them), nonspeech, robust. words: path
    of a SegLST file; turns: path of an RTTM file; None where there is none. duration: seconds, None
    if unknown.
    """

    id: str
    path: Path
    kind: str = "meeting"
    language: str = "en"
    duration: float | None = None
    words: Path | None = None
    turns: Path | None = None


def references(folder: Path, only: Iterable[str] = ()) -> list[Reference]:
    """The recordings of `folder` that have an answer; `only` these ids if any are named.

    Raises SystemExit with what was expected where there are none.
    """
    manifest = folder / "MANIFEST.jsonl"
    found = list(_listed(folder, manifest) if manifest.is_file() else _beside(folder))
    chosen = set(only)
    unknown = chosen - {r.id for r in found}
    if unknown or not found:
        raise SystemExit(
            f"{folder}: expected recordings with references (MANIFEST.jsonl, or NAME.flac with "
            f"NAME.seglst.json or NAME.rttm beside it); none of {sorted(unknown) or 'any'} found."
        )
    return [r for r in found if not chosen or r.id in chosen]


def _listed(folder: Path, manifest: Path) -> Iterator[Reference]:
    for line in manifest.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        path = folder / entry["path"]
        if entry["kind"] in ("broken", "utterance", "summary") or not path.is_file():
            continue
        answers = [folder / r for r in entry.get("references", [])]
        yield Reference(
            id=entry["id"],
            path=path,
            kind=entry["kind"],
            language=entry["language"],
            duration=entry["duration_s"],
            words=next((a for a in answers if a.name.endswith(".seglst.json")), None),
            turns=next((a for a in answers if a.suffix == ".rttm"), None),
        )


def _beside(folder: Path) -> Iterator[Reference]:
    for path in sorted(folder.rglob("*")):
        words, turns = path.with_suffix(".seglst.json"), path.with_suffix(".rttm")
        if path.suffix.lower() in SOUND and (words.is_file() or turns.is_file()):
            yield Reference(
                id=path.stem,
                path=path,
                words=words if words.is_file() else None,
                turns=turns if turns.is_file() else None,
            )
