"""The fold of events: one result however it is folded, and a later pass that starts afresh."""

from __future__ import annotations

from functools import reduce as fold
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.corrections import carried
from pipeline.editing import reworded
from pipeline.events import Fold, MeetingEvent, MeetingView, jsonable, reduce, replay
from pipeline.types import (
    Coverage,
    Span,
    Speaker,
    SpeakerId,
    Transcript,
    Utterance,
    UtteranceId,
    Word,
)

NAMES = st.sampled_from("abcd")


def event(type_: Any, payload: dict[str, Any]) -> MeetingEvent:
    return MeetingEvent(1, type_, 0.0, payload)


@st.composite
def utterances(draw: st.DrawFn) -> Utterance:
    start, length = draw(st.integers(0, 20)), draw(st.integers(0, 5))
    word = Word(draw(NAMES), Span(start, start + length), 1.0)
    return Utterance(
        UtteranceId(draw(NAMES)), SpeakerId(draw(NAMES)), (word,), "en", draw(st.integers(0, 2))
    )


SPEAKERS = st.builds(Speaker, NAMES.map(SpeakerId), NAMES, st.just(1.0), st.booleans())
ENDED = {
    "language": "en",
    "duration": 9.0,
    "coverage": jsonable(Coverage(1.0, 1.0)),
    "turns": [],
    "partial": None,
}
EVENTS = st.one_of(
    utterances().map(lambda u: event("utterance.final", jsonable(u))),
    utterances().map(lambda u: event("utterance.revised", jsonable(u))),
    SPEAKERS.map(lambda s: event("speaker.joined", jsonable(s))),
    NAMES.map(lambda t: event("warning", {"text": t})),
    NAMES.map(lambda t: event("meeting.started", {"title": t, "duration": 3.0})),
    NAMES.map(lambda t: event("stage.progress", {"stage": t, "done": 0.5})),
    st.just(event("meeting.ended", ENDED)),
    st.just(event("transcript.reset", {})),
    st.just(event("of.another.version", {"x": 1})),
)
LOGS = st.lists(EVENTS, max_size=30)


@given(LOGS)
def test_replaying_is_folding_event_by_event(log: list[MeetingEvent]) -> None:
    assert replay(log) == fold(reduce, log, MeetingView())


@given(LOGS, LOGS)
def test_a_fold_goes_on_from_any_view(before: list[MeetingEvent], log: list[MeetingEvent]) -> None:
    following = Fold(replay(before))
    for one in log:
        following.add(one)
    assert following.view == replay([*before, *log])


@given(LOGS)
def test_utterances_stay_in_order_and_each_is_there_once(log: list[MeetingEvent]) -> None:
    said = replay(log).transcript.utterances
    assert [u.span for u in said] == sorted(u.span for u in said)
    assert len({u.id for u in said}) == len(said)


@given(LOGS, LOGS)
def test_after_a_reset_only_the_title_is_left_of_what_came_before(
    before: list[MeetingEvent], log: list[MeetingEvent]
) -> None:
    reset = event("transcript.reset", {})
    title = replay(before).title
    fresh = [event("meeting.started", {"title": title, "duration": None}), *log]
    assert replay([*before, reset, *log]) == replay(fresh)


def transcript(said: list[Utterance]) -> Transcript:
    kept = {u.id: u for u in said if u.revision == 0}
    ordered = tuple(sorted(kept.values(), key=lambda u: (u.span, u.id)))
    speakers = tuple(Speaker(s, str(s)) for s in dict.fromkeys(u.speaker for u in ordered))
    return Transcript(ordered, speakers, None, 0.0, Coverage(0.0, 0.0))


@given(st.lists(utterances()), st.lists(utterances()), st.data())
def test_a_later_pass_written_with_the_corrections_shows_them_and_nothing_of_the_first(
    first: list[Utterance], second: list[Utterance], data: st.DataObject
) -> None:
    before = transcript(first)
    fixed = [reworded(u, "fixed") for u in before.utterances if data.draw(st.booleans())]
    log = [event("speaker.joined", jsonable(s)) for s in before.speakers]
    log += [event("utterance.final", jsonable(u)) for u in before.utterances]
    log += [event("utterance.revised", jsonable(u)) for u in fixed]
    after = carried(replay(log).transcript, transcript(second))
    log.append(event("transcript.reset", {}))
    log += [event("speaker.joined", jsonable(s)) for s in after.speakers]
    log += [event("utterance.final", jsonable(u)) for u in after.utterances]
    view = replay(log)
    assert {u.id: u for u in view.transcript.utterances} == {u.id: u for u in after.utterances}
    shown = [(u.id, u.text, u.revision) for u in view.transcript.utterances if u.corrected]
    assert sorted(shown) == sorted((u.id, "fixed", 1) for u in fixed)
