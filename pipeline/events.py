"""Events: the only thing of a meeting that crosses processes and reaches screens.

A meeting is the fold of its events by `reduce`; what the server calls the transcript and what a
client shows are the same fold. Durable events carry a sequence number, volatile ones None.

| type | payload |
|---|---|
| meeting.started | title, duration (seconds as the file says, or null; meeting.ended knows) |
| stage.progress (volatile) | stage, done (in [0, 1]) |
| utterance.partial (volatile) | text, start, end: heard, not yet attributed |
| speaker.joined, speaker.renamed | a Speaker |
| utterance.final, utterance.revised | an Utterance |
| minutes.final | Minutes |
| warning | text |
| meeting.ended | language, duration, coverage, turns, partial; minutes.final may follow |
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from pydantic import TypeAdapter

from pipeline.minutes import Minutes
from pipeline.types import (
    Coverage,
    Speaker,
    SpeakerTurn,
    Transcript,
    Utterance,
)

EventType = Literal[
    "meeting.started",
    "stage.progress",
    "utterance.partial",
    "speaker.joined",
    "speaker.renamed",
    "utterance.final",
    "utterance.revised",
    "minutes.final",
    "warning",
    "meeting.ended",
]
EVENT_TYPES: tuple[str, ...] = get_args(EventType)
VOLATILE = frozenset({"stage.progress", "utterance.partial"})
"""Types that are shown and forgotten."""


@dataclass(frozen=True, slots=True)
class MeetingEvent:
    """Something that happened in a meeting.

    seq: its place in the meeting's log, None for volatile events. at: Unix time in seconds.
    payload: JSON values only.
    """

    seq: int | None
    type: EventType
    at: float
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class MeetingView:
    """What somebody who has followed the events knows."""

    title: str = ""
    transcript: Transcript = field(
        default_factory=lambda: Transcript((), (), None, 0.0, Coverage(0.0, 0.0))
    )
    minutes: Minutes | None = None
    progress: dict[str, float] = field(default_factory=dict)
    ended: bool = False


def jsonable(value: object) -> Any:
    """A value of ours as JSON values."""
    return _adapter(type(value)).dump_python(value, mode="json")


def as_json(value: object) -> bytes:
    """A value of ours as JSON text, UTF-8."""
    return _adapter(type(value)).dump_json(value)


def reduce(view: MeetingView, event: MeetingEvent) -> MeetingView:
    """What is known after `event`; unknown types change nothing."""
    step = _REDUCERS.get(event.type)
    return step(view, event.payload) if step else view


def replay(events: Iterable[MeetingEvent]) -> MeetingView:
    """What is known after all `events`."""
    view = MeetingView()
    for event in events:
        view = reduce(view, event)
    return view


_adapters: dict[Any, TypeAdapter[Any]] = {}


def _adapter(type_: Any) -> TypeAdapter[Any]:
    if type_ not in _adapters:
        _adapters[type_] = TypeAdapter(type_)
    return _adapters[type_]


def _started(view: MeetingView, payload: dict[str, Any]) -> MeetingView:
    transcript = replace(view.transcript, duration=payload["duration"] or 0.0)
    return replace(view, title=payload["title"], transcript=transcript)


def _progress(view: MeetingView, payload: dict[str, Any]) -> MeetingView:
    return replace(view, progress=view.progress | {payload["stage"]: payload["done"]})


def _speaker(view: MeetingView, payload: dict[str, Any]) -> MeetingView:
    speaker: Speaker = _adapter(Speaker).validate_python(payload)
    known = {s.id: s for s in view.transcript.speakers} | {speaker.id: speaker}
    return replace(view, transcript=replace(view.transcript, speakers=tuple(known.values())))


def _utterance(view: MeetingView, payload: dict[str, Any]) -> MeetingView:
    utterance: Utterance = _adapter(Utterance).validate_python(payload)
    said = view.transcript.utterances
    if utterance.revision == 0 and (not said or said[-1].span < utterance.span):
        return replace(view, transcript=replace(view.transcript, utterances=(*said, utterance)))
    known = {u.id: u for u in view.transcript.utterances}
    before = known.get(utterance.id)
    if before is not None and before.revision > utterance.revision:
        return view
    known[utterance.id] = utterance
    ordered = sorted(known.values(), key=lambda u: (u.span, u.id))
    return replace(view, transcript=replace(view.transcript, utterances=tuple(ordered)))


def _minutes(view: MeetingView, payload: dict[str, Any]) -> MeetingView:
    return replace(view, minutes=_adapter(Minutes).validate_python(payload))


def _warning(view: MeetingView, payload: dict[str, Any]) -> MeetingView:
    warnings = (*view.transcript.warnings, payload["text"])
    return replace(view, transcript=replace(view.transcript, warnings=warnings))


def _ended(view: MeetingView, payload: dict[str, Any]) -> MeetingView:
    transcript = replace(
        view.transcript,
        language=payload["language"],
        duration=payload["duration"],
        coverage=_adapter(Coverage).validate_python(payload["coverage"]),
        turns=_adapter(tuple[SpeakerTurn, ...]).validate_python(payload["turns"]),
        partial=payload["partial"],
    )
    return replace(view, transcript=transcript, ended=True)


_REDUCERS: dict[str, Any] = {
    "meeting.started": _started,
    "stage.progress": _progress,
    "speaker.joined": _speaker,
    "speaker.renamed": _speaker,
    "utterance.final": _utterance,
    "utterance.revised": _utterance,
    "minutes.final": _minutes,
    "warning": _warning,
    "meeting.ended": _ended,
}
