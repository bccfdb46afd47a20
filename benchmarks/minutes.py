"""Times the minutes of finished transcripts: seconds by part, prompts, tokens, peak memory.

    python -m benchmarks.minutes FILE... [--hours 1] [--profile cpu] [--set k=v] [--show] [--json F]

A file is a transcript that Parley wrote (.json), reference words (.seglst.json), or a meeting
written down as lines "Name: what was said" (.txt). --hours joins the files one after another, and
over again, to one meeting of that length. --set takes minutes settings (threads=1). --show prints
the minutes. Each transcript is a process of its own in which nothing but the minutes is made; the
last columns are CPU seconds by part, the file of --json has wall seconds too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from benchmarks.watching import Watch, reaped
from pipeline.config import MinutesSettings, load_profile
from pipeline.exports.document import read_json, to_json
from pipeline.exports.reading import ExportContext
from pipeline.minutes import Minutes, Statement
from pipeline.ports import Completion, LanguageModel, Prompt, TextEmbedder
from pipeline.types import (
    Coverage,
    Span,
    Speaker,
    SpeakerId,
    Transcript,
    Utterance,
    UtteranceId,
    Word,
    clock,
)
from stages.embedding import SentenceEmbedder
from stages.fakes import scripted_transcript
from stages.models import Registry
from stages.summarization import MinutesStage, build_language_model, lent
from stages.summarization.prompts import ENTITLE
from stages.threads import share

HEADINGS = {i.system for i in ENTITLE.values()}
PARTS = ("embedder", "embed", "outline", "model", "judge", "retell", "entitle")
"""Loading the embedder, its vectors, the outline; loading the language model, its three tasks."""


@dataclass
class Meter:
    """Seconds and processor seconds by part, and what the language model read and wrote."""

    wall: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    prompts: int = 0
    read: int = 0
    written: int = 0
    sentences: int = 0

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Adds the time inside to the part `name`."""
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.wall[name] = self.wall.get(name, 0.0) + time.perf_counter() - wall
            self.cpu[name] = self.cpu.get(name, 0.0) + time.process_time() - cpu


class MeteredEmbedder:
    """A TextEmbedder whose work is metered."""

    def __init__(self, embedder: TextEmbedder, meter: Meter) -> None:
        self.languages = embedder.languages
        self._embedder = embedder
        self._meter = meter

        self.close = getattr(embedder, "close", lambda: None)

    async def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """See TextEmbedder.embed."""
        with self._meter.part("embed"):
            return await self._embedder.embed(texts)


class MeteredModel:
    """A LanguageModel whose work is metered."""

    def __init__(self, model: LanguageModel, meter: Meter) -> None:
        self.name, self.languages, self.context = model.name, model.languages, model.context
        self.count = model.count
        self.close = getattr(model, "close", lambda: None)
        self._model = model
        self._meter = meter
        self._nothing = model.count(Prompt("", ""))

    async def complete(
        self, prompts: Sequence[Prompt], *, max_tokens: int, stop: Sequence[str] = ()
    ) -> list[Completion]:
        """See LanguageModel.complete."""
        part = "entitle" if prompts and prompts[0].system in HEADINGS else "retell"
        with self._meter.part(part):
            answers = await self._model.complete(prompts, max_tokens=max_tokens, stop=stop)
        self._tally(prompts)
        self._meter.sentences += len(prompts) if part == "retell" else 0
        self._meter.written += sum(self.count(Prompt("", a.text)) - self._nothing for a in answers)
        return answers

    async def choose(self, prompts: Sequence[Prompt], options: Sequence[str]) -> list[list[float]]:
        """See LanguageModel.choose."""
        with self._meter.part("judge"):
            found = await self._model.choose(prompts, options)
        self._tally(prompts)
        self._meter.written += len(prompts)
        return found

    def _tally(self, prompts: Sequence[Prompt]) -> None:
        """Counts what had to be read: an opening that prompts share once a call."""
        openings = {(p.system, p.examples) for p in prompts}
        shared = {o: self.count(Prompt(o[0], "", o[1])) for o in openings}
        own = sum(self.count(p) - shared[p.system, p.examples] for p in prompts)
        self._meter.prompts += len(prompts)
        self._meter.read += own + sum(shared.values())


