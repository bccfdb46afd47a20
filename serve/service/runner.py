"""Works jobs off: claims one, runs the engine, puts what it found into the meeting's log.

A job is a row with a lease. Whoever holds it says so every second; when that stops, another runner
takes it over and the engine goes on from its checkpoints. Only whole passes reach the log, so a job
done twice leaves what a job done once leaves.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pipeline.blobs import Blobs
from pipeline.checkpoints import Checkpoints
from pipeline.config import Profile
from pipeline.errors import JobLost, ParleyError, StoreConflict
from pipeline.events import VOLATILE, MeetingEvent, jsonable, replay
from pipeline.meeting import MeetingEngine, Request
from pipeline.store import Store
from pipeline.store.records import JobRecord, MeetingFields, MeetingRecord, MeetingStatus
from pipeline.types import SpeakerId, Transcript
from serve.cli.failures import cause
from serve.service.bell import JOBS, Bell
from serve.service.gate import Gate
from serve.service.known import KnownVoices, named
from serve.service.measures import Measures, Pace
from serve.service.models import ModelSource
from serve.service.passes import entries, found_in
from serve.service.places import sound_key
from serve.service.refused import Refused
from serve.service.settings import JobSettings
from serve.service.varied import VariedStages
from serve.service.views import Views
from serve.service.wire import Wire
from serve.service.wishes import Wishes

_LOG = logging.getLogger("parley.jobs")

_RETRIED = frozenset(
    {"models.unavailable", "models.busy", "store.unavailable", "model.unreachable"}
)
"""Codes of troubles that may pass; any other error of ours would come again."""


_QUEUED = 1
"""Priority at the gate, after those that wait on an open connection."""


class Canceled(Exception):
    """The job is not wanted any more, or somebody else has it."""


@dataclass(slots=True)
class _Work:
    """A job in hand. stage, done: how far it is, as last reported."""

    job: JobRecord
    meeting: MeetingRecord
    wishes: Wishes
    pace: Pace
    stage: str = ""
    done: float = 0.0
    stopped: threading.Event = field(default_factory=threading.Event)


class Runner:
    """Runs jobs of a store over shared models until it is stopped.

    name: unique among all runners of the store. profile: what jobs start from. longest: seconds of
    a recording at most.
    """

    def __init__(
        self,
        store: Store,
        blobs: Blobs,
        checkpoints: Checkpoints,
        source: ModelSource,
        known: KnownVoices,
        gate: Gate,
        profile: Profile,
        settings: JobSettings,
        longest: float,
        views: Views,
        bell: Bell,
        wire: Wire,
        measures: Measures,
    ) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._store = store
        self._blobs = blobs
        self._checkpoints = checkpoints
        self._source = source
        self._known = known
        self._gate = gate
        self._profile = profile
        self._settings = settings
        self._longest = longest
        self._views = views
        self._bell = bell
        self._wire = wire
        self._measures = measures
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Take jobs as they come; cancelled, it gives back what it has in hand."""
        try:
            while True:
                async with self._gate.turn(_QUEUED):
                    pass  # nothing is claimed while there is nobody to do it
                job = await self._claimed() if self._gate.free else None
                if job is None:
                    await self._bell.wait(JOBS, self._settings.poll)
                    continue
                task = asyncio.create_task(self._turn(job), name=job.id)
                self._running.add(task)
                task.add_done_callback(self._ended)
                await asyncio.sleep(0)  # so that it has its turn
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _turn(self, job: JobRecord) -> None:
        begun = False
        try:
            async with self._gate.turn(_QUEUED):
                begun = True
                await self._worked(job)
        finally:
            if not begun:
                await asyncio.shield(self._given_back(job))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._bell.ring(JOBS)

    async def _claimed(self) -> JobRecord | None:
        try:
            return await asyncio.to_thread(self._store.jobs.claim, self.name, self._settings.lease)
        except ParleyError as error:
            _LOG.warning("no job can be taken: %s", error)
            return None

    async def _worked(self, job: JobRecord) -> None:
        """One job, whatever comes of it."""
        store = self._store
        try:
            meeting = await asyncio.to_thread(store.meetings.get, job.meeting)
            wishes = Wishes.model_validate({**meeting.options, **job.options})
            work = _Work(job, meeting, wishes, Pace(self._measures))
            self._measures.waited.observe(max(0.0, time.time() - max(job.created, job.available)))
            await self._status(meeting.id, status="running", error_code=None, error_message=None)
            beating = asyncio.create_task(self._beat(work, asyncio.current_task()))
            try:
                await self._done(work)
            finally:
                work.stopped.set()
                beating.cancel()
            await asyncio.to_thread(store.jobs.finish, job.id, self.name)
            await self._status(meeting.id, status="ready")
            self._measures.jobs.labels(job.kind, "done").inc()
        except asyncio.CancelledError:
            await asyncio.shield(self._given_back(job))
        except Exception as error:
            await self._stopped(job, cause(error))
        finally:
            self._bell.ring(job.meeting)

    async def _stopped(self, job: JobRecord, error: BaseException) -> None:
        if isinstance(error, Canceled):
            await self._given_back(job)
        elif isinstance(error, ParleyError):
            code = error.problem if isinstance(error, Refused) else error.code
            await self._failed(job, code, error.message, code in _RETRIED)
        else:
            _LOG.error("job %s of meeting %s", job.id, job.meeting, exc_info=error)
            message = "Something went wrong; the log of the service says what."
            await self._failed(job, "service.unexpected", message, retry=True)

    async def _given_back(self, job: JobRecord) -> None:
        """Canceled by its owner, or by the end of this process: then another goes on with it."""
        with suppress(ParleyError):
            found = await asyncio.to_thread(self._store.jobs.release, job.id, self.name)
            status: MeetingStatus = "canceled" if found.state == "canceled" else "queued"
            await self._status(job.meeting, status=status)

    async def _failed(self, job: JobRecord, code: str, message: str, retry: bool) -> None:
        with suppress(ParleyError):
            await asyncio.to_thread(self._store.jobs.fail, job.id, self.name, code, message, retry)
            found = await asyncio.to_thread(self._store.jobs.get, job.id)
            if found.state == "failed":
                await self._status(
                    job.meeting, status="failed", error_code=code, error_message=message
                )
            else:
                await self._status(job.meeting, status="queued")

    async def _status(self, meeting: str, **fields: Any) -> None:
        await asyncio.to_thread(partial(self._store.meetings.update, meeting, **fields))
        self._bell.ring(meeting)

    async def _beat(self, work: _Work, task: asyncio.Task[Any] | None) -> None:
        """Say every second that the job is in hand; stop it when it is not wanted any more."""
        while True:
            await asyncio.sleep(self._settings.heartbeat)
            try:
                told = await asyncio.to_thread(
                    self._store.jobs.heartbeat,
                    work.job.id,
                    self.name,
                    self._settings.lease,
                    work.stage or None,
                    work.done,
                )
            except ParleyError:
                continue  # the lease is longer than a hiccup of the database
            if told != "ok":
                work.stopped.set()
                if task is not None:
                    task.cancel()
                return

    async def _done(self, work: _Work) -> None:
        if work.job.kind == "minutes":
            _, view = await asyncio.to_thread(self._views.of, work.meeting.id)
            transcript = view.transcript
        else:
            transcript = await self._heard(work)
        if work.wishes.minutes and self._profile.minutes.enabled:
            await self._minuted(work, transcript)

    async def _heard(self, work: _Work) -> Transcript:
        """The transcript after another pass of the engine over its sound."""
        meeting, profile = work.meeting, work.wishes.profile(self._profile)
        stages = VariedStages(await self._source(meeting.id), profile)
        engine = MeetingEngine(profile, stages, self._checkpoints)
        found: list[MeetingEvent] = []
        with self._blobs.local(sound_key(meeting.id)) as path:
            request = Request(
                path,
                title=meeting.title,
                channels=work.wishes.channels,
                speakers=work.wishes.hint,
                minutes=False,
                recording=meeting.recording,
            )
            await engine.run(request, partial(self._heed, work, found))
        names = await self._known.recognised(
            meeting.owner,
            meeting.id,
            stages.fingerprint("listen"),
            await stages.diarizer(),
            replay(found).transcript,
        )
        transcript = await asyncio.to_thread(self._published, work, found, names)
        work.pace.ended(transcript.duration)
        self._bell.ring(meeting.id)
        return transcript

    def _published(
        self, work: _Work, found: list[MeetingEvent], names: Mapping[SpeakerId, str]
    ) -> Transcript:
        """Put the pass into the log; tried again if a person corrected something meanwhile."""
        meeting = work.meeting
        while True:
            seq, before = self._views.of(meeting.id)
            transcript = named(found_in(before, found), names)
            row: MeetingFields = {
                "duration": transcript.duration,
                "language": transcript.language,
            }
            try:
                self._store.events.append(
                    meeting.id,
                    entries(before, found, transcript),
                    update=row,
                    expect=seq,
                    holder=(work.job.id, self.name),
                )
            except JobLost:
                raise
            except StoreConflict:
                continue
            self._store.search.index(meeting.id, transcript.utterances, transcript.speakers)
            return transcript

    async def _minuted(self, work: _Work, transcript: Transcript) -> None:
        meeting, profile = work.meeting, work.wishes.profile(self._profile)
        stages = VariedStages(await self._source(meeting.id), profile)
        engine = MeetingEngine(profile, stages, self._checkpoints)
        minutes = await engine.summarise(
            meeting.recording or meeting.id, transcript, partial(self._heed, work, [])
        )
        _, view = await asyncio.to_thread(self._views.of, meeting.id)
        if view.minutes != minutes:
            told = [("minutes.final", time.time(), jsonable(minutes))]
            holder = (work.job.id, self.name)
            await asyncio.to_thread(
                partial(self._store.events.append, meeting.id, told, holder=holder)
            )
            self._bell.ring(meeting.id)

    def _heed(self, work: _Work, found: list[MeetingEvent], event: MeetingEvent) -> None:
        """Called by the engine and by models' threads; raising stops what they do."""
        if work.stopped.is_set():
            raise Canceled
        if event.type not in VOLATILE:
            if event.type == "meeting.started":
                self._check(event.payload["duration"])
            found.append(event)
            return
        work.pace.heed(event)
        if event.type == "stage.progress":
            work.stage, work.done = event.payload["stage"], event.payload["done"]
        self._wire.tell(work.meeting.id, event)
        self._bell.ring(work.meeting.id)

    def _check(self, duration: float | None) -> None:
        """Raises Refused if a recording is longer than may be."""
        if duration is not None and duration > self._longest:
            raise Refused(
                "audio.too_long",
                f"expected at most {self._longest / 3600:g} h of sound, got {duration / 3600:.1f}. "
                "Cut the recording, or have `limits.duration` raised.",
            )
