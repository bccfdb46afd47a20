"""The queue: jobs with leases, attempts, back-off and a fair order between owners.

    queued ──claim──► running ──finish──► done
      ▲  ▲               │ ├──fail──► failed
      │  └──release──────┤ └──canceled──► canceled
      └──fail, retry─────┘

A running job whose lease ran out is claimed again, or ended by `expire`.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, func, or_, select, text, update

from pipeline.errors import JobLost, JobMissing, JobNotRetryable
from pipeline.store.columns import new_id
from pipeline.store.database import Database
from pipeline.store.order import Waiting, claimable, first, in_order, lapsed, running
from pipeline.store.records import Heartbeat, JobKind, JobRecord
from pipeline.store.rows import clock, exists, found
from pipeline.store.tables import jobs, meetings, servings

BACK_OFF = 2.0
"""Seconds before a job that failed once is tried again, half of it by chance; doubled each time."""

LONGEST_BACK_OFF = 300.0
"""Seconds, however often it failed."""

POISONED = "job.poisoned"
"""Code of a job whose workers were lost `max_attempts` times."""

_CLAIMS = 0x636C61696D
"""Number of PostgreSQL's advisory lock: "claim" in ASCII."""


class Jobs:
    """The jobs of all meetings. now: Unix seconds, the clock's time by default."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enqueue(
        self,
        meeting: str,
        owner: str,
        kind: JobKind,
        priority: int,
        options: Mapping[str, Any],
        max_attempts: int = 3,
        *,
        now: float | None = None,
    ) -> JobRecord:
        """A new job at the end of its owner's queue. Raises MeetingMissing."""
        moment = clock(now)
        row = {
            "id": new_id(),
            "meeting": meeting,
            "owner": owner,
            "kind": kind,
            "priority": priority,
            "options": dict(options),
            "state": "queued",
            "attempts": 0,
            "max_attempts": max_attempts,
            "done": 0.0,
            "cancel": False,
            "created": moment,
            "available": moment,
            "updated": moment,
        }
        with self._database.write() as connection:
            exists(connection, meeting)
            connection.execute(jobs.insert().values(row))
            return _record(found(connection, jobs, str(row["id"]), None, JobMissing))

    def claim(self, worker: str, lease: float, now: float | None = None) -> JobRecord | None:
        """The job that is next, now `worker`'s for `lease` seconds; None if there is none.

        Lowest priority number first; then the owner with the fewest jobs running, then the one
        served longest ago, then the oldest job. A job whose lease ran out is claimable again. No
        two callers in any process get the same job. Calls `expire` first.
        """
        moment = clock(now)
        with self._database.read() as connection:  # looking costs the others nothing
            if (
                connection.execute(select(jobs.c.id).where(claimable(moment)).limit(1)).first()
                is None
            ):
                return None
        with self._database.write() as connection:
            if not self._database.sqlite:
                # Claims see each other's outcome, or two at once would serve the same owner.
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_CLAIMS})"))
            _expire(connection, moment)
            job = connection.execute(first(moment)).first()
            if job is None:
                return None
            claimed = _set(
                connection,
                job.id,
                moment,
                state="running",
                worker=worker,
                lease=moment + lease,
                attempts=job.attempts + 1,
                stage=None,
                done=0.0,
                started=moment,
            )
            serving = self._database.insert(servings).values(owner=job.owner, served=moment)
            connection.execute(
                serving.on_conflict_do_update(index_elements=["owner"], set_={"served": moment})
            )
            return claimed

    def expire(self, now: float | None = None) -> list[JobRecord]:
        """End the jobs whose lease ran out and that may not be tried again; those, as ended.

        They fail with `job.poisoned` after `max_attempts`, or are canceled where that was asked.
        A meeting that was being transcribed gets the same status and error.
        """
        moment = clock(now)
        with self._database.read() as connection:
            if connection.execute(_hopeless(moment).limit(1)).first() is None:
                return []
        with self._database.write() as connection:
            return _expire(connection, moment)

    def heartbeat(
        self,
        id: str,
        worker: str,
        lease: float,
        stage: str | None = None,
        done: float | None = None,
        *,
        now: float | None = None,
    ) -> Heartbeat:
        """Keep the job for `lease` seconds more; stage, done: where it is, if that changed.

        "cancel": stop, then call `canceled`. "lost": the job is somebody else's or ended; stop.
        """
        moment = clock(now)
        mine = (jobs.c.id == id) & (jobs.c.worker == worker) & (jobs.c.state == "running")
        values: dict[str, Any] = {"lease": moment + lease, "updated": moment}
        if stage is not None:
            values["stage"] = stage
        if done is not None:
            values["done"] = min(1.0, max(0.0, done))
        with self._database.write() as connection:
            query = update(jobs).where(mine).values(values).returning(jobs.c.cancel)
            cancel = connection.execute(query).scalar_one_or_none()
        if cancel is None:
            return "lost"
        return "cancel" if cancel else "ok"

    def finish(self, id: str, worker: str, *, now: float | None = None) -> JobRecord:
        """The job is done. Raises JobLost if it is not `worker`'s any more, JobMissing."""
        moment = clock(now)
        with self._database.write() as connection:
            _held(connection, id, worker)
            return _end(connection, id, moment, state="done", done=1.0, code=None, message=None)

    def fail(
        self,
        id: str,
        worker: str,
        code: str,
        message: str,
        retry: bool,
        *,
        now: float | None = None,
    ) -> JobRecord:
        """The job failed. With `retry` it waits a while and is tried again, up to max_attempts.

        A job that was to be canceled is canceled instead. Raises JobLost, JobMissing.
        """
        moment = clock(now)
        with self._database.write() as connection:
            job = _held(connection, id, worker)
            if job.cancel:
                return _end(connection, id, moment, state="canceled")
            if not retry or job.attempts >= job.max_attempts:
                return _end(connection, id, moment, state="failed", code=code, message=message)
            later = moment + back_off(job.attempts)
            return _wait(connection, id, moment, available=later, code=code, message=message)

    def canceled(self, id: str, worker: str, *, now: float | None = None) -> JobRecord:
        """The worker stopped as it was asked to. Raises JobLost, JobMissing."""
        with self._database.write() as connection:
            _held(connection, id, worker)
            return _end(connection, id, clock(now), state="canceled")

    def release(self, id: str, worker: str, *, now: float | None = None) -> JobRecord:
        """Hand the job back, this attempt not counted: the worker shuts down.

        A job that was to be canceled is canceled instead. Raises JobLost, JobMissing.
        """
        moment = clock(now)
        with self._database.write() as connection:
            job = _held(connection, id, worker)
            if job.cancel:
                return _end(connection, id, moment, state="canceled")
            attempts = job.attempts - 1
            return _wait(connection, id, moment, available=moment, attempts=attempts)

    def cancel(self, id: str, *, now: float | None = None) -> JobRecord:
        """Ask a job to stop: at once if it waits, at its next heartbeat if it runs.

        Nothing happens to a job that ended. Raises JobMissing.
        """
        moment = clock(now)
        with self._database.write() as connection:
            job = found(connection, jobs, id, None, JobMissing, lock=True)
            if job.state == "queued":
                return _end(connection, id, moment, state="canceled", cancel=True)
            if job.state == "running":
                return _set(connection, id, moment, cancel=True)
            return _record(job)

    def retry(self, id: str, *, now: float | None = None) -> JobRecord:
        """Queue a failed or canceled job again, its attempts from 0.

        Raises JobNotRetryable if it waits, runs or is done; JobMissing.
        """
        moment = clock(now)
        with self._database.write() as connection:
            job = found(connection, jobs, id, None, JobMissing, lock=True)
            if job.state not in ("failed", "canceled"):
                raise JobNotRetryable(
                    f"expected a job that failed or was canceled, it is {job.state}."
                )
            fresh = {"attempts": 0, "cancel": False, "code": None, "message": None, "done": 0.0}
            return _wait(connection, id, moment, available=moment, created=moment, **fresh)

    def get(self, id: str, owner: str | None = None) -> JobRecord:
        """The job; raises JobMissing if there is none, or it is another owner's."""
        with self._database.read() as connection:
            return _record(found(connection, jobs, id, owner, JobMissing))

    def of(self, meeting: str) -> list[JobRecord]:
        """The jobs of a meeting, newest first."""
        newest = jobs.c.created.desc(), jobs.c.id.desc()
        query = select(jobs).where(jobs.c.meeting == meeting).order_by(*newest)
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def position(self, id: str, *, now: float | None = None) -> int:
        """How many jobs would be claimed before this one as things stand; 0 if it runs or ended.

        One that waits to be tried again comes after all that can be claimed now.
        Raises JobMissing.
        """
        moment = clock(now)
        columns = jobs.c.id, jobs.c.owner, jobs.c.priority, jobs.c.created
        with self._database.read() as connection:
            found(connection, jobs, id, None, JobMissing)
            waiting = [
                Waiting(*row)
                for row in connection.execute(select(*columns).where(claimable(moment)))
            ]
            busy = {row.owner: row.jobs for row in connection.execute(running(moment))}
            served = {row.owner: row.served for row in connection.execute(select(servings))}
            state = connection.execute(select(jobs.c.state).where(jobs.c.id == id)).scalar_one()
        order = in_order(waiting, busy, served)
        if id in order:
            return order.index(id)
        return len(order) if state == "queued" else 0

    def depth(self, owner: str | None = None) -> int:
        """How many jobs wait: of one owner, or in all."""
        query = select(func.count()).select_from(jobs).where(jobs.c.state == "queued")
        if owner is not None:
            query = query.where(jobs.c.owner == owner)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())


