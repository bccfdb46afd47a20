"""From measurements to rows: recordings of a kind pooled, medians of the runs, ratios within a run.

A row stands for a peer on a group of recordings. Its seconds are those of the whole group in one
run, median over the runs; its error rates are summed errors over summed lengths.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from benchmarks.measurements import Measurement, Results
from benchmarks.scores import Score, pooled

GROUPS = ((300.0, "short recordings"), (1800.0, "ten minutes"), (float("inf"), "an hour"))
"""Longest sound of a group in seconds, and its name."""

SHOWN = {
    "meeting": "WER sub del ins cpWER tcpWER ORC cp-ORC DER miss fa conf spk±".split(),
    "words": "WER sub del ins".split(),
    "turns": "DER miss fa conf spk±".split(),
    "assignment": "WER cpWER tcpWER ORC cp-ORC".split(),
}
"""Rates that mean something for what a peer gives."""


@dataclass(frozen=True, slots=True)
class Row:
    """A peer on a group of recordings.

    recordings: how many. sound: their seconds. runs: how many were complete. wall: median seconds.
    rtf, cpu: wall and CPU seconds for a second of sound. rss, anon: peak MB. ratio: wall by that of
    `against`, None where that was not measured in the same runs. rates: in percent by name; speaker
    count errors in speakers a recording. error: what went wrong, "" if nothing.
    """

    group: str
    peer: str
    gives: str
    label: str
    recordings: int
    sound: float
    runs: int = 0
    wall: float | None = None
    rtf: float | None = None
    cpu: float | None = None
    rss: float | None = None
    anon: float | None = None
    against: str | None = None
    ratio: float | None = None
    rates: dict[str, float | None] | None = None
    error: str = ""


def rows(results: Results) -> list[Row]:
    """All rows, group by group, in the order the peers were given."""
    grouped: dict[str, list[Measurement]] = {}
    for measurement in results.measurements:
        grouped.setdefault(group_of(measurement), []).append(measurement)
    order = [name for _, name in GROUPS]
    names = sorted(grouped, key=lambda g: order.index(g) if g in order else len(order))
    return [
        _row(group, peer, told, grouped[group])
        for group in names
        for peer, told in results.head["peers"].items()
        if any(m.peer == peer for m in grouped[group])
    ]


def group_of(measurement: Measurement) -> str:
    """The name of the group a measurement belongs to."""
    if measurement.cut is not None:
        return f"first {measurement.cut:g} s of {measurement.recording}"
    return next(name for longest, name in GROUPS if measurement.sound < longest)


def _row(group: str, peer: str, told: dict[str, Any], all_: list[Measurement]) -> Row:
    mine = [m for m in all_ if m.peer == peer]
    sounds = {m.recording: m.sound for m in mine}
    row = Row(
        group=group,
        peer=peer,
        gives=told["gives"],
        label=told["label"],
        recordings=len(sounds),
        sound=sum(sounds.values()),
    )
    if failed := [m for m in mine if m.exit]:
        return replace(row, error=f"failed on {failed[0].recording}: {failed[0].error}")
    runs = complete(mine)
    if not runs:
        return replace(row, error="not complete")
    return _measured(row, runs, complete([m for m in all_ if m.peer == told["against"]]), told)


def _measured(
    row: Row,
    runs: dict[int, list[Measurement]],
    others: dict[int, list[Measurement]],
    told: dict[str, Any],
) -> Row:
    measurements = [m for run in runs.values() for m in run]
    timed = row.gives != "assignment"
    wall = median(map(_wall, runs.values()))
    shared = [
        _wall(runs[n]) / _wall(others[n])
        for n in runs.keys() & others.keys()
        if {m.recording for m in runs[n]} == {m.recording for m in others[n]}
    ]
    return replace(
        row,
        runs=len(runs),
        wall=wall if timed else None,
        rtf=wall / row.sound if timed else None,
        cpu=median(sum(m.cpu for m in r) for r in runs.values()) / row.sound if timed else None,
        rss=median(max(m.rss_mb for m in r) for r in runs.values()) if timed else None,
        anon=median(max(m.anon_mb for m in r) for r in runs.values()) if timed else None,
        against=told["against"],
        ratio=median(shared) if shared and timed else None,
        rates=rates(pooled(m.score for m in measurements), row.gives),
    )


def complete(measurements: Iterable[Measurement]) -> dict[int, list[Measurement]]:
    """Measurements of one peer by run, of the runs that have all of its recordings."""
    made = [m for m in measurements if m.exit == 0]
    every = {m.recording for m in made}
    runs: dict[int, list[Measurement]] = {}
    for m in made:
        runs.setdefault(m.run, []).append(m)
    return {n: r for n, r in sorted(runs.items()) if {m.recording for m in r} == every}


def rates(total: Score, gives: str) -> dict[str, float | None]:
    """The rates of `SHOWN` that a score has."""
    orc = round(100 * total.orc / total.words, 2) if total.words else None
    known = total.row() | {"ORC": orc}
    return {name: known[name] for name in SHOWN[gives]}


def identical(results: Results) -> list[tuple[str, str, int, int]]:
    """Peers that found the same turns: two of them, on how many measurements, of how many."""
    told = results.head["peers"]
    made = {m.key: m for m in results.measurements if m.exit == 0}
    names = [name for name in told if told[name]["gives"] == "turns"]
    found = []
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            both = [
                (m, made[other, *m.key[1:]])
                for m in made.values()
                if m.peer == one and (other, *m.key[1:]) in made
            ]
            same = sum(a.digest == b.digest for a, b in both)
            if same:
                found.append((one, other, same, len(both)))
    return found


def printed(results: Results) -> str:
    """All rows as text."""
    names = SHOWN["meeting"]
    lines: list[str] = []
    group = None
    for row in rows(results):
        if row.group != group:
            group = row.group
            lines += ["", f"{group}: {row.recordings} of {row.sound:.0f} s in all", _head(names)]
        lines.append(_text(row, names))
    for one, other, same, of in identical(results):
        lines += ["", f"{one} and {other}: the same turns in {same} of {of} measurements"]
    return "\n".join(lines)


def _head(names: Sequence[str]) -> str:
    measured = "".join(f"{n:>9s}" for n in ("runs", "wall", "RTF", "CPU/s", "RSS", "anon", "ratio"))
    return f"{'':36s}{measured}{'':2s}{'to':16s}" + "".join(f"{n:>7s}" for n in names)


def _text(row: Row, names: Sequence[str]) -> str:
    if row.error:
        return f"{row.peer[:35]:36s}{row.error}"
    cells = "".join(
        f"{number(v, d):>9s}"
        for v, d in (
            (row.runs, 0),
            (row.wall, 1),
            (row.rtf, 3),
            (row.cpu, 3),
            (row.rss, 0),
            (row.anon, 0),
            (row.ratio, 2),
        )
    )
    found = row.rates or {}
    scores = "".join(f"{number(found.get(n), 1):>7s}" for n in names)
    return f"{row.peer[:35]:36s}{cells}{'':2s}{row.against or '-':16s}{scores}"


def number(value: float | None, digits: int) -> str:
    """A number for a table; "-" for none."""
    return "-" if value is None else f"{value:.{digits}f}"


def _wall(run: Iterable[Measurement]) -> float:
    return sum(m.wall for m in run)