def transcript_of(file: Path) -> Transcript:
    """The transcript in `file`, whichever of the three forms it has."""
    if file.name.endswith(".seglst.json"):
        return _of_reference(json.loads(file.read_text(encoding="utf-8")))
    if file.suffix == ".txt":
        language = "zh" if file.stem.endswith("_zh") else "en"
        return scripted_transcript(file.read_text(encoding="utf-8"), language, named=False)
    return read_json(file.read_bytes())[0]


def _of_reference(segments: Sequence[dict[str, Any]]) -> Transcript:
    """SegLST as utterances, the words of each spread over its time."""
    utterances = []
    for i, segment in enumerate(segments):
        texts = segment["words"].split()
        times = np.linspace(segment["start_time"], segment["end_time"], len(texts) + 1)
        words = tuple(
            Word(text, Span(a, b), 1.0)
            for text, a, b in zip(texts, times[:-1], times[1:], strict=True)
        )
        if words:
            speaker = SpeakerId(segment["speaker"])
            utterances.append(Utterance(UtteranceId(f"u{i}"), speaker, words, "en"))
    return _whole(utterances)


def joined(transcripts: Sequence[Transcript], seconds: float) -> Transcript:
    """The transcripts one after another, again and again, until `seconds` are full."""
    utterances: list[Utterance] = []
    begin = 0.0
    for turn, transcript in enumerate(cycle(transcripts)):
        for u in transcript.utterances:
            words = tuple(replace(w, span=w.span.shifted(begin)) for w in u.words)
            utterances.append(replace(u, id=UtteranceId(f"{turn}-{u.id}"), words=words))
            if words[-1].span.end >= seconds:
                return _whole(utterances)
        begin = utterances[-1].words[-1].span.end + 1.0
    raise ValueError("expected transcripts, got none")


def _whole(utterances: Sequence[Utterance]) -> Transcript:
    talk: dict[SpeakerId, float] = {}
    for u in utterances:
        talk[u.speaker] = talk.get(u.speaker, 0.0) + u.span.duration
    speakers = (Speaker(s, f"Speaker {i}", round(t, 3)) for i, (s, t) in enumerate(talk.items(), 1))
    total = sum(talk.values())
    return Transcript(
        utterances=tuple(utterances),
        speakers=tuple(speakers),
        language=utterances[0].language if utterances else None,
        duration=max((u.span.end for u in utterances), default=0.0),
        coverage=Coverage(total, total),
    )


def measure(transcript: Transcript, name: str, settings: MinutesSettings) -> dict[str, Any]:
    """Minutes of `transcript` in a fresh process, and what they took."""
    with tempfile.TemporaryDirectory() as scratch:
        given, made = Path(scratch) / "transcript.json", Path(scratch) / "made.json"
        given.write_bytes(to_json(transcript, None, ExportContext(name, name)))
        command = [sys.executable, "-m", "benchmarks.minutes", str(given), "--child", str(made)]
        command += ["--settings", settings.model_dump_json()]
        begun = time.perf_counter()
        process = subprocess.Popen(command)
        watch = Watch(process.pid)
        watch.start()
        code, cpu = reaped(process)
        watch.stop()
        if code:
            raise SystemExit(f"{name}: making minutes ended with {code}")
        row = json.loads(made.read_text(encoding="utf-8"))
    return {
        "transcript": name,
        "sound": round(transcript.duration, 1),
        "words": len(transcript.words),
        "wall": round(time.perf_counter() - begun, 2),
        "cpu": round(cpu, 2),
        "rss_mb": round(watch.resident / 1e6),
        "anon_mb": round(watch.anonymous / 1e6),
        **row,
    }


def make(file: Path, settings: MinutesSettings, out: Path) -> None:
    """The child's work: minutes of one transcript, metered."""
    transcript, meter = transcript_of(file), Meter()
    minutes = asyncio.run(_minutes(transcript, settings, meter))
    row = {
        "seconds": {name: round(meter.wall.get(name, 0.0), 2) for name in PARTS},
        "cpu_seconds": {name: round(meter.cpu.get(name, 0.0), 2) for name in PARTS},
        "prompts": meter.prompts,
        "read": meter.read,
        "written": meter.written,
        "sentences": meter.sentences,
        "minutes": to_json(transcript, minutes, ExportContext("", "")).decode(),
    }
    out.write_text(json.dumps(row), encoding="utf-8")


