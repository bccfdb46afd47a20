"""The log of a meeting: numbered without gaps, appended whole or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import JobLost, MeetingMissing, StoreConflict
from pipeline.events import jsonable, replay
from pipeline.store import Store
from tests.stores import meeting, utterance


def warning(text: str) -> tuple[str, float, dict[str, Any]]:
    return "warning", 1.5, {"text": text}


def test_events_are_numbered_one_after_another(store: Store) -> None:
    id = meeting(store).id
    first = store.events.append(id, [warning("a"), warning("b")])
    second = store.events.append(id, [warning("c")])
    assert [e.seq for e in first + second] == [1, 2, 3]
    assert store.events.read(id) == first + second
    assert store.events.read(id, after=1, limit=1) == first[1:]
    assert store.events.last_seq(id) == store.meetings.get(id).last_seq == 3


def test_each_meeting_has_numbers_of_its_own(store: Store) -> None:
    one, two = meeting(store).id, meeting(store).id
    store.events.append(one, [warning("a")])
    assert [e.seq for e in store.events.append(two, [warning("b")])] == [1]
    assert store.events.read("nothing") == []


def test_events_and_the_meeting_change_together_or_not_at_all(store: Store) -> None:
    id = meeting(store).id
    store.events.append(id, [warning("a")], update={"status": "ready", "duration": 3.0})
    changed = store.meetings.get(id)
    assert (changed.status, changed.duration) == ("ready", 3.0)
    with pytest.raises(ValueError, match="fields"):
        wrong: Any = {"size": 3, "owner": "bob"}
        store.events.append(id, [warning("b")], update=wrong)
    assert store.events.last_seq(id) == 1 and store.meetings.get(id) == changed


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("utterance.partial", {"text": "x"}),
        ("unheard.of", {}),
        ("warning", {"text": float("nan")}),
        ("warning", {"text": b"x"}),
    ],
)
def test_only_durable_events_of_json_are_kept(store: Store, kind: str, payload: Any) -> None:
    id = meeting(store).id
    with pytest.raises(ValueError):
        store.events.append(id, [warning("a"), (kind, 0.0, payload)])
    assert store.events.last_seq(id) == 0


def test_there_is_no_log_without_a_meeting(store: Store) -> None:
    with pytest.raises(MeetingMissing):
        store.events.append("nothing", [warning("a")])
    with pytest.raises(MeetingMissing):
        store.events.last_seq("nothing")
    with pytest.raises(MeetingMissing):
        store.events.view("nothing")


def test_who_expects_an_older_end_of_the_log_changes_nothing(store: Store) -> None:
    id = meeting(store).id
    store.events.append(id, [warning("a")], expect=0)
    with pytest.raises(StoreConflict):
        store.events.append(id, [warning("b")], update={"title": "b"}, expect=0)
    assert store.events.last_seq(id) == 1 and store.meetings.get(id).title == "Standup"
    store.events.append(id, [warning("b")], expect=1)


def test_a_worker_that_lost_its_job_adds_nothing(store: Store) -> None:
    id = meeting(store).id
    job = store.jobs.enqueue(id, "ann", "transcribe", 1, {}, now=0.0)
    store.jobs.claim("slow", 10.0, now=1.0)
    store.events.append(id, [warning("a")], holder=(job.id, "slow"))
    store.jobs.claim("other", 10.0, now=20.0)
    with pytest.raises(JobLost):
        store.events.append(id, [warning("b")], holder=(job.id, "slow"))
    assert store.events.last_seq(id) == 1
    store.events.append(id, [warning("b")], holder=(job.id, "other"))


LOGS = st.lists(
    st.one_of(
        st.sampled_from("ab").map(warning),
        st.sampled_from("ab").map(lambda t: ("meeting.started", 0.0, {"title": t, "duration": 1})),
        st.integers(0, 9).map(
            lambda t: ("utterance.final", 0.0, jsonable(utterance("so", t, name=f"u{t % 3}")))
        ),
        st.just(("transcript.reset", 0.0, {})),
    ),
    max_size=12,
)


@given(log=LOGS)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
def test_the_view_is_the_fold_of_the_whole_log(store: Store, log: list[Any]) -> None:
    id = meeting(store).id
    events = store.events.append(id, log)
    assert store.events.view(id) == (replay(events), len(log))
