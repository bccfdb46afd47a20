"""Text as words to be searched, the same in the index, in the query and in what is shown.

Words are compared without case, accents or width. Scripts without spaces between words are taken
character by character, and a run of them in a query is a phrase: any part of a Chinese sentence is
found as it is written, whatever a dictionary takes for its words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
"""Thai, Lao, Burmese, Khmer, Japanese, Chinese."""

_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0966-\u0dff"
)
"""Signs that belong to the letter before; of India's scripts the letters too."""

_TOKEN = re.compile(rf"(?P<one>[{_UNSPACED}])|(?:(?![{_UNSPACED}])(?:[^\W_]|[{_MARKS}]))+")
_QUERY = re.compile(r'["“”„](?P<phrase>[^"“”„]*)["“”„]|(?P<word>[^\s"“”„]+)')
_ASCII = re.compile(r"[\x00-/:-`{-\x7f]")

_LONGEST = 64
"""Letters of a word that count."""

_BEGINNING = 3
"""Letters from which on a word in a query also finds longer ones that begin with it."""

_TERMS = 32
"""Terms of a query that count."""

_LEAD, _SHOWN = 60, 200
"""Characters of a snippet before the first match, and in all."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word as compared, and where it stands in the text, in characters."""

    word: str
    start: int
    end: int
    unspaced: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must follow one another. beginning: the last may be the start of a longer one."""

    words: tuple[str, ...]
    beginning: bool = False


def tokens(text: str) -> list[Token]:
    """The words of a text."""
    found = []
    for match in _TOKEN.finditer(text):
        word = _compared(match.group())
        if word:
            found.append(Token(word, *match.span(), match["one"] is not None))
    return found


def terms(query: str) -> list[Term]:
    """What a query asks for: all of these."""
    wanted: list[Term] = []
    for match in _QUERY.finditer(query):
        if match["word"] is None:
            if words := tuple(t.word for t in tokens(match["phrase"])):
                wanted.append(Term(words))
            continue
        run: list[str] = []
        for token in tokens(match["word"]):
            if token.unspaced:
                run.append(token.word)
                continue
            if run:
                wanted.append(Term(tuple(run)))
                run = []
            wanted.append(Term((token.word,), len(token.word) >= _BEGINNING))
        if run:
            wanted.append(Term(tuple(run)))
    return list(dict.fromkeys(wanted))[:_TERMS]


def matches(text: str, wanted: Sequence[Term]) -> list[tuple[int, int]]:
    """Where the terms stand in a text, in characters, in order and without overlap."""
    found = tokens(text)
    spans = []
    for term in wanted:
        size = len(term.words)
        for i in range(len(found) - size + 1):
            if _stands(found[i : i + size], term):
                spans.append((found[i].start, found[i + size - 1].end))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def snippet(text: str, wanted: Sequence[Term]) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The text around the first match, and where the matches stand in it."""
    spans = matches(text, wanted)
    begin = max(0, (spans[0][0] if spans else 0) - _LEAD)
    if len(text) - begin < _SHOWN:
        begin = max(0, len(text) - _SHOWN)
    end = min(len(text), begin + _SHOWN)
    begin = _word_edge(text, begin, spans[0][0] if spans else 0)
    before, after = "…" if begin else "", "…" if end < len(text) else ""
    shift = len(before) - begin
    shown = tuple((max(a, begin) + shift, min(b, end) + shift) for a, b in spans if a < end)
    return before + text[begin:end] + after, shown


def _word_edge(text: str, begin: int, limit: int) -> int:
    """The next start of a word, so that none is cut in half where that can be helped."""
    if begin == 0:
        return 0
    space = text.find(" ", begin - 1, limit)
    return begin if space < 0 else space + 1


def _stands(found: Sequence[Token], term: Term) -> bool:
    *most, last = term.words
    if [t.word for t in found[:-1]] != most:
        return False
    word = found[-1].word
    return word.startswith(last) if term.beginning else word == last


def _compared(text: str) -> str:
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    bare = "".join(c for c in plain if c >= "\u0900" or unicodedata.category(c) != "Mn")
    return _ASCII.sub("", unicodedata.normalize("NFC", bare))[:_LONGEST]
