"""What arrives at the service: uploads in pieces, requests that come twice, named voices."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.errors import MeetingMissing, StoreConflict, UploadMissing, VoiceMissing
from pipeline.store import Store
from tests.stores import meeting


def test_an_upload_goes_on_where_it_was_and_nowhere_else(store: Store) -> None:
    made = store.uploads.create("ann", length=10, metadata={"filename": "a"}, expires=100.0)
    assert store.uploads.get(made.id, "ann") == made and made.offset == 0
    assert store.uploads.advance(made.id, 0, 4, expires=200.0).expires == 200.0
    for before, offset in [(0, 4), (4, 3), (4, 11)]:
        with pytest.raises(StoreConflict):
            store.uploads.advance(made.id, before, offset)
    assert store.uploads.advance(made.id, 4, 10).offset == 10


def test_the_length_may_be_said_later_and_once(store: Store) -> None:
    made = store.uploads.create("ann", length=None, metadata={}, expires=100.0, id="u1")
    store.uploads.advance(made.id, 0, 7)
    with pytest.raises(StoreConflict):
        store.uploads.declare(made.id, 6)
    assert store.uploads.declare(made.id, 8).length == 8
    with pytest.raises(StoreConflict):
        store.uploads.declare(made.id, 9)
    with pytest.raises(StoreConflict):
        store.uploads.create("ann", length=None, metadata={}, expires=100.0, id="u1")


def test_an_upload_belongs_to_its_owner_and_ends(store: Store) -> None:
    made = store.uploads.create("ann", length=1, metadata={}, expires=100.0)
    with pytest.raises(UploadMissing):
        store.uploads.get(made.id, "bob")
    with pytest.raises(UploadMissing):
        store.uploads.delete(made.id, "bob")
    assert store.uploads.expired(now=99.0) == []
    assert [u.id for u in store.uploads.expired(now=100.0)] == [made.id]
    with pytest.raises(MeetingMissing):
        store.uploads.attach(made.id, "nothing")
    id = meeting(store).id
    assert store.uploads.attach(made.id, id).meeting == id
    store.uploads.delete(made.id, "ann")
    with pytest.raises(UploadMissing):
        store.uploads.advance(made.id, 0, 1)


def test_a_request_is_done_once_and_answered_alike(store: Store) -> None:
    first = store.idempotency.claim("ann", "k", "hash", now=0.0)
    assert first.outcome == "new" and first.token is not None
    assert store.idempotency.claim("ann", "k", "hash", now=1.0).outcome == "busy"
    assert store.idempotency.claim("ann", "k", "other", now=1.0).outcome == "mismatch"
    assert store.idempotency.claim("bob", "k", "other", now=1.0).outcome == "new"
    assert store.idempotency.complete("ann", "k", first.token, {"status": 201})
    again = store.idempotency.claim("ann", "k", "hash", now=2.0)
    assert again.outcome == "done" and again.response == {"status": 201}
    assert store.idempotency.claim("ann", "k", "hash", now=1e6).outcome == "new"


def test_a_request_whose_doer_died_is_done_by_the_next(store: Store) -> None:
    dead = store.idempotency.claim("ann", "k", "hash", hold=10.0, now=0.0)
    assert dead.token is not None
    assert store.idempotency.extend("ann", "k", dead.token, 10.0, now=5.0)
    assert store.idempotency.claim("ann", "k", "hash", now=14.0).outcome == "busy"
    heir = store.idempotency.claim("ann", "k", "hash", now=15.0)
    assert heir.outcome == "new" and heir.token is not None
    assert not store.idempotency.complete("ann", "k", dead.token, {"status": 1})
    assert not store.idempotency.extend("ann", "k", dead.token)
    store.idempotency.abandon("ann", "k", dead.token)
    assert store.idempotency.complete("ann", "k", heir.token, {"status": 2})


def test_a_request_given_up_can_be_sent_again(store: Store) -> None:
    first = store.idempotency.claim("ann", "k", "hash")
    store.idempotency.abandon("ann", "k", first.token or "")
    assert store.idempotency.claim("ann", "k", "other").outcome == "new"


def test_answers_are_kept_for_their_time(store: Store) -> None:
    store.idempotency.claim("ann", "a", "hash", ttl=10.0, now=0.0)
    store.idempotency.claim("ann", "b", "hash", ttl=20.0, now=0.0)
    assert store.idempotency.expire(now=10.0) == 1
    assert store.idempotency.expire(now=10.0) == 0


def test_an_answer_about_a_purged_meeting_is_not_kept(store: Store) -> None:
    claim = store.idempotency.claim("ann", "k", "hash")
    assert not store.idempotency.complete("ann", "k", claim.token or "", {"id": "m"}, "purged")
    assert store.idempotency.claim("ann", "k", "hash").outcome == "new"


def test_a_voice_is_compared_with_those_of_the_same_model(store: Store) -> None:
    heard = np.arange(3, dtype="<f4").tobytes()
    ada = store.voices.create("ann", name="Ada", embedding=heard, model="campplus-1")
    store.voices.create("ann", name="Bob", embedding=heard, model="other")
    store.voices.create("bob", name="Cy", embedding=heard, model="campplus-1")
    assert store.voices.comparable("ann", "campplus-1") == [ada]
    assert np.frombuffer(ada.embedding, "<f4").tolist() == [0.0, 1.0, 2.0]
    assert len(store.voices.page("ann").items) == 2


def test_a_voice_is_its_owners_to_rename_and_forget(store: Store) -> None:
    made = store.voices.create("ann", name="Ada", embedding=bytes(8), model="m")
    assert store.voices.rename(made.id, "Ada L.", "ann").name == "Ada L."
    for refused in (store.voices.get, store.voices.delete):
        with pytest.raises(VoiceMissing):
            refused(made.id, "bob")
    store.voices.delete(made.id, "ann")
    with pytest.raises(VoiceMissing):
        store.voices.get(made.id)


@pytest.mark.parametrize("embedding", [b"", b"123"])
def test_a_voice_is_an_array_of_floats(store: Store, embedding: bytes) -> None:
    with pytest.raises(ValueError, match="float32"):
        store.voices.create("ann", name="Ada", embedding=embedding, model="m")
    with pytest.raises(MeetingMissing):
        store.voices.create("ann", name="Ada", embedding=bytes(4), model="m", meeting="nothing")
