"""Many threads and several processes at one store: nothing twice, nothing lost."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from pipeline.errors import StoreConflict
from pipeline.store import Store
from tests.stores import meeting

CLAIMS = """
import sys
from pipeline.store import Store
store = Store.open(sys.argv[1])
while (job := store.jobs.claim(sys.argv[2], 60.0)) is not None:
    print(job.id)
    store.jobs.finish(job.id, sys.argv[2])
"""


def test_threads_never_get_the_same_job(store: Store) -> None:
    id = meeting(store).id
    made = [store.jobs.enqueue(id, "ann", "minutes", 1, {}).id for _ in range(40)]

    def work(name: int) -> list[str]:
        taken = []
        while (job := store.jobs.claim(f"w{name}", 60.0)) is not None:
            taken.append(job.id)
        return taken

    with ThreadPoolExecutor(8) as threads:
        taken = [id for ids in threads.map(work, range(8)) for id in ids]
    assert sorted(taken) == sorted(made)


def test_two_processes_never_get_the_same_job(store: Store, database_url: str) -> None:
    ids = [meeting(store, owner).id for owner in "ab"]
    owners = zip(ids * 15, "ab" * 15, strict=True)
    made = [store.jobs.enqueue(id, owner, "minutes", 1, {}).id for id, owner in owners]
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIMS, database_url, name], stdout=subprocess.PIPE, text=True
        )
        for name in ("one", "two")
    ]
    taken = [line for worker in workers for line in worker.communicate()[0].split()]
    assert [w.returncode for w in workers] == [0, 0]
    assert sorted(taken) == sorted(made)
    assert {store.jobs.get(id).state for id in made} == {"done"}


def test_claims_at_the_same_time_are_fair(store: Store) -> None:
    for owner in "abcd":
        id = meeting(store, owner).id
        for _ in range(4):
            store.jobs.enqueue(id, owner, "minutes", 1, {})
    with ThreadPoolExecutor(8) as threads:
        jobs = list(threads.map(lambda n: store.jobs.claim(f"w{n}", 60.0), range(8)))
    assert Counter(job.owner for job in jobs if job) == {"a": 2, "b": 2, "c": 2, "d": 2}


def test_events_appended_by_many_have_no_gap_and_no_number_twice(store: Store) -> None:
    id = meeting(store).id

    def write(name: int) -> list[int | None]:
        seen: list[int | None] = []
        for _ in range(5):
            added = store.events.append(id, [("warning", 0.0, {"text": str(name)})] * 2)
            seen += [e.seq for e in added]
        return seen

    with ThreadPoolExecutor(6) as threads:
        numbers = [n for seen in threads.map(write, range(6)) for n in seen]
    assert sorted(n or 0 for n in numbers) == list(range(1, 61))
    assert [e.seq for e in store.events.read(id)] == list(range(1, 61))


def test_of_many_that_expect_the_same_end_of_the_log_one_writes(store: Store) -> None:
    id = meeting(store).id

    def write(name: int) -> bool:
        try:
            store.events.append(id, [("warning", 0.0, {"text": str(name)})], expect=0)
        except StoreConflict:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(write, range(6))) == 1


def test_of_many_equal_requests_one_is_done(store: Store) -> None:
    with ThreadPoolExecutor(8) as threads:
        claims = threads.map(lambda _: store.idempotency.claim("ann", "k", "hash"), range(8))
    assert Counter(c.outcome for c in claims) == {"new": 1, "busy": 7}


def test_settings_merged_by_many_are_all_there(store: Store) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: store.settings.merge("ann", {str(n): n}), range(8)))
    assert store.settings.get("ann") == {str(n): n for n in range(8)}


def test_an_upload_is_advanced_by_one_of_many(store: Store) -> None:
    made = store.uploads.create("ann", length=100, metadata={}, expires=1.0)

    def advance(n: int) -> bool:
        try:
            store.uploads.advance(made.id, 0, n + 1)
        except StoreConflict:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(advance, range(6))) == 1
