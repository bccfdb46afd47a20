"""Minutes: what a meeting came to, each item resting on utterances that can be heard."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.types import Span, SpeakerId, UtteranceId


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence and the utterances it rests on (at least one).

    extractive: the text is a quotation of its evidence; False where a language model wrote it, or
    a rule put it in the third person, and the checks let it pass.
    """

    text: str
    evidence: tuple[UtteranceId, ...]
    extractive: bool = True


@dataclass(frozen=True, slots=True)
class Chapter:
    """A stretch of the meeting about one thing.

    title: a few words. summary: statements in the order of the meeting. span: seconds.
    """

    title: str
    span: Span
    summary: tuple[Statement, ...]
    utterances: tuple[UtteranceId, ...]


@dataclass(frozen=True, slots=True)
class ActionItem:
    """Something somebody is to do.

    owner: the speaker who took it or None; owner_name: a name said in the evidence, where someone
    else was asked. due: the words said about when, never a computed date; None if nothing was said.
    """

    task: str
    evidence: tuple[UtteranceId, ...]
    owner: SpeakerId | None = None
    owner_name: str | None = None
    due: str | None = None
    extractive: bool = True


@dataclass(frozen=True, slots=True)
class Keyword:
    """A term the meeting turned on; weight in (0, 1], 1 for the strongest."""

    term: str
    weight: float
    evidence: tuple[UtteranceId, ...]


@dataclass(frozen=True, slots=True)
class TalkTime:
    """How long one speaker spoke: seconds, and the share of all speech in [0, 1]."""

    speaker: SpeakerId
    seconds: float
    share: float


@dataclass(frozen=True, slots=True)
class Minutes:
    """The meeting in short.

    method: "extractive", or the name of the language model that rewrote the evidence.
    notes: what a reader should know about how these came about (model missing, checks failed…).
    """

    title: str
    overview: tuple[Statement, ...]
    chapters: tuple[Chapter, ...]
    decisions: tuple[Statement, ...]
    action_items: tuple[ActionItem, ...]
    questions: tuple[Statement, ...]
    keywords: tuple[Keyword, ...]
    talk_time: tuple[TalkTime, ...]
    language: str | None
    method: str = "extractive"
    notes: tuple[str, ...] = ()
