"""Who a name or a "you" means."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.types import SpeakerId, Transcript
from stages.summarization.sentences import Sentence
from stages.summarization.words import UNSPACED, Lexicon, base

_LABEL = re.compile(r"^\W*(?:speaker|sprecher|说话人)\W*\d*\W*$", re.IGNORECASE)
_NAME = r"[A-ZÀ-ÖØ-ÞА-Я][^\W\d_]+(?:-[A-Z][^\W\d_]+)?"
_OPENING = (
    r"^(?:(?:okay|ok|and|so|then|but|also|alright|good|great|perfect|right|yes|thanks|um|uh),?\s+)*"
)
_VOCATIVE = (
    re.compile(rf"{_OPENING}(?P<name>{_NAME}),?\s+(?:can|could|would|will|please|maybe|do|did)\b"),
    re.compile(rf"{_OPENING}(?P<name>{_NAME}),\s"),
    re.compile(rf",\s+(?P<name>{_NAME})[?.!]$"),
)
_VOCATIVE_ZH = re.compile(r"(?:^|[，,。])(?P<name>[\u4e00-\u9fff]{2,4})[，,]?(?:麻烦)?你")
_SUBJECT = re.compile(rf"(?:^|[\s,])(?P<name>{_NAME}),?\s*$")


class People:
    """The people of a meeting: those who speak, and the names that are said.

    Only names somebody gave count; "Speaker 2" is a label no one is called by.
    """

    def __init__(self, transcript: Transcript, sentences: Sequence[Sentence], lexicon: Lexicon):
        self._by_name: dict[str, SpeakerId | None] = {}
        for speaker in transcript.speakers:
            if speaker.name and not _LABEL.match(speaker.name):
                for key in {speaker.name.casefold(), speaker.name.split()[0].casefold()}:
                    taken = key in self._by_name
                    self._by_name[key] = None if taken else speaker.id
        self._said = _names_said(sentences, lexicon)
        self.called = frozenset(
            name for s in sentences if (name := self.addressed(s.text, s.language)) is not None
        )
        """Names somebody was called by."""

    def speaker(self, name: str) -> SpeakerId | None:
        """The one speaker called `name`, in full or by the first name."""
        return self._by_name.get(name.casefold())

    def is_name(self, word: str) -> bool:
        """Whether `word` names somebody or something, going by how it is written elsewhere."""
        return word.casefold() in self._by_name or word in self._said

    def addressed(self, text: str, language: str) -> str | None:
        """The name a sentence calls somebody by, if any."""
        if language in UNSPACED:
            found = _VOCATIVE_ZH.search(text)
            name = found.group("name") if found else None
            return next((n for n in _tails(name) if n.casefold() in self._by_name), None)
        for pattern in _VOCATIVE:
            found = pattern.search(text)
            if found and self.is_name(found.group("name")):
                return found.group("name")
        return None

    def subject(self, before: str, language: str) -> str | None:
        """The name that ends `before`, the text in front of a verb."""
        if language in UNSPACED:
            return next((n for n in _tails(before[-4:]) if n.casefold() in self._by_name), None)
        found = _SUBJECT.search(before)
        return found.group("name") if found and self.is_name(found.group("name")) else None


def _tails(text: str | None) -> list[str]:
    return [text[k:] for k in range(len(text) - 1)] if text else []


def _names_said(sentences: Sequence[Sentence], lexicon: Lexicon) -> frozenset[str]:
    """Words written with a capital inside sentences, or as an address, and never without."""
    capital: set[str] = set()
    small: set[str] = set()
    for s in sentences:
        if s.language in UNSPACED or s.language == "de":
            continue
        words = re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", s.text)
        small.update(w.casefold() for w in words if w[0].islower())
        capital.update(w for w in words[1:] if w[0].isupper() and not w.isupper())
        found = _VOCATIVE[0].search(s.text)
        if found:
            capital.add(found.group("name"))
    return frozenset(
        w
        for w in capital
        if w.casefold() not in small
        and base(w.casefold()) not in lexicon.function("en")
        and w.casefold() not in _CALENDAR
    )


_CALENDAR = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april may "
    "june "
    "july august september october november december easter christmas".split()
)
