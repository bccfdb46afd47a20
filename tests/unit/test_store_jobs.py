"""The queue: its states, leases and attempts, and who is served next."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import JobLost, JobMissing, JobNotRetryable, MeetingMissing
from pipeline.store import Store
from pipeline.store.records import JobRecord
from pipeline.store.transitions import BACK_OFF, LONGEST_BACK_OFF, back_off
from tests.stores import emptied, meeting


def job(store: Store, owner: str = "ann", priority: int = 1, **more: Any) -> JobRecord:
    id = meeting(store, owner, status="queued").id
    return store.jobs.enqueue(id, owner, "transcribe", priority, {"n": 1}, **more)


def claimed(store: Store, now: float, lease: float = 10.0) -> str | None:
    found = store.jobs.claim("w", lease, now)
    return None if found is None else found.id


def test_a_job_is_claimed_worked_on_and_done(store: Store) -> None:
    made = job(store, now=1.0)
    assert made.state == "queued" and store.jobs.depth() == 1
    taken = store.jobs.claim("w", 10.0, now=2.0)
    assert taken is not None and (taken.id, taken.state, taken.worker) == (made.id, "running", "w")
    assert (taken.attempts, taken.lease, taken.options) == (1, 12.0, {"n": 1})
    assert store.jobs.depth() == 0 and store.jobs.claim("v", 10.0, now=3.0) is None
    assert store.jobs.heartbeat(made.id, "w", 10.0, "asr", 0.5, now=4.0) == "ok"
    beaten = store.jobs.get(made.id)
    assert (beaten.stage, beaten.done, beaten.lease) == ("asr", 0.5, 14.0)
    done = store.jobs.finish(made.id, "w", now=5.0)
    assert (done.state, done.done, done.ended, done.worker) == ("done", 1.0, 5.0, None)
    assert store.jobs.of(made.meeting) == [done]


def test_a_job_needs_a_meeting_and_is_seen_by_its_owner_only(store: Store) -> None:
    with pytest.raises(MeetingMissing):
        store.jobs.enqueue("nothing", "ann", "minutes", 1, {})
    made = job(store)
    assert store.jobs.get(made.id, "ann") == made
    with pytest.raises(JobMissing):
        store.jobs.get(made.id, "bob")
    assert store.jobs.depth("ann") == 1 and store.jobs.depth("bob") == 0


def test_a_meetings_status_follows_its_jobs(store: Store) -> None:
    id = meeting(store).id

    def status() -> tuple[str, str | None]:
        found = store.meetings.get(id)
        return found.status, found.error_code

    made = store.jobs.enqueue(id, "ann", "transcribe", 1, {}, 2, now=0.0)
    assert status() == ("queued", None)
    claimed(store, 1.0)
    assert status() == ("running", None)
    store.jobs.fail(made.id, "w", "model.error", "no", True, now=2.0)
    assert status() == ("queued", None)
    claimed(store, 100.0)
    store.jobs.fail(made.id, "w", "model.error", "no", True, now=101.0)
    assert status() == ("failed", "model.error")
    store.jobs.retry(made.id, now=102.0)
    assert status() == ("queued", None)
    store.jobs.cancel(made.id, now=103.0)
    assert status() == ("canceled", None)
    store.jobs.retry(made.id, now=104.0)
    claimed(store, 105.0)
    store.jobs.cancel(made.id, now=106.0)
    assert status() == ("running", None)
    store.jobs.finish(made.id, "w", now=107.0)
    assert status() == ("ready", None)


def test_urgent_jobs_go_first(store: Store) -> None:
    batch, live = job(store, priority=2, now=1.0), job(store, priority=0, now=2.0)
    interactive = job(store, priority=1, now=3.0)
    assert [claimed(store, 4.0 + i) for i in range(3)] == [live.id, interactive.id, batch.id]


def test_who_has_fewest_running_and_was_served_longest_ago_goes_first(store: Store) -> None:
    ann = [job(store, "ann", now=float(i)).id for i in range(3)]
    bob = [job(store, "bob", now=float(10 + i)).id for i in range(2)]
    order = [claimed(store, 20.0 + i, 100.0) for i in range(5)]
    assert order == [ann[0], bob[0], ann[1], bob[1], ann[2]]
    for id in ann + bob:
        store.jobs.finish(id, "w", now=30.0)
    late = job(store, "ann", now=31.0), job(store, "bob", now=32.0)
    assert claimed(store, 33.0) == late[1].id  # ann was served last


def test_a_job_whose_worker_was_lost_is_claimed_again_until_it_is_poisoned(store: Store) -> None:
    made = job(store, max_attempts=2, now=0.0)
    assert claimed(store, 1.0) == made.id
    assert store.jobs.claim("v", 10.0, now=10.0) is None
    again = store.jobs.claim("v", 10.0, now=11.0)
    assert again is not None and (again.id, again.attempts) == (made.id, 2)
    assert store.jobs.heartbeat(made.id, "w", 10.0, now=12.0) == "lost"
    with pytest.raises(JobLost):
        store.jobs.finish(made.id, "w")
    assert store.jobs.claim("w", 10.0, now=30.0) is None
    ended = store.jobs.get(made.id)
    assert (ended.state, ended.code, ended.ended) == ("failed", "job.poisoned", 30.0)
    told = store.meetings.get(made.meeting)
    assert (told.status, told.error_code) == ("failed", "job.poisoned")


def test_expiry_tells_which_jobs_it_ended(store: Store) -> None:
    lost, stopped = (job(store, max_attempts=1, now=float(i)) for i in range(2))
    assert {claimed(store, 2.0), claimed(store, 3.0)} == {lost.id, stopped.id}
    store.jobs.cancel(stopped.id, now=4.0)
    assert store.jobs.expire(now=5.0) == []
    ended = {j.id: (j.state, j.code) for j in store.jobs.expire(now=50.0)}
    assert ended == {lost.id: ("failed", "job.poisoned"), stopped.id: ("canceled", None)}
    assert store.meetings.get(stopped.meeting).status == "canceled"
    assert store.jobs.expire(now=51.0) == []


def test_a_worker_that_comes_back_in_time_keeps_its_job(store: Store) -> None:
    made = job(store, now=0.0)
    claimed(store, 0.0)
    assert store.jobs.heartbeat(made.id, "w", 10.0, now=15.0) == "ok"
    assert claimed(store, 16.0) is None


def test_a_job_that_failed_waits_before_it_is_tried_again(store: Store) -> None:
    made = job(store, max_attempts=2, now=0.0)
    claimed(store, 1.0)
    waiting = store.jobs.fail(made.id, "w", "model.error", "no", True, now=2.0)
    assert (waiting.state, waiting.code) == ("queued", "model.error")
    assert 2.0 + BACK_OFF / 2 <= waiting.available <= 2.0 + BACK_OFF
    assert claimed(store, 2.5) is None and claimed(store, 2.0 + BACK_OFF) == made.id
    failed = store.jobs.fail(made.id, "w", "model.error", "no", True, now=9.0)
    assert (failed.state, failed.message) == ("failed", "no")


def test_what_cannot_be_helped_fails_at_once(store: Store) -> None:
    made = job(store)
    claimed(store, 1e10)
    assert store.jobs.fail(made.id, "w", "audio.empty", "", False).state == "failed"


def test_a_waiting_job_is_canceled_at_once_a_running_one_at_its_heartbeat(store: Store) -> None:
    first, second = job(store, now=1.0), job(store, now=2.0)
    assert claimed(store, 3.0) == first.id
    assert store.jobs.cancel(second.id, now=4.0).state == "canceled"
    assert store.jobs.cancel(first.id, now=4.0).state == "running"
    assert store.jobs.heartbeat(first.id, "w", 10.0, now=5.0) == "cancel"
    assert store.jobs.canceled(first.id, "w", now=6.0).state == "canceled"
    assert store.jobs.cancel(first.id).state == "canceled"
    assert claimed(store, 7.0) is None


@pytest.mark.parametrize("way", ["fail", "release"])
def test_a_job_that_is_to_stop_is_not_tried_again(store: Store, way: str) -> None:
    made = job(store, now=0.0)
    claimed(store, 1.0)
    store.jobs.cancel(made.id)
    if way == "fail":
        ended = store.jobs.fail(made.id, "w", "model.error", "", True)
    else:
        ended = store.jobs.release(made.id, "w")
    assert ended.state == "canceled"


def test_a_job_handed_back_has_not_been_tried(store: Store) -> None:
    made, later = job(store, now=0.0), job(store, now=1.0)
    claimed(store, 2.0)
    back = store.jobs.release(made.id, "w", now=3.0)
    assert (back.state, back.attempts, back.worker, back.created) == ("queued", 0, None, 0.0)
    assert [claimed(store, 4.0), claimed(store, 5.0)] == [made.id, later.id]


def test_only_what_failed_or_was_canceled_is_tried_again(store: Store) -> None:
    made = job(store, now=0.0)
    with pytest.raises(JobNotRetryable):
        store.jobs.retry(made.id)
    store.jobs.cancel(made.id)
    fresh = store.jobs.retry(made.id, now=9.0)
    assert (fresh.state, fresh.attempts, fresh.cancel, fresh.ended) == ("queued", 0, False, None)
    claimed(store, 10.0)
    store.jobs.fail(made.id, "w", "x", "y", False)
    assert store.jobs.retry(made.id).code is None
    with pytest.raises(JobMissing):
        store.jobs.retry("nothing")


@given(st.integers(1, 10_000))
def test_back_off_is_bounded(attempts: int) -> None:
    assert BACK_OFF / 2 <= back_off(attempts) <= LONGEST_BACK_OFF


OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("enqueue"), st.sampled_from("abc"), st.integers(0, 2)),
        st.tuples(
            st.sampled_from(["claim", "finish", "fail", "cancel", "release", "retry", "wait"]),
            st.integers(0, 5),
            st.integers(0, 5),
        ),
    ),
    max_size=25,
)
LEASE = 6.0


def expected(jobs: list[JobRecord], served: dict[str, float], now: float) -> str | None:
    """Who is next, as the rule is told."""
    busy = {
        o: sum(j.state == "running" and (j.lease or 0) > now and j.owner == o for j in jobs)
        for o in "abc"
    }
    free = [
        j
        for j in jobs
        if (j.state == "queued" and j.available <= now)
        or (
            j.state == "running"
            and (j.lease or 0) <= now
            and not j.cancel
            and j.attempts < j.max_attempts
        )
    ]
    free.sort(key=lambda j: (j.priority, busy[j.owner], served.get(j.owner, 0.0), j.created, j.id))
    return free[0].id if free else None


def ended_in_order(store: Store, now: float) -> list[str]:
    """Every job there is to claim, one claim after another."""
    order = []
    while (found := store.jobs.claim("z", 1e6, now)) is not None:
        order.append(found.id)
        now += 0.001
    return order


@given(operations=OPERATIONS)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
def test_the_laws_of_the_queue(store: Store, operations: list[tuple[str, Any, Any]]) -> None:
    emptied(store)
    meetings = {owner: meeting(store, owner).id for owner in "abc"}
    known: list[str] = []
    served: dict[str, float] = {}
    now = 0.0
    for name, first, second in operations:
        now += 1.0
        jobs = [store.jobs.get(id) for id in known]
        if name == "enqueue":
            made = store.jobs.enqueue(meetings[first], first, "minutes", second, {}, 2, now=now)
            known.append(made.id)
        elif name == "claim":
            found = store.jobs.claim(f"w{first}", LEASE, now)
            assert (found and found.id) == expected(jobs, served, now)
            if found is not None:
                served[found.owner] = now
                before = next(j for j in jobs if j.id == found.id)
                assert found.attempts == before.attempts + 1 <= found.max_attempts
        elif name == "wait":
            now += 4.0 * first
        elif known:
            one = store.jobs.get(known[first % len(known)])
            holder = one.worker or "nobody"
            if name == "cancel":
                store.jobs.cancel(one.id, now=now)
            elif name == "retry" and one.state in ("failed", "canceled"):
                store.jobs.retry(one.id, now=now)
            elif name in ("finish", "fail", "release") and one.state != "running":
                with pytest.raises(JobLost):
                    store.jobs.finish(one.id, holder, now=now)
            elif name == "finish":
                assert store.jobs.finish(one.id, holder, now=now).state == "done"
            elif name == "fail":
                store.jobs.fail(one.id, holder, "x", "y", second > 2, now=now)
            elif name == "release":
                store.jobs.release(one.id, holder, now=now)
        waiting = sum(store.jobs.get(id).state == "queued" for id in known)
        assert store.jobs.depth() == waiting == sum(store.jobs.depth(o) for o in "abc")
    now += 1.0
    store.jobs.expire(now)
    positions = {id: store.jobs.position(id, now=now) for id in known}
    order = ended_in_order(store, now)
    assert [positions[id] for id in order] == list(range(len(order)))
