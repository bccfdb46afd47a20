"""What a sentence does, as far as its wording tells: decides, promises, asks, puts off, opens.

The patterns favour precision: a promise overlooked is a gap that the transcript fills, a promise
invented is a false record. Languages without patterns yield nothing here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from stages.summarization.patterns import PATTERNS
from stages.summarization.sentences import Sentence

_READ_ALOUD = 0.004
"""Words of give and take (okay, yeah, um) a word, below which speech is read out or recited."""


@cache
def _compiled(language: str) -> dict[str, re.Pattern[str]]:
    patterns = PATTERNS.get(language)
    return patterns.compiled() if patterns else {}


def match(act: str, text: str, language: str) -> re.Match[str] | None:
    """The first place where `text` matches the language's pattern for `act`."""
    pattern = _compiled(language).get(act)
    return pattern.search(text.replace("’", "'")) if pattern else None


def does(act: str, text: str, language: str) -> bool:
    """Whether `text` matches the language's pattern for `act`."""
    return match(act, text, language) is not None


def opens_topic(text: str, language: str) -> bool:
    """Whether `text` says that the next subject begins."""
    return does("topic", text, language)


def conversational(sentences: Sequence[Sentence]) -> bool:
    """Whether people talk with each other here, rather than read something out.

    Where somebody reads a novel aloud, "let us go" is no decision and "I will send her a letter"
    nobody's task. True for languages without a pattern, and for too few words to tell.
    """
    words = chat = 0
    for s in sentences:
        pattern = _compiled(s.language).get("chat")
        if pattern is None:
            return True
        words += len(s.text.split()) if " " in s.text else max(1, len(s.text) // 2)
        chat += len(pattern.findall(s.text))
    return words < 60 or chat >= _READ_ALOUD * words


def settles(sentences: Sequence[Sentence], i: int) -> float:
    """How plainly sentence `i` states a decision: 1 by itself, 0.6 by its place, else 0."""
    s = sentences[i]
    if s.asks or does("not_decision", s.text, s.language):
        return 0.0
    if does("decision", s.text, s.language):
        return 1.0
    before = sentences[i - 1] if i and s.position else None
    follows = before is not None and len(before.content) <= 1
    agreed = does("agreement", s.text, s.language) or (
        follows and before is not None and does("agreement", before.text, before.language)
    )
    if does("suggestion", s.text, s.language):
        return 0.8 if agreed else 0.6
    return 0.6 if agreed and does("proposal_taken", s.text, s.language) else 0.0