def back_off(attempts: int) -> float:
    """Seconds to wait after that many attempts, at most LONGEST_BACK_OFF.

    Half of it is left to chance, so that what failed together does not come back together.
    """
    longest = min(LONGEST_BACK_OFF, BACK_OFF * 2.0 ** min(attempts - 1, 30))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def _held(connection: Connection, id: str, worker: str) -> Row[Any]:
    """The job as its worker has it. Raises JobMissing, JobLost."""
    job = found(connection, jobs, id, None, JobMissing, lock=True)
    if job.state != "running" or job.worker != worker:
        raise JobLost(
            f"the job is not {worker!r}'s any more: it is {job.state}. Drop what was made."
        )
    return job


def _set(connection: Connection, id: str, moment: float, **values: Any) -> JobRecord:
    query = update(jobs).where(jobs.c.id == id).values(updated=moment, **values).returning(jobs)
    return _record(connection.execute(query).one())


def _wait(connection: Connection, id: str, moment: float, **values: Any) -> JobRecord:
    idle = {"state": "queued", "worker": None, "lease": None, "stage": None, "ended": None}
    return _set(connection, id, moment, **idle, **values)


def _end(connection: Connection, id: str, moment: float, **values: Any) -> JobRecord:
    return _set(connection, id, moment, worker=None, lease=None, ended=moment, **values)


