"""Whether a heading written by a model is made of what was said in the part it names."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stages.summarization.claims import VOCABULARIES
from stages.summarization.numbers import all_values, numbers
from stages.summarization.sentences import Sentence
from stages.summarization.words import UNSPACED, Lexicon, stem, tokens

_LONGEST = 8
_LONGEST_UNSPACED = 16
_NEAR = 5
"""Words from one word of a heading's phrase to the next, at most."""

_JOINTS = re.compile(r",|;|:| and | & | und | et | y |、|和|与|及| - | – ")
_NEUTRAL = {
    "en": "update status review discussion overview results progress plans planning feedback "
    "options questions "
    "summary next steps",
    "zh": "讨论 进展 情况 总结 回顾 计划 安排 问题",
}
"""Words a heading may add, for they say nothing about the subject."""


def sound_heading(text: str, part: Sequence[Sentence], lexicon: Lexicon) -> str | None:
    """`text` as a heading, or None if it says something the part does not.

    The words of each of its phrases must have been said close together and in that order, whatever
    their form: a "translation of the invitation" put together from two subjects names neither.
    """
    language = part[0].language
    text = re.sub(r"\s+", " ", text).strip(" .。\"“”'#*-:")
    if not _short_enough(text, language) or re.search(r"[.!?。！？，]", text):
        return None
    words = VOCABULARIES.get(language)
    if words and any(t in words.personal for t in tokens(text, language)):
        return None
    said = " ".join(s.text for s in part)
    known = all_values(said)
    if any(not n.values & known for n in numbers(text)):
        return None
    homes = _utterances(part)
    carried = 0
    for phrase in _JOINTS.split(text):
        wanted = _carrying(phrase, language, lexicon)
        carried += len(wanted)
        if wanted and not any(_holds(wanted, home) for home in homes):
            return None
    return text[0].upper() + text[1:] if carried else None


def _short_enough(text: str, language: str) -> bool:
    if language in UNSPACED:
        return 2 <= len(text) <= _LONGEST_UNSPACED
    return 1 <= len(text.split()) <= _LONGEST


def _carrying(phrase: str, language: str, lexicon: Lexicon) -> list[str]:
    """The words of a phrase that must have been said, as stems where spaces part words."""
    neutral = {stem(w, language) for w in _NEUTRAL.get(language, "").split()}
    found = [
        t if language in UNSPACED else stem(t, language)
        for t in tokens(phrase, language)
        if lexicon.carries(t, language) and not numbers(t)
    ]
    return [w for w in found if w not in neutral]


def _utterances(part: Sequence[Sentence]) -> list[tuple[list[str], str]]:
    """Stems and text of each utterance, in order."""
    grouped: dict[str, list[Sentence]] = {}
    for s in part:
        grouped.setdefault(s.utterance, []).append(s)
    return [
        (
            [stem(t, s.language) for s in group for t in tokens(s.text, s.language)],
            " ".join(s.text for s in group).casefold(),
        )
        for group in grouped.values()
    ]


def _holds(wanted: Sequence[str], home: tuple[list[str], str]) -> bool:
    """Whether an utterance has the words in this order, no two next ones far apart."""
    stems, text = home
    if any(not w.isascii() for w in wanted):
        place = 0
        for word in wanted:
            place = text.find(word, place) + 1
            if not place:
                return False
        return True
    reached = {i for i, stem_ in enumerate(stems) if stem_ == wanted[0]}
    for word in wanted[1:]:
        reached = {
            i
            for i, stem_ in enumerate(stems)
            if stem_ == word and any(0 < i - before <= _NEAR for before in reached)
        }
    return bool(reached)
