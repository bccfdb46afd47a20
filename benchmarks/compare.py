"""Compares Parley with what one would use instead: same files, weights and machine, in turns.

    python -m benchmarks.compare DATA_DIR [--ids a,b] [--peers a,b] [--runs 3] [--out FILE]
        [--cut SECONDS] [--threads 2] [--work DIR] [--table]

Every measurement is a process of its own, so loading the models counts. In each run each recording
is given to each peer in turn, so that a slow hour of the machine meets all of them. Each peer is
started once beforehand, uncounted. What is measured is kept at once; the same command goes on where
it was stopped. With --cut, long recordings are cut to their first seconds for the slow peers.
--table only prints what FILE holds.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.cuts import cut
from benchmarks.measurements import Measurement, Results, code, counted, machine, revision
from benchmarks.peers.environments import FOLDER, ROOT, python, versions
from benchmarks.peers.roster import Conditions, Peer, chosen, environment
from benchmarks.peers.running import Heard, by_overlap, nameless, read_turns, read_words, write
from benchmarks.recordings import Reference, references
from benchmarks.scores import Score, score
from benchmarks.tables import printed
from benchmarks.watching import Ran, watched

RESULTS = ROOT / "benchmarks" / "results" / "peers.json"
SLACK = 60.0
"""Seconds a recording must be longer than the cut to be worth cutting."""
PATIENCE = 40
"""Seconds of work for a second of sound after which a peer is stopped; half an hour at least."""

WRITES = {
    "meeting": (".seglst.json", ".rttm"),
    "words": (".seglst.json",),
    "turns": (".rttm",),
    "assignment": (".seglst.json",),
}


@dataclass(frozen=True, slots=True)
class Case:
    """A recording that is to be run, or the first `cut` seconds of it."""

    reference: Reference
    cut: float | None = None

    @property
    def stem(self) -> str:
        """Name of what is written about it."""
        return self.reference.path.stem


@dataclass(frozen=True, slots=True)
class Job:
    """One measurement to make."""

    run: int
    case: Case
    peer: Peer


def main() -> None:
    """Read the arguments, measure what is missing, print the tables."""
    arguments = _arguments()
    if not arguments.table:
        peers = chosen(filter(None, arguments.peers.split(",")))
        cases = cases_of(arguments.data, arguments.ids, arguments.cut, arguments.work / "cuts")
        results = Results.begin(arguments.out, _head(peers, arguments))
        work = arguments.work / arguments.out.stem
        for peer in peers:
            python(peer.environment)
        bench = Bench(results, work, Conditions(models(), arguments.threads))
        for made in worked_off(plan(cases, peers, arguments.runs), bench):
            print(_line(made), flush=True)
    print(printed(Results.read(arguments.out)))


def plan(cases: Sequence[Case], peers: Sequence[Peer], runs: int) -> Iterator[Job]:
    """What is measured, in order: all peers on a recording, all recordings in a run, all runs."""
    cut_ones = {c.reference.id for c in cases if c.cut is not None}
    slow = {p.name for p in peers if p.slow}
    beside = slow.union(*({p.against, *p.inputs} for p in peers if p.slow))
    for run in range(1, runs + 1):
        for case in cases:
            for peer in peers:
                if case.cut is not None:
                    wanted = peer.name in beside
                else:
                    wanted = peer.name not in slow or case.reference.id not in cut_ones
                if wanted:
                    yield Job(run, case, peer)


def worked_off(jobs: Iterable[Job], bench: Bench) -> Iterator[Measurement]:
    """What is missing, measured; each peer is started once before, which does not count.

    A first start in a new environment compiles code and reads its libraries from disk.
    """
    missing = [job for job in jobs if not bench.has(job)]
    started: set[str] = set()
    for job in missing:
        if job.peer.name not in started:
            started.add(job.peer.name)
            cases = [j.case for j in missing if j.peer.name == job.peer.name]
            shortest = min(cases, key=lambda c: c.reference.duration or 0.0)
            bench.warm(replace(job, case=shortest))
        yield bench.measure(job)


def cases_of(data: Path, ids: str, seconds: float | None, folder: Path) -> list[Case]:
    """The meetings of `data`, or the recordings named; the long ones also cut to `seconds`."""
    named = list(filter(None, ids.split(",")))
    found = [r for r in references(data, named) if named or r.kind == "meeting"]
    cases = [Case(replace(r, duration=r.duration or _duration(r.path))) for r in found]
    if seconds is not None:
        long = [c for c in cases if (c.reference.duration or 0) > seconds + SLACK]
        cases += [Case(cut(c.reference, seconds, folder), seconds) for c in long]
    return cases


def models() -> dict[str, Path]:
    """The folders of the models that everybody uses, pulled if need be."""
    from pipeline.config import load_profile
    from stages.models import Registry

    profile, registry = load_profile("cpu"), Registry.load()
    names = {
        "WHISPER": profile.asr.model,
        "SEGMENTATION": profile.diarization.segmentation,
        "EMBEDDING": profile.diarization.embedding,
    }
    return {kind: registry.ensure(name) for kind, name in names.items()}


class Bench:
    """Makes measurements and keeps them in `results`; what peers write lies under `work`."""

    def __init__(self, results: Results, work: Path, conditions: Conditions) -> None:
        self._results = results
        self._work = work
        self._conditions = conditions

    def has(self, job: Job) -> bool:
        """Whether this was measured; what failed is tried again."""
        found = self._find(job.peer.name, job)
        return found is not None and found.exit == 0

    def measure(self, job: Job) -> Measurement:
        """One measurement, kept before it is given back; a failure is a measurement too."""
        out = self._out(job, job.peer.name)
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        made = self._joined(job, out) if not job.peer.arguments else self._started(job, out)
        if made.exit == 0:
            made = self._scored(job, out, made)
        self._results.add(made)
        return made

    def warm(self, job: Job) -> None:
        """Start a peer without counting it; one that builds on others needs none of this."""
        if job.peer.arguments and not job.peer.inputs:
            out = self._work / "warm" / job.peer.name.replace(" ", "-")
            out.mkdir(parents=True, exist_ok=True)
            self._started(job, out)

    def _started(self, job: Job, out: Path) -> Measurement:
        if error := self._lacking(job):
            return _measurement(job, Ran(1, 0.0, 0.0, 0, 0, ""), error)
        stems = [self._out(job, name) / job.case.stem for name in job.peer.inputs]
        interpreter = python(job.peer.environment)
        given, file = self._conditions, job.case.reference.path
        command = job.peer.command(interpreter, file, out, stems, given.threads)
        limit = max(1800.0, PATIENCE * (job.case.reference.duration or 0.0))
        ran = watched(command, environment(job.peer, given), out / "log.txt", limit)
        return _measurement(job, ran, _last_line(out / "log.txt") if ran.exit else "")

    def _joined(self, job: Job, out: Path) -> Measurement:
        """Words of one input given to the turns of the other; time is the sum of theirs."""
        if error := self._lacking(job):
            return _measurement(job, Ran(1, 0.0, 0.0, 0, 0, ""), error)
        words_of, turns_of = (self._out(job, n) / job.case.stem for n in job.peer.inputs)
        turns = read_turns(turns_of)
        write(out / job.case.stem, Heard(by_overlap(read_words(words_of), turns), turns))
        parts = [m for n in job.peer.inputs if (m := self._find(n, job))]
        return replace(
            _measurement(job, Ran(0, 0.0, 0.0, 0, 0, "")),
            wall=round(sum(m.wall for m in parts), 3),
            cpu=round(sum(m.cpu for m in parts), 3),
            rss_mb=max(m.rss_mb for m in parts),
            anon_mb=max(m.anon_mb for m in parts),
        )

    def _scored(self, job: Job, out: Path, made: Measurement) -> Measurement:
        reference, stem = job.case.reference, out / job.case.stem
        files = [stem.with_name(stem.name + ending) for ending in WRITES[job.peer.gives]]
        if missing := [f.name for f in files if not f.is_file()]:
            return replace(made, exit=1, error=f"wrote no {', '.join(missing)}")
        _keep_words(stem)
        digest = _digest(job.peer, stem, files, made.sound)
        for run in range(1, job.run):  # scoring an hour is slow, and most peers repeat themselves
            before = self._find(job.peer.name, replace(job, run=run))
            if before and before.digest == digest:
                return replace(made, counts=before.counts, digest=digest)
        counts = counted(scored(job.peer, reference, stem))
        return replace(made, counts=counts, digest=digest)

    def _lacking(self, job: Job) -> str:
        """What stands in the way, "" if nothing does."""
        found = {name: self._find(name, job) for name in job.peer.inputs}
        failed = [
            name
            for name, m in found.items()
            if m is None or m.exit or not self._out(job, name).is_dir()
        ]
        return f"needs what {' and '.join(failed)} did not give" if failed else ""

    def _find(self, peer: str, job: Job) -> Measurement | None:
        return self._results.of(peer, job.case.reference.id, job.case.cut, job.run)

    def _out(self, job: Job, peer: str) -> Path:
        name = peer.replace(" ", "-")
        return self._work / f"run-{job.run}" / job.case.stem / name


def scored(peer: Peer, reference: Reference, stem: Path) -> Score:
    """The score of what a peer wrote, for what it gives."""
    words, turns = (stem.with_name(stem.name + e) for e in (".seglst.json", ".rttm"))
    if peer.gives in ("words", "assignment"):
        reference = replace(reference, turns=None)
    if peer.gives == "turns":
        reference = replace(reference, words=None)
    return score(reference, words, turns, {"speech": 0.0, "transcribed": 0.0})


def _digest(peer: Peer, stem: Path, files: Sequence[Path], length: float) -> str:
    """SHA-256 of what a peer wrote; of turns without the names of their speakers."""
    if peer.gives == "turns":
        content = repr(nameless(read_turns(stem), length)).encode()
    else:
        content = b"".join(f.read_bytes() for f in files)
    return hashlib.sha256(content).hexdigest()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--ids", default="", help="only these; by default all meetings")
    parser.add_argument("--peers", default="", help="only these, comma-separated")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--cut", type=float, metavar="SECONDS")
    parser.add_argument("--threads", type=int, default=2, help="of everybody")
    parser.add_argument("--work", type=Path, default=FOLDER / "work")
    parser.add_argument("--table", action="store_true", help="measure nothing, print the tables")
    return parser.parse_args()


def _head(peers: Sequence[Peer], arguments: argparse.Namespace) -> dict[str, Any]:
    environments = sorted({p.environment for p in peers})
    return {
        "machine": machine(),
        "environments": {name: versions(name) for name in environments},
        "revision": revision(),
        "code": code(),
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "arguments": {
            "ids": arguments.ids,
            "peers": arguments.peers,
            "runs": arguments.runs,
            "cut": arguments.cut,
            "threads": arguments.threads,
        },
        "peers": {
            p.name: {"gives": p.gives, "against": p.against, "label": p.label or p.name}
            for p in peers
        },
    }


def _measurement(job: Job, ran: Ran, error: str = "") -> Measurement:
    told = _told(ran.output)
    return Measurement(
        peer=job.peer.name,
        recording=job.case.reference.id,
        run=job.run,
        cut=job.case.cut,
        sound=round(job.case.reference.duration or 0.0, 3),
        exit=ran.exit,
        wall=round(ran.wall, 3),
        cpu=round(ran.cpu, 3),
        rss_mb=round(ran.resident / 1e6, 1),
        anon_mb=round(ran.anonymous / 1e6, 1),
        load=told.get("load"),
        work=told.get("run"),
        error=error,
    )


def _told(output: str) -> dict[str, float]:
    """What a runner says in its last line; nothing of what is no runner."""
    try:
        told = json.loads((output.strip().splitlines() or ["{}"])[-1])
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _keep_words(stem: Path) -> None:
    """The words of Parley's own document, in the form that runners hand on."""
    document = stem.with_name(f"{stem.name}.json")
    if document.is_file():
        said = json.loads(document.read_text(encoding="utf-8"))["transcript"]["utterances"]
        words = (w for u in said for w in u["words"])
        rows = sorted((w["span"]["start"], w["span"]["end"], w["text"], None) for w in words)
        stem.with_name(f"{stem.name}.words.json").write_text(json.dumps(rows), encoding="utf-8")


def _duration(path: Path) -> float:
    import av

    with av.open(str(path)) as container:
        return float((container.duration or 0) / av.time_base)


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else ""


def _line(m: Measurement) -> str:
    state = f"failed ({m.exit}): {m.error}" if m.exit else f"{m.wall:8.1f} s  {m.rss_mb:6.0f} MB"
    name = f"{m.recording} first {m.cut:g} s" if m.cut else m.recording
    return f"run {m.run}  {name:32s} {m.peer:36s} {state}"


if __name__ == "__main__":
    main()
