"""The queue: jobs with leases, attempts, back-off and a fair order between owners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.store.database import Database
from pipeline.store.records import Heartbeat, JobKind, JobRecord


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
        raise NotImplementedError

    def claim(self, worker: str, lease: float, now: float | None = None) -> JobRecord | None:
        """The job that is next, now `worker`'s for `lease` seconds; None if there is none.

        Lowest priority number first; then the owner with the fewest jobs running, then the one
        served longest ago, then the oldest job. A job whose lease ran out is claimable again. No
        two callers in any process get the same job. Calls `expire` first.
        """
        raise NotImplementedError

    def expire(self, now: float | None = None) -> list[JobRecord]:
        """End the jobs whose lease ran out and that may not be tried again; those, as ended.

        They fail with `job.poisoned` after `max_attempts`, or are canceled where that was asked.
        A meeting that was being transcribed gets the same status and error.
        """
        raise NotImplementedError

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
        raise NotImplementedError

    def finish(self, id: str, worker: str, *, now: float | None = None) -> JobRecord:
        """The job is done. Raises JobLost if it is not `worker`'s any more, JobMissing."""
        raise NotImplementedError

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
        raise NotImplementedError

    def canceled(self, id: str, worker: str, *, now: float | None = None) -> JobRecord:
        """The worker stopped as it was asked to. Raises JobLost, JobMissing."""
        raise NotImplementedError

    def release(self, id: str, worker: str, *, now: float | None = None) -> JobRecord:
        """Hand the job back, this attempt not counted: the worker shuts down.

        A job that was to be canceled is canceled instead. Raises JobLost, JobMissing.
        """
        raise NotImplementedError

    def cancel(self, id: str, *, now: float | None = None) -> JobRecord:
        """Ask a job to stop: at once if it waits, at its next heartbeat if it runs.

        Nothing happens to a job that ended. Raises JobMissing.
        """
        raise NotImplementedError

    def retry(self, id: str, *, now: float | None = None) -> JobRecord:
        """Queue a failed or canceled job again, its attempts from 0.

        Raises JobNotRetryable if it waits, runs or is done; JobMissing.
        """
        raise NotImplementedError

    def get(self, id: str, owner: str | None = None) -> JobRecord:
        """The job; raises JobMissing if there is none, or it is another owner's."""
        raise NotImplementedError

    def of(self, meeting: str) -> list[JobRecord]:
        """The jobs of a meeting, newest first."""
        raise NotImplementedError

    def position(self, id: str, *, now: float | None = None) -> int:
        """How many jobs would be claimed before this one as things stand; 0 if it runs or ended.

        Raises JobMissing.
        """
        raise NotImplementedError

    def depth(self, owner: str | None = None) -> int:
        """How many jobs wait: of one owner, or in all."""
        raise NotImplementedError