async def _minutes(transcript: Transcript, settings: MinutesSettings, meter: Meter) -> Minutes:
    registry, threads = Registry.load(offline=True), share(settings.threads, 1)

    async def embedder() -> TextEmbedder | None:
        with meter.part("embedder"):
            path = registry.ensure(str(settings.embedder))
            return MeteredEmbedder(SentenceEmbedder(path, threads), meter)

    async def language_model() -> LanguageModel | None:
        with meter.part("model"):
            path = registry.ensure(str(settings.language_model))
            return MeteredModel(build_language_model(settings, path, threads), meter)

    begun, cpu = time.perf_counter(), time.process_time()
    stage = MinutesStage(
        settings,
        lent(embedder) if settings.embedder else None,
        lent(language_model) if settings.language_model else None,
    )
    minutes = await stage.summarise(transcript, lambda part: None)
    within = [part for part in PARTS if part != "outline"]
    meter.wall["outline"] = time.perf_counter() - begun - sum(meter.wall.get(p, 0) for p in within)
    meter.cpu["outline"] = time.process_time() - cpu - sum(meter.cpu.get(p, 0) for p in within)
    return minutes


def main() -> None:
    """Read the arguments, run, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--hours", type=float, help="join the files to one meeting as long")
    parser.add_argument("--profile", default="cpu")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--show", action="store_true", help="print the minutes too")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--settings", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        settings = MinutesSettings.model_validate_json(arguments.settings)
        make(arguments.files[0], settings, arguments.child)
        return
    chosen = {k: yaml.safe_load(v) for k, _, v in (o.partition("=") for o in arguments.set)}
    settings = load_profile(arguments.profile, {"minutes": chosen}).minutes
    transcripts = [(f.name.split(".")[0], transcript_of(f)) for f in arguments.files]
    if arguments.hours:
        whole = joined([t for _, t in transcripts], arguments.hours * 3600)
        transcripts = [(f"{arguments.hours:g} h joined", whole)]
    print(
        f"{'transcript':20s}{'sound':>8s}{'words':>7s}{'wall':>7s}{'CPU':>7s}{'RSS':>7s}{'anon':>7s}"
        f"{'prompts':>9s}{'read':>8s}{'written':>8s}{'retold':>8s}"
        + "".join(f"{part:>9s}" for part in PARTS)
    )
    rows = []
    for name, transcript in transcripts:
        rows.append(measure(transcript, name, settings))
        _print(rows[-1], arguments.show)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _print(row: dict[str, Any], show: bool) -> None:
    _, minutes = read_json(row["minutes"].encode())
    if minutes is None:
        return
    statements = {s for c in minutes.chapters for s in c.summary} | {*minutes.decisions}
    kept = sum(not s.extractive for s in statements | {*minutes.overview})
    print(
        f"{row['transcript'][:20]:20s}{row['sound']:8.0f}{row['words']:7d}{row['wall']:7.1f}"
        f"{row['cpu']:7.1f}{row['rss_mb']:7d}{row['anon_mb']:7d}{row['prompts']:9d}{row['read']:8d}"
        f"{row['written']:8d}{kept:4d}/{row['sentences']:<3d}"
        + "".join(f"{row['cpu_seconds'][part]:9.1f}" for part in PARTS),
        flush=True,
    )
    for note in minutes.notes:
        print(f"  {note}")
    if show:
        print("\n".join(_lines(minutes)), flush=True)


def _lines(minutes: Minutes) -> Iterator[str]:
    """The minutes to be read; what the language model wrote is marked with a *."""

    def marked(statements: Sequence[Statement]) -> Iterator[str]:
        return (f"    {' ' if s.extractive else '*'} {s.text}" for s in statements)

    yield f"  {minutes.title}"
    yield from marked(minutes.overview)
    for chapter in minutes.chapters:
        yield f"  {clock(chapter.span.start)} {chapter.title}"
        yield from marked(chapter.summary)
    yield "  Decisions"
    yield from marked(minutes.decisions)
    yield "  Action items"
    for a in minutes.action_items:
        yield f"      {a.owner or a.owner_name or '?'}: {a.task} ({a.due or '-'})"


if __name__ == "__main__":
    main()
