"""Recordings one after another through one engine: the models are loaded once for all of them."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.audio import content_hash
from pipeline.audio.containers import check_readable
from pipeline.checkpoints import Checkpoints, key_of
from pipeline.config import Profile
from pipeline.errors import ModelError
from pipeline.exports import write_exports
from pipeline.meeting import Meeting, MeetingEngine, Request, Stages
from pipeline.ports import SpeakerHint
from serve.cli.failures import cause, failure, tell, trace
from serve.cli.outputs import Item, Ledger, plan, refuse_existing
from serve.cli.places import checkpoints, limit
from serve.cli.reporting import Outcome, Reporter
from serve.cli.version import version
from stages.models import PullEvent, Registry

Show = Callable[[Outcome], None]
"""Prints the result of a recording that did not fail."""

PARTIAL = 4
"""Exit code where a recording was readable only in part."""

SEVERAL = 1
"""Exit code where some recordings of several failed, or all did for different reasons."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made of which recordings.

    stem: names the results of a single recording otherwise than its file does. fresh: take nothing
    from earlier runs. cached: keep decoded sound and finished stages for later runs.
    """

    paths: tuple[Path, ...]
    directory: Path
    formats: tuple[str, ...]
    title: str = ""
    stem: str | None = None
    channels: Literal["mix", "separate"] = "mix"
    speakers: SpeakerHint = SpeakerHint()
    minutes: bool = True
    overwrite: bool = False
    skip_existing: bool = False
    fresh: bool = False
    cached: bool = True
    offline: bool = False

    def request(self, path: Path, recording: str) -> Request:
        """What the engine is asked for; recording: the file's content hash."""
        return Request(path, self.title, self.channels, self.speakers, self.minutes, recording)

    def key(self, profile: Profile) -> str:
        """What the results of a recording depend on besides the recording."""
        wanted = self.title, self.stem, self.channels, self.speakers, self.minutes
        return key_of("results", version(), profile.digest(), wanted)


def local_stages(profile: Profile, offline: bool, progress: Callable[[PullEvent], None]) -> Stages:
    """The models of `profile` in this process."""
    from stages.local import LocalStages

    return LocalStages(profile, Registry.load(offline=offline), progress)


def run_order(order: Order, profile: Profile, reporter: Reporter, show: Show) -> list[Outcome]:
    """Runs every recording; a bad one never stops the rest.

    Raises OutputExists or UsageError before any work where results cannot go where they should,
    KeyboardInterrupt when the user stops it.
    """
    items = plan(order.paths, order.directory, order.formats, order.stem)
    most = limit()
    with tempfile.TemporaryDirectory(prefix="parley-", ignore_cleanup_errors=True) as scratch:
        kept = checkpoints() if order.cached else Checkpoints(Path(scratch))
        batch = _Batch(order, profile, kept, reporter, show)
        batch.check(items)
        outcomes = batch.run(items)
    if order.cached:
        kept.prune(most)
    return outcomes


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """The exit code of a whole run.

    The one that all failures share where nothing succeeded, else 1 if anything failed; 4 if nothing
    failed but a recording was readable only in part.
    """
    failed = {o.exit_code for o in outcomes if o.status == "failed"}
    if failed:
        alone = len(failed) == 1 and all(o.status == "failed" for o in outcomes)
        return failed.pop() if alone else SEVERAL
    return PARTIAL if any(o.status == "partial" for o in outcomes) else 0


class _Batch:
    """One run over several recordings."""

    def __init__(
        self,
        order: Order,
        profile: Profile,
        kept: Checkpoints,
        reporter: Reporter,
        show: Show,
    ) -> None:
        self._order = order
        self._key = order.key(profile)
        self._kept = kept
        self._ledger = Ledger(kept)
        self._reporter = reporter
        self._show = show
        stages = local_stages(profile, order.offline, reporter.pulling)
        self._engine = MeetingEngine(profile, stages, kept)

    def check(self, items: Sequence[Item]) -> None:
        """Raises OutputExists if a result would take the place of a file that is there."""
        order = self._order
        if order.overwrite:
            return
        todo = [item for item in items if not self._skipped(item)]
        known = self._ledger if order.cached and not order.fresh else None
        refuse_existing(todo, known, self._key)

    def run(self, items: Sequence[Item]) -> list[Outcome]:
        """An outcome for each recording."""
        outcomes: list[Outcome] = []
        runner = asyncio.Runner()
        try:
            for place, item in enumerate(items, 1):
                self._reporter.begin(item.path, place, len(items))
                outcomes.append(self._outcome(runner, item))
                if outcomes[-1].exit_code == ModelError.exit_code:
                    outcomes += self._untried(items[place:], outcomes[-1])
                    break
        finally:
            self._reporter.close()
            # Work that goes on in threads after an error is not waited for.
            runner.get_loop().set_default_executor(ThreadPoolExecutor(1))
            runner.close()
        return outcomes

    def _outcome(self, runner: asyncio.Runner, item: Item) -> Outcome:
        begun = time.monotonic()
        if self._skipped(item):
            outcome = Outcome(item.path, "skipped", written=tuple(item.targets.values()))
            self._reporter.end(outcome)
            return outcome
        try:
            meeting, written = self._transcribed(runner, item)
        except Exception as error:
            if isinstance(reason := cause(error), BrokenPipeError):
                raise reason from None
            trace(error)
            told = failure(error)
            outcome = Outcome(item.path, "failed", told.exit_code, failure=told)
            self._reporter.end(outcome)
            return outcome
        partly = meeting.transcript.partial is not None
        outcome = Outcome(
            item.path,
            "partial" if partly else "done",
            PARTIAL if partly else 0,
            self._order.title or (meeting.minutes.title if meeting.minutes else "") or item.stem,
            meeting,
            written,
            seconds=time.monotonic() - begun,
        )
        self._reporter.end(outcome)
        self._show(outcome)
        return outcome

    def _transcribed(self, runner: asyncio.Runner, item: Item) -> tuple[Meeting, tuple[Path, ...]]:
        order = self._order
        check_readable(item.path)
        recording = content_hash(item.path)
        if order.fresh:
            self._kept.purge(recording)
        self._ledger.begin(recording, item.path)
        request = order.request(item.path, recording)
        meeting = runner.run(self._engine.run(request, self._reporter.event))
        self._ledger.wrote(recording, item.targets.values(), self._key)
        written = write_exports(
            order.directory,
            item.stem,
            item.targets,
            meeting.transcript,
            meeting.minutes,
            overwrite=order.overwrite,
            title=order.title or None,
        )
        return meeting, tuple(written)

    def _skipped(self, item: Item) -> bool:
        """Whether all results of the recording are there and that is enough."""
        return self._order.skip_existing and len(item.existing) == len(item.targets)

    def _untried(self, items: Sequence[Item], first: Outcome) -> list[Outcome]:
        """Failures for those that need the same model and would fail alike."""
        if items:
            tell(f"{len(items)} more not tried: each needs the same models.")
        return [Outcome(i.path, "failed", first.exit_code, failure=first.failure) for i in items]
