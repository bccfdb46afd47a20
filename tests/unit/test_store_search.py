"""Search: what was said is found as people write it, in any script, by its owner only."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import CursorInvalid, MeetingMissing
from pipeline.store import Store
from pipeline.store.columns import cursor
from pipeline.store.words import matches, snippet, terms, tokens
from pipeline.types import Speaker, SpeakerId
from tests.stores import emptied, meeting, utterance

SPEAKERS = (Speaker(SpeakerId("S1"), "Zoë"), Speaker(SpeakerId("S2"), "Bob"))


@pytest.fixture
def archive(store: Store) -> Store:
    """One meeting in English and German, one in Chinese, one of somebody else."""
    one = meeting(store, "ann", title="Planning")
    said = [
        utterance("We moved the budgets to Tuesday.", 0, "S1", "a"),
        utterance("Die Größe des Büros: 40 m², don't ask!", 10, "S2", "b"),
        utterance("Tuesday then, the budget is done", 20, "S2", "c"),
    ]
    store.search.index(one.id, said, SPEAKERS)
    two = meeting(store, "ann", title="例会")
    chinese = utterance("我们讨论了会议纪要和预算", 0, "S1", "z", "zh")
    store.search.index(two.id, [chinese], SPEAKERS)
    other = meeting(store, "bob")
    store.search.index(other.id, [utterance("budget secrets")], SPEAKERS)
    return store


def found(store: Store, text: str, owner: str = "ann", **wanted: object) -> list[str]:
    return [h.utterance for h in store.search.query(owner, text, **wanted).items]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "utterances"),
    [
        ("budget", ["a", "c"]),
        ("BUDGETS", ["a"]),
        ("budget tuesday", ["a", "c"]),
        ('"to tuesday"', ["a"]),
        ('"tuesday to"', []),
        ("grosse buros", ["b"]),
        ("GRÖSSE", ["b"]),
        ("don't", ["b"]),
        ("４０", ["b"]),
        ("4", []),
        ("会议", ["z"]),
        ("议纪", ["z"]),
        ("预算 讨论", ["z"]),
        ("算预", []),
        ("我", ["z"]),
        ("secrets", []),
        ("", []),
        ("…!?", []),
        ('"" OR NEAR( * : ^ -', []),
        ("budget OR", []),
        ("budget') --", ["a", "c"]),
    ],
)
def test_what_was_said_is_found(archive: Store, text: str, utterances: list[str]) -> None:
    assert found(archive, text) == utterances


def test_hits_say_where_they_are(archive: Store) -> None:
    hit = archive.search.query("ann", "budgets").items[0]
    assert (hit.title, hit.start, hit.end, hit.speaker_name) == ("Planning", 0.0, 6.0, "Zoë")
    assert [hit.snippet[a:b] for a, b in hit.marks] == ["budgets"]


def test_a_search_can_be_narrowed_to_a_speaker_and_a_time(archive: Store) -> None:
    assert found(archive, "budget", speaker="ZOË") == ["a"]
    assert found(archive, "budget", speaker="nobody") == []
    created = archive.meetings.page("ann", text="planning").items[0].created
    assert found(archive, "budget", since=created, until=created) == ["a", "c"]
    assert found(archive, "budget", since=created + 1) == []
    assert found(archive, "budget", until=created - 1) == []


def test_a_renamed_speaker_is_found_by_the_new_name(archive: Store) -> None:
    id = archive.meetings.page("ann", text="planning").items[0].id
    archive.search.rename(id, SpeakerId("S1"), "Ada")
    assert found(archive, "budget", speaker="ada") == ["a"]
    assert found(archive, "预算", speaker="Zoë") == ["z"]


def test_indexing_again_takes_the_place_of_what_was_there(archive: Store) -> None:
    id = archive.meetings.page("ann", text="planning").items[0].id
    archive.search.index(id, [utterance("Wednesday", name="n")], SPEAKERS)
    assert found(archive, "budget") == [] and found(archive, "wednesday") == ["n"]
    archive.search.drop(id)
    assert found(archive, "wednesday") == []
    with pytest.raises(MeetingMissing):
        archive.search.index("nothing", [utterance("x")], SPEAKERS)


def test_pages_hold_every_hit_once(store: Store) -> None:
    for _ in range(2):
        said = [utterance("so it is", 5 * i, name=f"u{i}") for i in range(4)]
        store.search.index(meeting(store).id, said, SPEAKERS)
    seen: list[tuple[str, str]] = []
    after = None
    while True:
        page = store.search.query("ann", "so", limit=3, after=after)
        seen += [(h.meeting, h.utterance) for h in page.items]
        after = page.after
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 8
    assert [u for _, u in seen] == ["u0", "u1", "u2", "u3"] * 2
    with pytest.raises(CursorInvalid):
        store.search.query("ann", "so", after=cursor(1.0, "x"))


TEXTS = st.text(st.characters(exclude_categories=()), min_size=1, max_size=12)


@given(text=TEXTS, other=TEXTS)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
def test_any_utterance_is_found_by_its_own_words(store: Store, text: str, other: str) -> None:
    emptied(store)
    words = f"{text} {other}"
    said = utterance(f"x {words}")
    store.search.index(meeting(store).id, [said], SPEAKERS)
    query = words.replace('"', " ")
    expected = ["u1"] if terms(query) and matches(said.text, terms(query)) else []
    assert found(store, query) == expected or not terms(query)
    if terms(query):
        assert found(store, query) == ["u1"]
    found(store, words)


@given(TEXTS, TEXTS)
def test_a_snippet_shows_what_matched(text: str, query: str) -> None:
    wanted = terms(query)
    whole = f"{'lead ' * 60}{text} tail{' tail' * 90}"
    shown, marks = snippet(whole, wanted)
    assert len(shown) <= 202
    spans = matches(whole, wanted)
    assert bool(marks) == bool(spans)
    for start, end in marks:
        assert 0 <= start < end <= len(shown)
    if spans and spans[0][1] - spans[0][0] < 60:
        assert shown[slice(*marks[0])] == whole[slice(*spans[0])]


def test_scripts_without_spaces_are_taken_character_by_character() -> None:
    assert [t.word for t in tokens("用Python写 ไทย")] == ["用", "python", "写", "ไ", "ท", "ย"]
    assert [t.word for t in tokens("हिन्दी 회의를")] == ["हिन्दी", "회의를"]
    assert [t.words for t in terms("会议plan纪要")] == [("会", "议"), ("plan",), ("纪", "要")]
