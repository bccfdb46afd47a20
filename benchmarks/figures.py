"""Writes the measured tables of README.md and docs from the results that are kept.

    python -m benchmarks.figures [--check]

A place is marked `<!-- figures: RESULTS TABLE -->` … `<!-- /figures -->`; RESULTS is the name of a
file in benchmarks/results, TABLE one of TABLES. A place whose results do not exist is left empty.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.measurements import Results
from benchmarks.peers.environments import ROOT
from benchmarks.tables import Row, identical, number, rows

DOCUMENTS = (ROOT / "README.md", ROOT / "docs" / "benchmarks.md")
KEPT = ROOT / "benchmarks" / "results"
PLACE = re.compile(r"(<!-- figures: (\S+) (\S+) -->\n)(.*?)(<!-- /figures -->)", re.DOTALL)

Column = tuple[str, Callable[[Row], str]]


def main() -> None:
    """Rewrite the documents, or say which are not up to date."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, fail if outdated")
    check = parser.parse_args().check
    stale = []
    for document in DOCUMENTS:
        before = document.read_text(encoding="utf-8")
        after = filled(before)
        if before != after:
            stale.append(document.name)
            if not check:
                document.write_text(after, encoding="utf-8")
    print(f"{'outdated' if check else 'rewritten'}: {', '.join(stale) or 'none'}")
    if check and stale:
        raise SystemExit(1)


def filled(text: str, folder: Path = KEPT) -> str:
    """`text` with every marked place holding what the results in `folder` give."""
    return PLACE.sub(lambda m: m[1] + table(m[2], m[3], folder) + m[5], text)


def table(results: str, name: str, folder: Path = KEPT) -> str:
    """One of TABLES in Markdown, ending in a line break; "" where there are no such results.

    Raises KeyError for a table that does not exist.
    """
    make = TABLES[name]
    path = folder / f"{results}.json"
    return make(Results.read(path)) if path.is_file() else ""


def _whole(results: Results) -> str:
    return _markdown([r for r in rows(results) if r.gives == "meeting"], (*_TIMED, *_SAID, *_TURNS))


def _words(results: Results) -> str:
    return _markdown([r for r in rows(results) if r.gives == "words"], (*_TIMED, *_WORDS))


def _turns(results: Results) -> str:
    shown = [r for r in rows(results) if r.gives == "turns"]
    labels = {name: told["label"] for name, told in results.head["peers"].items()}
    same = [
        f"\n{labels[one]} and {labels[other]} found the same turns, to the millisecond, in "
        f"{equal} of {of} measurements.\n"
        for one, other, equal, of in identical(results)
    ]
    return _markdown(shown, (*_TIMED, *_TURNS)) + "".join(same)


def _attribution(results: Results) -> str:
    found = rows(results)
    assigned = [r for r in found if r.gives == "assignment"]
    ours = {r.against for r in assigned}
    shown = [r for r in found if r in assigned or (r.peer in ours and _beside(r, assigned))]
    return _markdown(shown, _SAID)


def _beside(row: Row, others: Sequence[Row]) -> bool:
    return any(row.group == o.group for o in others)


def _conditions(results: Results) -> str:
    head = results.head
    m, given = head["machine"], head["arguments"]
    runs = max((m.run for m in results.measurements), default=0)
    lines = [
        f"{m['processor']}, {m['cores']} cores, {m['memory_gb']} GB, {m['system']}, "
        f"Python {m['python']}; {given['threads']} threads for everybody; revision "
        f"{head['revision']}, {head['date'][:10]}; medians of {runs} runs taken in turns.",
        "",
        "| environment | releases |",
        "|---|---|",
    ]
    for name, releases in head["environments"].items():
        told = ", ".join(f"{package} {release}" for package, release in releases.items())
        lines.append(f"| {name} | {told} |")
    return "\n".join(lines) + "\n"


def _markdown(shown: Sequence[Row], columns: Sequence[Column]) -> str:
    if not shown:
        return ""
    lines = [
        "| | " + " | ".join(name for name, _ in columns) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    group = None
    for row in shown:
        if row.group != group:
            group = row.group
            lines.append(f"| *{group}: {_extent(row)}* |" + " |" * len(columns))
        cells = [row.error] if row.error else [cell(row) for _, cell in columns]
        cells += [""] * (len(columns) - len(cells))
        lines.append(f"| {row.label} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _extent(row: Row) -> str:
    return f"{row.recordings} × {row.sound / row.recordings:.0f} s"


def _rate(name: str, digits: int = 1) -> Callable[[Row], str]:
    return lambda row: number((row.rates or {}).get(name), digits)


def _parts(whole: str, *parts: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        inside = " / ".join(_rate(p)(row) for p in parts)
        return f"{_rate(whole)(row)} ({inside})"

    return cell


_TIMED: tuple[Column, ...] = (
    ("seconds", lambda r: number(r.wall, 1)),
    ("RTF", lambda r: number(r.rtf, 3)),
    ("CPU-s a second", lambda r: number(r.cpu, 3)),
    ("peak MB (anonymous)", lambda r: f"{number(r.rss, 0)} ({number(r.anon, 0)})"),
    ("times Parley's", lambda r: number(r.ratio, 2) if r.against else "1"),
)
_SAID: tuple[Column, ...] = (
    ("WER", _rate("WER")),
    ("cpWER", _rate("cpWER")),
    ("tcpWER", _rate("tcpWER")),
    ("cpWER − ORC", _rate("cp-ORC")),
)
_WORDS: tuple[Column, ...] = (("WER (sub / del / ins)", _parts("WER", "sub", "del", "ins")),)
_TURNS: tuple[Column, ...] = (
    ("DER (miss / false alarm / confusion)", _parts("DER", "miss", "fa", "conf")),
    ("people ±", _rate("spk±")),
)

TABLES: dict[str, Callable[[Results], str]] = {
    "whole": _whole,
    "words": _words,
    "turns": _turns,
    "attribution": _attribution,
    "conditions": _conditions,
}

if __name__ == "__main__":
    main()
