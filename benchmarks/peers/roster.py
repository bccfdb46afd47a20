"""Who is compared: the peers and Parley's own variants, as data.

A line of VARIANTS is a way to run Parley; a line of PEERS is one thing that is started. Everybody
has both cores: peers by as many threads, Parley by its own sharing of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.peers.environments import OURS, ROOT

Gives = Literal["meeting", "words", "turns", "assignment"]


@dataclass(frozen=True, slots=True)
class Peer:
    """Something that is run on recordings and measured.

    gives: attributed words and turns; words alone; turns alone; or another attribution of words and
    turns that are there. arguments: what its environment's Python is called with, {file} and {out}
    standing for the recording and the folder of results, {threads} for how many everybody has, {0},
    {1}… for the outputs of its `inputs`;
    empty where it is no process but the sum of its inputs. against: whom its wall time is divided
    by. slow: long recordings are cut for it. label: what tables call it.
    """

    name: str
    gives: Gives
    environment: str
    arguments: tuple[str, ...]
    against: str | None = None
    slow: bool = False
    inputs: tuple[str, ...] = ()
    label: str = ""

    def command(
        self, python: Path, file: Path, out: Path, inputs: Iterable[Path], threads: int
    ) -> list[str]:
        """What is started on `file`; inputs: stems of what its inputs wrote."""
        stems = list(map(str, inputs))
        filled = (a.format(*stems, file=file, out=out, threads=threads) for a in self.arguments)
        return [str(python), *filled]


@dataclass(frozen=True, slots=True)
class Conditions:
    """What is the same for everybody: the models' folders by kind, the number of threads."""

    models: Mapping[str, Path]
    threads: int = 2


@dataclass(frozen=True, slots=True)
class Variant:
    """A way to run Parley: its settings, and which parts of it are also run alone."""

    name: str
    settings: tuple[str, ...] = ()
    alone: tuple[Literal["words", "turns"], ...] = ()
    label: str = ""


VARIANTS = (
    Variant("parley", alone=("words", "turns"), label="**Parley**"),
    Variant(
        "parley exact",
        ("diarization.mode=exact",),
        alone=("turns",),
        label="**Parley**, exact diarization",
    ),
)

_PRODUCT = (
    "-m serve.cli transcribe {file} --out {out} --fresh --offline --overwrite --no-minutes --quiet "
    "--format seglst --format rttm --format json"
).split()
_SHARE = {"words": "asr.threads={threads}", "turns": "diarization.threads={threads}"}
"""Run alone, a part has the cores that the other would have."""


def _runner(module: str, *options: str) -> tuple[str, ...]:
    return ("-m", f"benchmarks.peers.{module}", "{file}", "{out}", *options)


def _ours(variant: Variant) -> Iterable[Peer]:
    against = None if variant is VARIANTS[0] else VARIANTS[0].name
    sets = [part for s in variant.settings for part in ("--set", s)]
    yield Peer(variant.name, "meeting", OURS, (*_PRODUCT, *sets), against, label=variant.label)
    for part in variant.alone:
        yield Peer(
            f"{variant.name} {part}",
            part,
            OURS,
            _runner(f"parley_{part}", _SHARE[part], *variant.settings),
            f"{against} {part}" if against else None,
            label=f"{variant.label}, {part} alone",
        )


PEERS: tuple[Peer, ...] = (
    *(peer for variant in VARIANTS for peer in _ours(variant)),
    Peer(
        "faster-whisper sequential",
        "words",
        "faster-whisper",
        _runner("faster_whisper_words", "sequential"),
        "parley words",
        label="faster-whisper, sequential, beam 5",
    ),
    Peer(
        "faster-whisper batched",
        "words",
        "faster-whisper",
        _runner("faster_whisper_words", "batched"),
        "parley words",
        label="faster-whisper, batched by 8, beam 5",
    ),
    Peer("senko", "turns", "senko", _runner("senko_turns"), "parley turns", label="senko"),
    Peer(
        "pyannote",
        "turns",
        "pyannote",
        _runner("pyannote_turns"),
        "parley turns",
        slow=True,
        label="pyannote.audio, stock pipeline",
    ),
    Peer(
        "by hand",
        "meeting",
        OURS,
        (),
        "parley",
        slow=True,
        inputs=("faster-whisper sequential", "pyannote"),
        label="by hand: faster-whisper + pyannote.audio, sum of the two",
    ),
    Peer(
        "whisperx",
        "meeting",
        "whisperx",
        _runner("whisperx_meeting"),
        "parley",
        slow=True,
        label="WhisperX's code with Whisper's word times",
    ),
    Peer(
        "whisperx assignment",
        "assignment",
        "whisperx",
        _runner("whisperx_assignment", "{0}", "{0}"),
        "parley",
        inputs=("parley",),
        label="WhisperX's assignment, Parley's words and final turns",
    ),
    Peer(
        "whisperx assignment as heard",
        "assignment",
        "whisperx",
        _runner("whisperx_assignment", "{0}", "{1}"),
        "parley",
        inputs=("parley", "parley turns"),
        label="WhisperX's assignment, Parley's words and the diarizer's turns",
    ),
)


def chosen(names: Iterable[str], among: Iterable[Peer] = PEERS) -> list[Peer]:
    """The peers named, or all, and what they take in; raises SystemExit for an unknown name."""
    known = {p.name: p for p in among}
    asked = list(names) or list(known)
    if unknown := sorted(set(asked) - set(known)):
        raise SystemExit(f"no peer {', '.join(unknown)}; expected some of {', '.join(known)}.")
    wanted = set(asked).union(*(known[name].inputs for name in asked))
    return [p for p in known.values() if p.name in wanted]


def environment(
    peer: Peer, conditions: Conditions, base: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Environment variables of a peer's process: threads, models, no network, no telemetry.

    Thread counts and settings that this process was started with are not handed on.
    """
    base = os.environ if base is None else base
    counts = {f"{library}_NUM_THREADS" for library in ("OMP", "MKL", "OPENBLAS", "NUMBA")}
    own = {k: v for k, v in base.items() if k not in counts and not k.startswith("PARLEY__")}
    given = {f"MODEL_{kind}": str(path) for kind, path in conditions.models.items()}
    if peer.environment == OURS:
        given["OPENBLAS_NUM_THREADS"] = "1"  # as the command sets it before numpy is imported
    else:
        given |= dict.fromkeys(counts, str(conditions.threads))
    return (
        own
        | given
        | {
            "THREADS": str(conditions.threads),
            "PYTHONPATH": str(ROOT),
            "HF_HUB_OFFLINE": "1",
            "PYANNOTE_METRICS_ENABLED": "0",
            "TOKENIZERS_PARALLELISM": "false",
        }
    )
