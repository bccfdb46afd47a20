"""The queue: jobs with leases, attempts, back-off and a fair order between owners.

    queued ──claim──► running ──finish──► done
      ▲  ▲               │ ├──fail──► failed
      │  └──release──────┤ └──canceled──► canceled
      └──fail, retry─────┘

A running job whose lease ran out is claimed again, or ended by `expire`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, text, update

from pipeline.errors import JobMissing, JobNotRetryable
from pipeline.store.columns import new_id
from pipeline.store.database import Database
from pipeline.store.order import Waiting, claimable, first, in_order, running
from pipeline.store.records import Heartbeat, JobKind, JobRecord
from pipeline.store.rows import clock, exists, found
from pipeline.store.tables import jobs, servings
from pipeline.store.transitions import (
    back_off,
    changed,
    ended,
    expired,
    followed,
    held,
    hopeless,
    record,
    requeued,
)

_CLAIMS = 0x636C61696D
"""Number of PostgreSQL's advisory lock: "claim" in ASCII."""


class Jobs:
    """The jobs of all meetings. now: Unix seconds, the clock's time by default.

    A meeting's status follows its jobs, in the same transaction: it is the state of the one that
    changed last, "ready" where that is done, with the error of one that failed.
    """

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
            made = record(found(connection, jobs, str(row["id"]), None, JobMissing))
            return followed(connection, made)

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
            expired(connection, moment)
            job = connection.execute(first(moment)).first()
            if job is None:
                return None
            claimed = changed(
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
        """
        moment = clock(now)
        with self._database.read() as connection:
            if connection.execute(hopeless(moment).limit(1)).first() is None:
                return []
        with self._database.write() as connection:
            return expired(connection, moment)

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
            held(connection, id, worker)
            return ended(connection, id, moment, state="done", done=1.0, code=None, message=None)

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
            job = held(connection, id, worker)
            if job.cancel:
                return ended(connection, id, moment, state="canceled")
            if not retry or job.attempts >= job.max_attempts:
                return ended(connection, id, moment, state="failed", code=code, message=message)
            later = moment + back_off(job.attempts)
            return requeued(connection, id, moment, available=later, code=code, message=message)

    def canceled(self, id: str, worker: str, *, now: float | None = None) -> JobRecord:
        """The worker stopped as it was asked to. Raises JobLost, JobMissing."""
        with self._database.write() as connection:
            held(connection, id, worker)
            return ended(connection, id, clock(now), state="canceled")

    def release(self, id: str, worker: str, *, now: float | None = None) -> JobRecord:
        """Hand the job back, this attempt not counted: the worker shuts down.

        A job that was to be canceled is canceled instead. Raises JobLost, JobMissing.
        """
        moment = clock(now)
        with self._database.write() as connection:
            job = held(connection, id, worker)
            if job.cancel:
                return ended(connection, id, moment, state="canceled")
            attempts = job.attempts - 1
            return requeued(connection, id, moment, available=moment, attempts=attempts)

    def cancel(self, id: str, *, now: float | None = None) -> JobRecord:
        """Ask a job to stop: at once if it waits, at its next heartbeat if it runs.

        Nothing happens to a job that ended. Raises JobMissing.
        """
        moment = clock(now)
        with self._database.write() as connection:
            job = found(connection, jobs, id, None, JobMissing, lock=True)
            if job.state == "queued":
                return ended(connection, id, moment, state="canceled", cancel=True)
            if job.state == "running":
                return changed(connection, id, moment, cancel=True)
            return record(job)

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
            return requeued(connection, id, moment, available=moment, created=moment, **fresh)

    def get(self, id: str, owner: str | None = None) -> JobRecord:
        """The job; raises JobMissing if there is none, or it is another owner's."""
        with self._database.read() as connection:
            return record(found(connection, jobs, id, owner, JobMissing))

    def of(self, meeting: str) -> list[JobRecord]:
        """The jobs of a meeting, newest first."""
        newest = jobs.c.created.desc(), jobs.c.id.desc()
        query = select(jobs).where(jobs.c.meeting == meeting).order_by(*newest)
        with self._database.read() as connection:
            return [record(row) for row in connection.execute(query)]

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
