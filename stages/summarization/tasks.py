"""Action items: what somebody took on or was asked to do, who, and by when if that was said.

The owner of "I'll …" is the speaker; of "Anna, can you …" the speaker called Anna, else the name as
said; of an unnamed "can you …" whoever says yes to it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pipeline.types import SpeakerId, UtteranceId
from stages.summarization.cues import does, match
from stages.summarization.dates import due
from stages.summarization.decisions import acceptance
from stages.summarization.people import People
from stages.summarization.sentences import Sentence
from stages.summarization.words import UNSPACED, Lexicon, stem

_SURE = 0.69
"""Strength from which a task stands by its wording."""

_TAGS = re.compile(
    r"(?:,? (?:please|okay|ok|right|then|or something|if that's okay|if that's fine|or not|too"
    r"|as well))+$",
    re.IGNORECASE,
)
_ANSWERS = re.compile(r"^(?:no\b|nope\b|不行|不可以|没时间)", re.IGNORECASE)
_LEADING_ZH = re.compile(
    r"^(?:[\u4e00-\u9fff]{2,4}[，,])?(?:麻烦|请)?(?:我们组|我这边|我|你)(?:来|会|去"
    r"|负责)?(?=.{4})|[，,]?(?:可以|好|行)吗[？?]?$"
)
_WORDS = Lexicon()
_EMPTY = frozenset(
    stem(word, "en")
    for word in (
        "do list check look report write put take handle send calculate go find have know".split()
    )
)


Kind = Literal["promise", "request", "assigned", "needed"]
"""How it was put: "I'll …", "can you …", "Anna will …", "somebody has to …"."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task and the sentences it was taken from.

    text: what to do. context: a sentence without which `text` says too little, or None.
    strength: how plainly it is a task, 0.7 and above by itself. kind: how it was put.
    """

    text: str
    sentences: tuple[Sentence, ...]
    strength: float
    owner: SpeakerId | None = None
    owner_name: str | None = None
    due: str | None = None
    context: Sentence | None = None
    kind: Kind = "promise"

    @property
    def plain(self) -> bool:
        """Whether it stands by its wording alone."""
        return self.strength >= _SURE

    @property
    def doubtful(self) -> bool:
        """Whether the same words are often only a manner of speaking."""
        return self.kind in ("promise", "request") and self.due is None

    @property
    def evidence(self) -> tuple[UtteranceId, ...]:
        """The utterances it rests on, in order."""
        everything = (*self.sentences, *((self.context,) if self.context else ()))
        return tuple(dict.fromkeys(s.utterance for s in sorted(everything, key=lambda s: s.index)))

    @property
    def shown(self) -> str:
        """The task with the sentence it needs to be understood."""
        return f"{self.text} – “{self.context.shown}”" if self.context else self.text


def tasks(sentences: Sequence[Sentence], people: People) -> list[Task]:
    """Every task found, weak ones too, in the order of the meeting; each once."""
    found: list[Task] = []
    for i, s in enumerate(sentences):
        if does("not_task", s.text, s.language):
            continue
        task = (
            _commitment(sentences, i, people, found)
            or _request(sentences, i, people)
            or _third_person(sentences, i, people)
            or _obligation(sentences, i)
        )
        if task:
            _add(task, found)
    return found


def _text(found: re.Match[str], s: Sentence) -> str:
    """The task in the words of the sentence: from its verb on, or the whole where it has none."""
    groups = found.groupdict()
    said = groups.get("task") or groups.get("task2")
    if s.language in UNSPACED:
        said = _LEADING_ZH.sub("", s.shown)
    said = re.sub(r"\s+", " ", said or s.shown).strip(" ,.;!?。？！，")
    said = _TAGS.sub("", said)
    return said[0].upper() + said[1:] if said else s.shown


def _spoken(act: str, s: Sentence) -> re.Match[str] | None:
    """The act in the readable form of a sentence, else in what was said."""
    return match(act, s.shown, s.language) or match(act, s.text, s.language)


def _thin(text: str, when: str | None, s: Sentence) -> bool:
    """Whether a task says nothing by itself: "do that", "put it on the list by Friday"."""
    said = text.replace(when, "") if when else text
    return not set(_WORDS.content(said, s.language)) - _EMPTY


def _commitment(
    sentences: Sequence[Sentence], i: int, people: People, found: list[Task]
) -> Task | None:
    s = sentences[i]
    said = None if s.asks else _spoken("commitment", s)
    if not said:
        return None
    text = _text(said, s)
    offered = bool(re.search(r"\bI can\b", said.group(0), re.I))
    when = due(s.text, s.language)
    strength = 1.0
    if offered:
        taken = acceptance(sentences, i, ("accepts", "agrees")) is not None
        strength = 0.6 + 0.2 * (bool(when) or taken)
    if not _thin(text, when, s):
        return Task(text, (s,), strength, s.speaker, due=when)
    asked = _asked_before(sentences, i, found)
    if asked is not None:
        found.remove(asked)
        return replace(
            asked,
            sentences=(*asked.sentences, s),
            strength=1.0,
            owner=s.speaker,
            owner_name=None,
            due=when or asked.due,
        )
    context = _before(sentences, i)
    if context is None or not _to_be_done(context):
        return None
    return Task(text, (s,), strength, s.speaker, due=when, context=context)


def _to_be_done(s: Sentence) -> bool:
    """Whether a sentence names something that "I'll do that" can mean."""
    return s.asks or any(does(act, s.text, s.language) for act in ("plan", "obligation"))


def _asked_before(sentences: Sequence[Sentence], i: int, found: Sequence[Task]) -> Task | None:
    """The task just asked for, which sentence `i` takes on."""
    if not found:
        return None
    last = found[-1]
    near = sentences[i].index - last.sentences[-1].index <= 4
    free = last.owner in (None, sentences[i].speaker)
    asked = not _spoken("commitment", last.sentences[0])
    return last if near and free and asked else None


def _before(sentences: Sequence[Sentence], i: int) -> Sentence | None:
    """The nearest sentence before `i`, within four, that says something and evades nothing."""
    for k in range(i - 1, max(-1, i - 5), -1):
        s = sentences[k]
        if len(s.content) >= 2 and not does("defers", s.text, s.language):
            return s
    return None


def _request(sentences: Sequence[Sentence], i: int, people: People) -> Task | None:
    s = sentences[i]
    said = _spoken("request", s)
    ordered = None if said else _spoken("order", s)
    found = said or ordered
    if not found:
        return None
    text = _text(found, s)
    name = people.addressed(s.text, s.language)
    owner = people.speaker(name) if name else None
    yes = acceptance(sentences, i)
    if yes is None and _refused(sentences, i):
        return None
    when = due(s.text, s.language)
    if owner is None and name is None:
        owner = sentences[yes].speaker if yes is not None else None
    strength = 0.9 if ordered or yes is not None else 0.5 + 0.2 * bool(when) + 0.2 * bool(name)
    evidence = (s,) if yes is None else (s, sentences[yes])
    context = None
    if _thin(text, when, s):
        context = _before_inside(sentences, i)
        if context is None:
            return None
    if len(text.split()) < 2 and s.language not in UNSPACED:
        return None
    return Task(
        text,
        evidence,
        strength,
        owner,
        None if owner else name,
        due=when,
        context=context,
        kind="request",
    )


def _before_inside(sentences: Sequence[Sentence], i: int) -> Sentence | None:
    """What the same speaker said just before, or what was said to them."""
    before = _before(sentences, i)
    return before if before and _to_be_done(before) else None


def _refused(sentences: Sequence[Sentence], i: int) -> bool:
    following = next(
        (s for s in sentences[i + 1 : i + 4] if s.speaker != sentences[i].speaker), None
    )
    return bool(following and _ANSWERS.match(following.text))


def _third_person(sentences: Sequence[Sentence], i: int, people: People) -> Task | None:
    s = sentences[i]
    if s.asks:
        return None
    said = match("third_person", s.text, s.language)
    name = people.subject(s.text[: said.start()], s.language) if said else None
    if said is None or name is None:
        return None
    owner = people.speaker(name)
    text = _text(said, s)
    when = due(s.text, s.language)
    thin = _thin(text, when, s)
    context = _before_inside(sentences, i) if thin else None
    if thin and context is None:
        return None
    return Task(text, (s,), 0.8, owner, None if owner else name, when, context, "assigned")


def _obligation(sentences: Sequence[Sentence], i: int) -> Task | None:
    s = sentences[i]
    said = None if s.asks else _spoken("obligation", s)
    if not said:
        return None
    somebody = not re.search(r"^we\b", said.group(0), re.I)
    when = due(s.text, s.language)
    strength = 0.7 if somebody else 0.4 + 0.2 * bool(when)
    return Task(_text(said, s), (s,), strength, due=when, kind="needed")


def _add(task: Task, found: list[Task]) -> None:
    """Append `task`, or let it strengthen the one it repeats."""
    content = set(task.sentences[0].content) - _EMPTY
    for k, other in enumerate(found):
        theirs = set(other.sentences[0].content) - _EMPTY
        shared = len(content & theirs)
        owners = task.owner == other.owner or None in (task.owner, other.owner)
        if owners and shared >= 2 and shared >= 0.7 * min(len(content), len(theirs)):
            found[k] = replace(
                other,
                sentences=tuple(dict.fromkeys((*other.sentences, *task.sentences))),
                strength=max(task.strength, other.strength),
                owner=other.owner or task.owner,
                owner_name=other.owner_name if other.owner or not task.owner else None,
                due=other.due or task.due,
            )
            return
    found.append(task)
