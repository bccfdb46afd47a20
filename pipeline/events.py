"""Events: the only thing of a meeting that crosses processes and reaches screens.

A meeting is the fold of its events by `reduce`; what the server calls the transcript and what a
client shows are the same fold. Durable events carry a sequence number, volatile ones None.

| type | payload |
|---|---|
| meeting.started | title, duration (seconds as the file says, or null; meeting.ended knows) |
| stage.progress (volatile) | stage, done (in [0, 1]) |
| utterance.partial (volatile) | text, start, end: heard, not yet attributed; until |
| speaker.joined, speaker.renamed | a Speaker |
| utterance.final, utterance.revised | an Utterance |
| transcript.reset | nothing: a later pass begins, see below |
| minutes.final | Minutes |
| warning | text |
| meeting.ended | language, duration, coverage, turns, partial; minutes.final may follow |

Partials come in any order. `until`: seconds before which none is missing any more; what an earlier
run had already heard is not told again, and `until` then stays before it.

A later pass over the same meeting begins with `transcript.reset`, after which all that is known is
the title. What people corrected is not kept by the fold: whoever writes the pass carries it over
(`pipeline.corrections`) and appends the reset and the whole pass as one batch.
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
    UtteranceId,
)

EventType = Literal[
    "meeting.started",
    "stage.progress",
    "utterance.partial",
    "speaker.joined",
    "speaker.renamed",
    "utterance.final",
    "utterance.revised",
    "transcript.reset",
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
    """What is known after `event`; unknown types change nothing.

    Copies what is known; to follow many events see `Fold`.
    """
    step = _REDUCERS.get(event.type)
    return step(view, event.payload) if step else view


def replay(events: Iterable[MeetingEvent]) -> MeetingView:
    """What is known after all `events`: the same as folding `reduce`, in n log n."""
    fold = Fold()
    for event in events:
        fold.add(event)
    return fold.view


class Fold:
    """The fold of events so far, for whoever follows many: each takes constant time.

    What grows is kept by id, outside the view, and put in order when the view is asked for.
    """

    def __init__(self, view: MeetingView | None = None) -> None:
        self._rest = view or MeetingView()
        self._take_apart()

    def add(self, event: MeetingEvent) -> None:
        """Take in one event more."""
        match event.type:
            case "utterance.final" | "utterance.revised":
                _put(self._utterances, _adapter(Utterance).validate_python(event.payload))
            case "speaker.joined" | "speaker.renamed":
                speaker: Speaker = _adapter(Speaker).validate_python(event.payload)
                self._speakers[speaker.id] = speaker
            case "warning":
                self._warnings.append(event.payload["text"])
            case "transcript.reset":
                self._rest = reduce(self._rest, event)
                self._take_apart()
            case _:
                self._rest = reduce(self._rest, event)

    @property
    def view(self) -> MeetingView:
        """What is known by now; sorts the utterances."""
        transcript = replace(
            self._rest.transcript,
            utterances=_ordered(self._utterances),
            speakers=tuple(self._speakers.values()),
            warnings=tuple(self._warnings),
        )
        return replace(self._rest, transcript=transcript)

    def _take_apart(self) -> None:
        known = self._rest.transcript
        self._utterances = {u.id: u for u in known.utterances}
        self._speakers = {s.id: s for s in known.speakers}
        self._warnings = list(known.warnings)


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
    if (not said or said[-1].span < utterance.span) and all(u.id != utterance.id for u in said):
        return replace(view, transcript=replace(view.transcript, utterances=(*said, utterance)))
    known = {u.id: u for u in said}
    _put(known, utterance)
    return replace(view, transcript=replace(view.transcript, utterances=_ordered(known)))


def _put(known: dict[UtteranceId, Utterance], utterance: Utterance) -> None:
    """An utterance in place of earlier revisions of itself."""
    before = known.get(utterance.id)
    if before is None or before.revision <= utterance.revision:
        known[utterance.id] = utterance


def _ordered(known: dict[UtteranceId, Utterance]) -> tuple[Utterance, ...]:
    return tuple(sorted(known.values(), key=lambda u: (u.span, u.id)))


def _reset(view: MeetingView, _: dict[str, Any]) -> MeetingView:
    return MeetingView(title=view.title)


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
    "transcript.reset": _reset,
    "minutes.final": _minutes,
    "warning": _warning,
    "meeting.ended": _ended,
}
