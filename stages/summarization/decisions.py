"""Decisions, each with the sentences that state it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.types import UtteranceId
from stages.summarization.cues import does, settles
from stages.summarization.sentences import Sentence
from stages.summarization.words import UNSPACED

_SURE = 0.79

_NEAR = 6
"""Sentences back in which a decision may have been stated that is only confirmed here."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A sentence that settles something and those it needs to be understood.

    strength: 1 where the wording alone decides, less where it takes the place it stands in;
    0.8 and above stands without anybody else's judgement.
    """

    sentences: tuple[Sentence, ...]
    strength: float

    @property
    def plain(self) -> bool:
        """Whether it stands by its wording and the answer it got."""
        return self.strength >= _SURE

    @property
    def text(self) -> str:
        """The sentences as said, a change of speaker marked by a dash."""
        return quoted(self.sentences)

    @property
    def evidence(self) -> tuple[UtteranceId, ...]:
        """The utterances it rests on."""
        return tuple(dict.fromkeys(s.utterance for s in self.sentences))

    @property
    def content(self) -> frozenset[str]:
        """Stems of what it is about."""
        return frozenset(stem for s in self.sentences for stem in s.content)


def quoted(sentences: Sequence[Sentence]) -> str:
    """Sentences as one text; a change of speaker within is marked by a dash."""
    text = ""
    for i, s in enumerate(sentences):
        if i and s.speaker != sentences[i - 1].speaker:
            text += " – "
        elif i and s.language not in UNSPACED:
            text += " "
        text += s.shown
    return text


def decisions(sentences: Sequence[Sentence]) -> list[Decision]:
    """What was settled, in order; a confirmation of something already found is left out."""
    found: list[Decision] = []
    last = -_NEAR
    for i in range(len(sentences)):
        strength = settles(sentences, i)
        if not strength or (found and sentences[i] in found[-1].sentences):
            continue
        if strength < 1 and accepted(sentences, i):
            strength += 0.2
        members = _members(sentences, i, confirmed=i - last <= _NEAR)
        if members:
            decision = Decision(tuple(sentences[k] for k in members), strength)
            if found and _goes_on(found[-1], decision):
                found[-1] = Decision(
                    (*found[-1].sentences, *decision.sentences),
                    max(strength, found[-1].strength),
                )
            elif not any(_same(decision, other) for other in found):
                found.append(decision)
            last = i
    return found


def _members(sentences: Sequence[Sentence], i: int, confirmed: bool) -> list[int]:
    """The sentences that say what sentence `i` settles; none if it only confirms."""
    if _self_contained(sentences[i]):
        return [i]
    following = i + 1
    if not _refers(sentences[i]):
        return []
    if (
        following < len(sentences)
        and sentences[following].utterance == sentences[i].utterance
        and len(sentences[following].content) >= 3
        and not sentences[following].asks
        and not does("commitment", sentences[following].text, sentences[following].language)
    ):
        return [i, following]
    if confirmed:
        return []
    for before in range(i - 1, max(-1, i - 4), -1):
        s = sentences[before]
        if len(s.content) >= 3:
            planned = any(does(act, s.text, s.language) for act in ("plan", "proposes"))
            return [before, i] if planned else []
    return []


def _refers(s: Sentence) -> bool:
    """Whether a decision stands for what was said around it: "let's do that"."""
    return s.language in UNSPACED or bool(re.search(r"\b(?:it|that|this|so)\b", s.shown, re.I))


def _self_contained(s: Sentence) -> bool:
    words = len(set(s.content))
    return words >= 3 or (words == 2 and not re.search(r"\b(?:it|that|this)\b", s.shown, re.I))


def accepted(sentences: Sequence[Sentence], i: int) -> bool:
    """Whether somebody else agrees within the next two utterances."""
    return acceptance(sentences, i, ("accepts", "agrees")) is not None


def acceptance(
    sentences: Sequence[Sentence], i: int, acts: Sequence[str] = ("accepts",)
) -> int | None:
    """The sentence in which somebody else says yes to sentence `i`, within two utterances."""
    seen: set[UtteranceId] = set()
    for k in range(i + 1, min(len(sentences), i + 10)):
        s = sentences[k]
        if s.utterance == sentences[i].utterance:
            continue
        seen.add(s.utterance)
        if len(seen) > 2:
            return None
        others = s.speaker != sentences[i].speaker
        if others and s.position < 2 and any(does(act, s.text, s.language) for act in acts):
            return k
    return None


def _goes_on(one: Decision, other: Decision) -> bool:
    """Whether the same speaker says the second in the very next sentence."""
    last, first = one.sentences[-1], other.sentences[0]
    return last.utterance == first.utterance and last.index + 1 == first.index


def _same(one: Decision, other: Decision) -> bool:
    shared = len(one.content & other.content)
    return shared >= 0.7 * max(1, min(len(one.content), len(other.content)))
