"""Meetings in the store: each seen by its owner only, listed in pages, purged without a trace."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from pipeline.errors import CursorInvalid, MeetingMissing, StoreConflict
from pipeline.store import Store
from pipeline.store.columns import cursor, new_id, place_of
from pipeline.store.tables import metadata
from pipeline.types import Speaker, SpeakerId
from tests.stores import emptied, meeting, utterance

SAME_STORE = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None
)


def test_a_meeting_comes_back_as_it_was_created(store: Store) -> None:
    made = meeting(store, title="Rückblick 回顾", options={"speakers": 2}, recording="ab" * 32)
    assert store.meetings.get(made.id, "ann") == made
    assert made.status == "uploading" and made.options == {"speakers": 2} and made.last_seq == 0


def test_a_meeting_of_another_owner_is_missing(store: Store) -> None:
    made = meeting(store, "ann")
    with pytest.raises(MeetingMissing):
        store.meetings.get(made.id, "bob")
    with pytest.raises(MeetingMissing):
        store.meetings.get("nothing")
    assert store.meetings.page("bob").items == ()


def test_an_id_is_given_once(store: Store) -> None:
    meeting(store, id="m1")
    with pytest.raises(StoreConflict):
        meeting(store, id="m1")


def test_updating_changes_what_is_named_and_nothing_else(store: Store) -> None:
    made = meeting(store, recording="ab")
    changed = store.meetings.update(made.id, status="failed", error_code="audio.empty", title="X")
    assert (changed.status, changed.error_code, changed.title) == ("failed", "audio.empty", "X")
    assert (changed.recording, changed.size) == ("ab", 10) and changed.updated >= made.updated
    with pytest.raises(MeetingMissing):
        store.meetings.update("nothing", status="ready")
    with pytest.raises(ValueError, match="owner"):
        store.meetings.update(made.id, owner="bob")  # type: ignore[call-arg]


@given(sizes=st.tuples(st.integers(0, 9), st.integers(1, 4)))
@SAME_STORE
def test_pages_hold_every_meeting_once_and_the_newest_first(
    store: Store, sizes: tuple[int, int]
) -> None:
    emptied(store)
    made = [meeting(store).id for _ in range(sizes[0])]
    meeting(store, "bob")
    seen: list[str] = []
    after = None
    while True:
        page = store.meetings.page("ann", after=after, limit=sizes[1])
        seen += [m.id for m in page.items]
        after = page.after
        if after is None:
            break
        assert len(page.items) == sizes[1]
    assert sorted(seen) == sorted(made) and len(set(seen)) == len(seen)
    moments = [store.meetings.get(id).created for id in seen]
    assert moments == sorted(moments, reverse=True)


def test_a_list_can_be_narrowed_by_status_and_text(store: Store) -> None:
    one = meeting(store, title="Größe_100%", filename="a.wav")
    two = meeting(store, title="Plan", filename="GRÖSSE.mp3", status="ready")
    meeting(store, title="Other")

    def found(**wanted: str) -> set[str]:
        return {m.id for m in store.meetings.page("ann", **wanted).items}  # type: ignore[arg-type]

    assert found(text="GRÖSSE") == {one.id, two.id}
    assert found(text="_100%") == {one.id}
    assert found(text="%") == {one.id}
    assert found(status="ready") == {two.id}
    store.meetings.update(one.id, title="Renamed")
    assert found(text="größe") == {two.id} and found(text="renamed") == {one.id}


@pytest.mark.parametrize("text", ["", "x", "é", cursor("a", "b"), cursor(1.0), "\ud800", "W10"])
def test_a_cursor_of_our_own_making_only(store: Store, text: str) -> None:
    with pytest.raises(CursorInvalid):
        store.meetings.page("ann", after=text)


@given(st.floats(allow_nan=False, allow_infinity=False), st.text())
def test_a_cursor_keeps_its_place(moment: float, id: str) -> None:
    assert place_of(cursor(moment, id), float, str) == [moment, id]


def test_the_same_recording_is_recognised_for_its_owner_only(store: Store) -> None:
    meeting(store, recording="aa")
    newest = meeting(store, recording="aa")
    meeting(store, "bob", recording="aa")
    found = store.meetings.by_recording("ann", "aa")
    assert found is not None and found.id == newest.id
    assert store.meetings.by_recording("ann", "bb") is None


@given(text=st.text(st.characters(exclude_categories=()), max_size=20))
@SAME_STORE
def test_any_text_can_be_kept_and_looked_for(store: Store, text: str) -> None:
    made = meeting(store, title=text, filename=text, options={text: text})
    assert store.meetings.get(made.id).options == {text: text}
    assert any(m.id == made.id for m in store.meetings.page("ann", text=text, limit=100).items)
    with pytest.raises(MeetingMissing):
        store.meetings.get(f"{text}?")
    store.meetings.delete(made.id)


def test_a_purge_leaves_no_row_of_the_meeting_and_every_row_of_others(store: Store) -> None:
    def fill(owner: str) -> str:
        id = meeting(store, owner).id
        store.events.append(id, [("warning", 0.0, {"text": "hiss"})])
        store.jobs.enqueue(id, owner, "transcribe", 1, {})
        store.links.create(id, owner)
        store.voices.create(owner, name="Ada", embedding=bytes(4), model="m", meeting=id)
        store.uploads.create(owner, length=1, metadata={}, expires=1.0, meeting=id)
        claim = store.idempotency.claim(owner, "key", "request")
        assert store.idempotency.complete(owner, "key", claim.token or "", {"id": id}, id)
        store.search.index(id, [utterance("hello there")], [Speaker(SpeakerId("S1"), "Ada")])
        return id

    def rows() -> dict[str, int]:
        with store.database.read() as connection:
            return {
                table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in metadata.sorted_tables
            }

    kept = fill("ann")
    before = rows()
    store.purge(fill("bob"))
    assert rows() == before
    assert [h.meeting for h in store.search.query("ann", "hello").items] == [kept]
    assert store.search.query("bob", "hello").items == ()
    store.purge("nothing")
    with pytest.raises(MeetingMissing):
        store.meetings.delete("nothing")


def test_ids_are_different_and_sort_by_time() -> None:
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000 and {len(i) for i in ids} == {36}
    assert [i[:8] for i in ids] == sorted(i[:8] for i in ids)
