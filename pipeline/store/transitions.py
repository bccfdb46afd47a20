"""The steps of a job from one state to the next, inside a transaction."""

from __future__ import annotations

import random
from typing import Any

from sqlalchemy import Connection, Row, or_, select, update

from pipeline.errors import JobLost, JobMissing
from pipeline.store.order import lapsed
from pipeline.store.records import JobRecord
from pipeline.store.rows import found
from pipeline.store.tables import jobs, meetings

BACK_OFF = 2.0
"""Seconds before a job that failed once is tried again, half of it by chance; doubled each time."""

LONGEST_BACK_OFF = 300.0
"""Seconds, however often it failed."""

POISONED = "job.poisoned"
"""Code of a job whose workers were lost `max_attempts` times."""


def back_off(attempts: int) -> float:
    """Seconds to wait after that many attempts, at most LONGEST_BACK_OFF.

    Half of it is left to chance, so that what failed together does not come back together.
    """
    longest = min(LONGEST_BACK_OFF, BACK_OFF * 2.0 ** min(attempts - 1, 30))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


def held(connection: Connection, id: str, worker: str) -> Row[Any]:
    """The job as its worker has it. Raises JobMissing, JobLost."""
    job = found(connection, jobs, id, None, JobMissing, lock=True)
    if job.state != "running" or job.worker != worker:
        raise JobLost(
            f"the job is not {worker!r}'s any more: it is {job.state}. Drop what was made."
        )
    return job


def changed(connection: Connection, id: str, moment: float, **values: Any) -> JobRecord:
    """The job with other values."""
    query = update(jobs).where(jobs.c.id == id).values(updated=moment, **values).returning(jobs)
    job = record(connection.execute(query).one())
    return followed(connection, job) if "state" in values else job


def requeued(connection: Connection, id: str, moment: float, **values: Any) -> JobRecord:
    """The job, waiting again."""
    idle = {"state": "queued", "worker": None, "lease": None, "stage": None, "ended": None}
    return changed(connection, id, moment, **idle, **values)


def ended(connection: Connection, id: str, moment: float, **values: Any) -> JobRecord:
    """The job, over and nobody's."""
    return changed(connection, id, moment, worker=None, lease=None, ended=moment, **values)


def hopeless(moment: float) -> Any:
    """Jobs nobody works on any more that are not to be tried again."""
    spent = or_(jobs.c.cancel, jobs.c.attempts >= jobs.c.max_attempts)
    return select(jobs).where(lapsed(moment), spent).order_by(jobs.c.meeting)


def expired(connection: Connection, moment: float) -> list[JobRecord]:
    """Ends the jobs that are hopeless; those, as ended."""
    over = []
    for job in connection.execute(hopeless(moment).with_for_update(skip_locked=True)).all():
        values: dict[str, Any] = {"state": "canceled"}
        if not job.cancel:
            message = (
                f"its worker was lost {job.attempts} times; the recording may be too much for it."
            )
            values = {"state": "failed", "code": POISONED, "message": message}
        over.append(ended(connection, job.id, moment, **values))
    return over


def followed(connection: Connection, job: JobRecord) -> JobRecord:
    """The job, its meeting's status made to follow: no crash comes between the two."""
    failed = job.state == "failed"
    connection.execute(
        update(meetings)
        .where(meetings.c.id == job.meeting)
        .values(
            status="ready" if job.state == "done" else job.state,
            error_code=job.code if failed else None,
            error_message=job.message if failed else None,
            updated=job.updated,
        )
    )
    return job


def record(row: Row[Any]) -> JobRecord:
    """The job of a row."""
    return JobRecord(**row._mapping)
