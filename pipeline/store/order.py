"""In what order jobs are claimed: urgent ones first, then fairly between owners.

The same rule twice: as a query that finds the next job, and as a function that puts all waiting
jobs in order as if nothing else happened. A property test holds them to each other.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from pipeline.store.tables import jobs, servings


@dataclass(frozen=True, slots=True)
class Waiting:
    """A job that could be claimed. created: Unix seconds."""

    id: str
    owner: str
    priority: int
    created: float


def claimable(now: float) -> ColumnElement[bool]:
    """Jobs that wait and may be tried by now, and those whose worker was not heard of in time."""
    waits = and_(jobs.c.state == "queued", jobs.c.available <= now)
    return or_(waits, lapsed(now))


def lapsed(now: float) -> ColumnElement[bool]:
    """Jobs whose worker was not heard of in time."""
    return and_(jobs.c.state == "running", jobs.c.lease <= now)


def running(now: float) -> Select[Any]:
    """How many jobs of each owner are being worked on."""
    held = and_(jobs.c.state == "running", jobs.c.lease > now)
    return select(jobs.c.owner, func.count().label("jobs")).where(held).group_by(jobs.c.owner)


def first(now: float) -> Select[Any]:
    """The job to be claimed next, locked; jobs that somebody else has locked are passed over."""
    busy = running(now).subquery()
    return (
        select(jobs)
        .outerjoin(busy, busy.c.owner == jobs.c.owner)
        .outerjoin(servings, servings.c.owner == jobs.c.owner)
        .where(claimable(now))
        .order_by(
            jobs.c.priority,
            func.coalesce(busy.c.jobs, 0),
            func.coalesce(servings.c.served, 0.0),
            jobs.c.created,
            jobs.c.id,
        )
        .limit(1)
        .with_for_update(of=jobs, skip_locked=True)
    )


def in_order(
    waiting: Iterable[Waiting], running: Mapping[str, int], served: Mapping[str, float]
) -> list[str]:
    """Ids in the order in which one claim after another would take them.

    running: jobs being worked on, by owner. served: Unix time of each owner's last claim.
    """
    busy = defaultdict(int, running)
    last = {owner: (0, moment) for owner, moment in served.items()}
    urgent: dict[int, dict[str, deque[Waiting]]] = defaultdict(lambda: defaultdict(deque))
    for job in sorted(waiting, key=lambda j: (j.created, j.id)):
        urgent[job.priority][job.owner].append(job)
    order: list[str] = []
    for priority in sorted(urgent):
        queues = urgent[priority]
        while queues:
            owner = min(
                queues,
                key=lambda o: (
                    busy[o],
                    last.get(o, (0, 0.0)),
                    queues[o][0].created,
                    queues[o][0].id,
                ),
            )
            order.append(queues[owner].popleft().id)
            busy[owner] += 1
            last[owner] = (1, float(len(order)))
            if not queues[owner]:
                del queues[owner]
    return order