def _hopeless(moment: float) -> Any:
    """Jobs nobody works on any more that are not to be tried again."""
    spent = or_(jobs.c.cancel, jobs.c.attempts >= jobs.c.max_attempts)
    return select(jobs).where(lapsed(moment), spent)


def _expire(connection: Connection, moment: float) -> list[JobRecord]:
    ended = []
    for job in connection.execute(_hopeless(moment).with_for_update(skip_locked=True)).all():
        values: dict[str, Any] = {"state": "canceled"}
        if not job.cancel:
            message = (
                f"its worker was lost {job.attempts} times; the recording may be too much for it."
            )
            values = {"state": "failed", "code": POISONED, "message": message}
        ended.append(_end(connection, job.id, moment, **values))
        if job.kind == "transcribe":
            _reflect(connection, ended[-1])
    return ended


def _reflect(connection: Connection, job: JobRecord) -> None:
    """Say in the meeting what became of its job: the worker that would have is gone."""
    waiting = meetings.c.status.in_(("queued", "running"))
    connection.execute(
        update(meetings)
        .where(meetings.c.id == job.meeting, waiting)
        .values(
            status=job.state,
            error_code=job.code,
            error_message=job.message,
            updated=job.updated,
        )
    )


def _record(row: Row[Any]) -> JobRecord:
    return JobRecord(**row._mapping)
