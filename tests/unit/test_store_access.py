"""Keys and share links: shown once, kept as hashes, good until they end or are revoked."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import select

from pipeline.errors import KeyMissing, LinkMissing, MeetingMissing
from pipeline.store import Store
from pipeline.store.tables import keys, links
from tests.stores import meeting


def test_a_key_is_known_by_its_secret(store: Store) -> None:
    key, secret = store.keys.create("laptop", "ann", ["read", "write"])
    assert secret.startswith("pk_") and len(secret) >= 43 + 3
    assert key.scopes == {"read", "write"} and key.owner == "ann"
    found = store.keys.authenticate(secret)
    assert found == key
    assert store.keys.get(key.id, "ann").used is not None


def test_no_secret_is_kept(store: Store) -> None:
    _, secret = store.keys.create("laptop", "ann", ["admin"])
    _, token = store.links.create(meeting(store).id, "ann")
    with store.database.read() as connection:
        rows = [*connection.execute(select(keys)), *connection.execute(select(links))]
    kept = repr(rows)
    assert secret not in kept and token not in kept
    assert secret[8:] not in kept and token[8:] not in kept


@pytest.mark.parametrize("secret", ["", "pk_", "pk_" + "x" * 43, "\x00", "\ud800", "x" * 10_000])
def test_another_secret_opens_nothing(store: Store, secret: str) -> None:
    store.keys.create("laptop", "ann", ["read"])
    assert store.keys.authenticate(secret) is None
    assert store.links.resolve(secret) is None


def test_an_ended_or_revoked_key_opens_nothing(store: Store) -> None:
    now = time.time()
    key, secret = store.keys.create("laptop", "ann", ["read"], expires=now + 100)
    assert store.keys.authenticate(secret, now + 99) is not None
    assert store.keys.authenticate(secret, now + 100) is None
    with pytest.raises(KeyMissing):
        store.keys.revoke(key.id, "bob")
    revoked = store.keys.revoke(key.id, "ann")
    assert revoked.revoked is not None
    assert store.keys.revoke(key.id).revoked == revoked.revoked
    assert store.keys.authenticate(secret) is None


@pytest.mark.parametrize("scopes", [[], ["root"], ["read", "root"]])
def test_a_key_has_scopes_that_exist(store: Store, scopes: list[str]) -> None:
    with pytest.raises(ValueError, match="expected some of"):
        store.keys.create("laptop", "ann", scopes)  # type: ignore[arg-type]


def test_keys_are_listed_by_owner_or_all(store: Store) -> None:
    one, two = (
        store.keys.create("a", "ann", ["read"])[0],
        store.keys.create("b", "bob", ["read"])[0],
    )
    assert [k.id for k in store.keys.page("ann").items] == [one.id]
    first = store.keys.page(limit=1)
    rest = store.keys.page(limit=1, after=first.after)
    assert {k.id for k in first.items + rest.items} == {one.id, two.id} and rest.after is None


def test_a_link_gives_its_meeting_until_it_is_revoked(store: Store) -> None:
    id = meeting(store).id
    link, token = store.links.create(id, "ann")
    assert store.links.resolve(token) == link and link.meeting == id and link.scope == "read"
    with pytest.raises(LinkMissing):
        store.links.revoke(link.id, "bob")
    store.links.revoke(link.id, "ann")
    assert store.links.resolve(token) is None
    assert [one.id for one in store.links.of(id)] == [link.id]


def test_a_link_ends_when_it_was_said_to(store: Store) -> None:
    _, token = store.links.create(meeting(store).id, "ann", expires=100.0)
    assert store.links.resolve(token, now=99.0) is not None
    assert store.links.resolve(token, now=100.0) is None
    with pytest.raises(MeetingMissing):
        store.links.create("nothing", "ann")


def test_settings_are_each_owners_own(store: Store) -> None:
    assert store.settings.get("ann") == {}
    assert store.settings.merge("ann", {"language": "de", "speakers": 2}) == {
        "language": "de",
        "speakers": 2,
    }
    assert store.settings.merge("ann", {"language": None}) == {"speakers": 2}
    store.settings.put("bob", {"x": [1]})
    store.settings.put("bob", {"y": 2})
    assert store.settings.get("bob") == {"y": 2} and store.settings.get("ann") == {"speakers": 2}
