"""/v1/meetings/{id}/jobs and /v1/jobs: how far work is, stopping it, having it done again."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

from fastapi import APIRouter, Depends

from pipeline.store.records import JobRecord
from serve.api.access import Reader, Writer
from serve.api.door import Door, door
from serve.api.shapes import JobIn, JobOut
from serve.service.bell import JOBS

router = APIRouter(prefix="/v1/meetings/{meeting}/jobs", tags=["jobs"])
Here = Annotated[Door, Depends(door)]

_SHARES = {"decode": 0.05, "transcribe": 0.45, "diarize": 0.25, "attribute": 0.05, "minutes": 0.2}
"""Parts of a whole job that its stages usually take."""


@router.get("")
async def listed(here: Here, who: Reader, meeting: str) -> list[JobOut]:
    """The jobs of a meeting, newest first."""
    await asyncio.to_thread(here.store.meetings.get, meeting, who.owner)
    found = await asyncio.to_thread(here.store.jobs.of, meeting)
    return [await shown(here, job) for job in found[:100]]


@router.post("", status_code=202)
async def again(here: Here, who: Writer, meeting: str, asked: JobIn) -> JobOut:
    """Do a stage again, with other wishes if any are given; the rest is kept."""
    changes = (
        {} if asked.options is None else asked.options.model_dump(mode="json", exclude_unset=True)
    )
    return await shown(here, await here.library.again(who.owner, meeting, asked.kind, changes))


@router.get("/{job}")
async def read(here: Here, who: Reader, meeting: str, job: str) -> JobOut:
    """One job."""
    return await shown(here, await _found(here, who.owner, meeting, job))


@router.post("/{job}/cancel", status_code=202)
async def cancel(here: Here, who: Writer, meeting: str, job: str) -> JobOut:
    """Stop a job: at once if it waits, within seconds if it runs. What is finished stays."""
    await _found(here, who.owner, meeting, job)
    found = await asyncio.to_thread(here.store.jobs.cancel, job)
    if found.state == "canceled":
        await asyncio.to_thread(lambda: here.store.meetings.update(meeting, status="canceled"))
    here.bell.ring(meeting)
    return await shown(here, found)


@router.post("/{job}/retry", status_code=202)
async def retry(here: Here, who: Writer, meeting: str, job: str) -> JobOut:
    """Queue a job that failed or was canceled again; it goes on from what it had finished."""
    await _found(here, who.owner, meeting, job)
    found = await asyncio.to_thread(here.store.jobs.retry, job)
    await asyncio.to_thread(lambda: here.store.meetings.update(meeting, status="queued"))
    here.bell.ring(JOBS)
    return await shown(here, found)


async def current(here: Door, meeting: str) -> JobOut | None:
    """The newest job of a meeting."""
    found = await asyncio.to_thread(here.store.jobs.of, meeting)
    return await shown(here, found[0]) if found else None


async def shown(here: Door, job: JobRecord) -> JobOut:
    """A job with its place in the queue, or the time it has left."""
    if job.state == "queued":
        return JobOut.of(job, before=await asyncio.to_thread(here.store.jobs.position, job.id))
    return JobOut.of(job, left=left(job, time.time()))


def left(job: JobRecord, now: float) -> float | None:
    """Seconds a running job has left if it goes on as it began; None before that can be told."""
    if job.state != "running" or job.started is None or job.stage not in _SHARES:
        return None
    before = 0.0
    for stage, share in _SHARES.items():
        if stage == job.stage:
            before += share * job.done
            break
        before += share
    return (now - job.started) * (1 - before) / before if before >= 0.05 else None


async def _found(here: Door, owner: str, meeting: str, job: str) -> JobRecord:
    from pipeline.errors import JobMissing

    found = await asyncio.to_thread(here.store.jobs.get, job, owner)
    if found.meeting != meeting:
        raise JobMissing(f"no job {job!r} of meeting {meeting!r}.")
    return found
