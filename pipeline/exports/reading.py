"""What every readable format says, in the order it says it; how it looks is the format's own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.minutes import ActionItem, Minutes, Statement
from pipeline.types import Span, SpeakerId, Transcript, Utterance, UtteranceId, clock, join_words

UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML or UTF-8 forbids or that a terminal obeys."""


@dataclass(frozen=True, slots=True)
class ExportContext:
    """What a recording is called: `stem` in file names and session ids, `title` to readers."""

    stem: str
    title: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A piece of evidence: the anchor of its utterance, and when it begins, as people read it."""

    anchor: str
    time: str


@dataclass(frozen=True, slots=True)
class Point:
    """A sentence of the minutes and where it comes from."""

    text: str
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """An action item; owner and due are empty if nothing was said."""

    task: str
    owner: str
    due: str
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with points or tasks under it; `level` 1 is a part of the minutes, 2 a chapter."""

    title: str
    points: tuple[Point, ...] = ()
    tasks: tuple[Task, ...] = ()
    level: int = 1


@dataclass(frozen=True, slots=True)
class Passage:
    """An utterance as it is read, or (speaker None) a stretch of speech without words."""

    anchor: str
    time: str
    speaker: str | None
    text: str


def one_line(text: str) -> str:
    """`text` without line breaks and characters that cannot be printed, spaces made single."""
    return " ".join(UNPRINTABLE.sub("\ufffd", text).split())


def spoken(utterance: Utterance) -> str:
    """The utterance's words as one line."""
    return one_line(join_words(utterance.words))


def labels(transcript: Transcript) -> dict[SpeakerId, str]:
    """A name for each speaker, on one line and never the same for two."""
    speakers = [s.id for s in transcript.speakers]
    speakers += [u.speaker for u in transcript.utterances] + [t.speaker for t in transcript.turns]
    names: dict[SpeakerId, str] = {}
    for speaker in dict.fromkeys(speakers):
        name = plain = one_line(transcript.name_of(speaker)) or one_line(speaker) or "Speaker"
        count = 1
        while name in names.values():
            count += 1
            name = f"{plain} ({count})"
        names[speaker] = name
    return names


class Reading:
    """A transcript and its minutes, ready to be laid out."""

    def __init__(self, transcript: Transcript, minutes: Minutes | None, context: ExportContext):
        self.transcript, self.minutes = transcript, minutes
        self.title = one_line(context.title) or one_line(context.stem)
        self.names = labels(transcript)
        self._references = {
            u.id: Reference(f"u{i}", clock(u.span.start) if u.words else "")
            for i, u in enumerate(transcript.utterances, 1)
        }

    @property
    def facts(self) -> str:
        """Length, speakers and language, as one line."""
        transcript, heard = self.transcript, dict.fromkeys(u.speaker for u in self.utterances)
        facts = [f"Length {clock(transcript.duration)}"]
        if heard:
            facts.append("Speakers: " + ", ".join(self.names[s] for s in heard))
        if transcript.language:
            facts.append(f"Language: {one_line(transcript.language)}")
        if transcript.coverage.gaps:
            facts.append(f"{transcript.coverage.ratio:.0%} of the speech transcribed")
        return " · ".join(facts)

    @property
    def notices(self) -> list[str]:
        """What a reader must know before trusting the rest."""
        notices = []
        if self.transcript.partial:
            partial = one_line(self.transcript.partial)
            notices.append(f"Only part of the recording could be read: {partial}")
        notices += map(one_line, self.transcript.warnings)
        return notices

    @property
    def utterances(self) -> list[Utterance]:
        """Those with words."""
        return [u for u in self.transcript.utterances if u.words]

    @property
    def passages(self) -> list[Passage]:
        """Utterances and untranscribed stretches by the time they begin."""
        items: list[Utterance | Span] = list(self.utterances)
        for gap in self.transcript.coverage.gaps:
            later = (i for i, item in enumerate(items) if _start(item) > gap.start)
            items.insert(next(later, len(items)), gap)
        return [self._passage(item) for item in items]

    @property
    def sections(self) -> list[Section]:
        """The minutes, what is short and wanted first before the chapters."""
        if (minutes := self.minutes) is None:
            return []
        sections = [
            Section("Overview", self._points(minutes.overview)),
            Section("Decisions", self._points(minutes.decisions)),
            Section("Action items", tasks=tuple(map(self._task, minutes.action_items))),
            Section("Open questions", self._points(minutes.questions)),
        ]
        sections = [s for s in sections if s.points or s.tasks]
        if minutes.chapters:
            sections.append(Section("Chapters"))
        for chapter in minutes.chapters:
            times = f"{clock(chapter.span.start)}–{clock(chapter.span.end)}"
            title = f"{times} {one_line(chapter.title)}"
            sections.append(Section(title, self._points(chapter.summary), level=2))
        return sections

    @property
    def keywords(self) -> list[str]:
        """The terms, strongest first."""
        keywords = self.minutes.keywords if self.minutes else ()
        return [one_line(k.term) for k in sorted(keywords, key=lambda k: -k.weight)]

    @property
    def talk_time(self) -> list[tuple[str, str, str]]:
        """Speaker, time and share of all speech."""
        times = self.minutes.talk_time if self.minutes else ()
        return [
            (self.names.get(t.speaker, one_line(t.speaker)), clock(t.seconds), f"{t.share:.0%}")
            for t in times
        ]

    @property
    def method(self) -> list[str]:
        """How the minutes came about."""
        if self.minutes is None:
            return []
        by = one_line(self.minutes.method)
        how = (
            "These minutes are quotations chosen from the transcript."
            if by == "extractive"
            else f"These minutes were written by the language model {by} from quotations of the "
            "transcript; check what matters against the times given."
        )
        return [how, *map(one_line, self.minutes.notes)]

    def _passage(self, item: Utterance | Span) -> Passage:
        if isinstance(item, Span):
            times = f"{clock(item.start)}–{clock(item.end)}"
            return Passage("", clock(item.start), None, f"[speech not transcribed {times}]")
        reference = self._references[item.id]
        return Passage(reference.anchor, reference.time, self.names[item.speaker], spoken(item))

    def _points(self, statements: Sequence[Statement]) -> tuple[Point, ...]:
        return tuple(Point(self._worded(s), self._cited(s.evidence)) for s in statements)

    def _worded(self, statement: Statement) -> str:
        """The sentence; a quotation with who said it, since its "I" is nobody's otherwise."""
        text = one_line(statement.text)
        said = next((u for u in self.transcript.utterances if u.id in statement.evidence[:1]), None)
        return f"{self.names[said.speaker]}: “{text}”" if statement.extractive and said else text

    def _cited(self, evidence: tuple[UtteranceId, ...]) -> tuple[Reference, ...]:
        return tuple(self._references[e] for e in evidence if e in self._references)

    def _task(self, item: ActionItem) -> Task:
        owner = item.owner_name or (self.names.get(item.owner, item.owner) if item.owner else "")
        due, cited = one_line(item.due or ""), self._cited(item.evidence)
        return Task(one_line(item.task), one_line(owner), due, cited)


def _start(item: Utterance | Span) -> float:
    return item.start if isinstance(item, Span) else item.span.start
