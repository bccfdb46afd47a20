"""Whether the evidence has the numbers, names and words of a claim."""

from __future__ import annotations

import re

from stages.summarization.claims.claim import Claim
from stages.summarization.numbers import all_values, numbers
from stages.summarization.words import UNSPACED, base, stem, tokens

_QUALIFIER_REACH = 3
"""Words before a number in which "about" qualifies it."""


def wrong_numbers(claim: Claim) -> list[str]:
    """Numbers the evidence has not, or only has roughly."""
    known = all_values(claim.said)
    said = numbers(claim.said)
    found = []
    for number in numbers(claim.bare):
        shown = claim.bare[number.start : number.end]
        if not number.values & known:
            found.append(f"number not in the evidence: {shown}")
            continue
        places = [n for n in said if n.values & number.values]
        rough = bool(places) and all(_qualified(claim, claim.said, n.start) for n in places)
        if rough and not _qualified(claim, claim.bare, number.start):
            found.append(f"number only said roughly: {shown}")
    return found


def _qualified(claim: Claim, text: str, start: int) -> bool:
    """Whether "about", "at least" and the like stand just before."""
    before = text[max(0, start - 40) : start]
    if claim.vocabulary.spaced:
        before = " ".join(before.split()[-_QUALIFIER_REACH:])
    else:
        before = before[-4:]
    return claim.vocabulary.qualifier.search(before) is not None


def wrong_names(claim: Claim) -> list[str]:
    """Capitalised words, codes and calendar words that the evidence has not."""
    if not claim.vocabulary.spaced:
        codes = re.findall(r"[A-Za-z][A-Za-z0-9.+#-]*", claim.bare)
        return [f"not in the evidence: {c}" for c in codes if c.casefold() not in claim.source]
    known = {base(t) for t in tokens(claim.said, claim.language)}
    known |= {part for t in known for part in t.split("-")}
    found = []
    for token in re.finditer(r"[^\W_]+(?:['’.-][^\W_]+)*", claim.bare):
        shown = token.group(0)
        word = base(shown.casefold().replace("’", "'"))
        initial = re.search(r"(?:^|[.!?]\s+)$", claim.bare[: token.start()]) is not None
        if not _marked(shown, word, initial, claim):
            continue
        parts = [p for p in word.split("-") if not numbers(p)]
        if word in known or all(p in known for p in parts):
            continue
        if not (initial and claim.stem(word) in claim.known):
            found.append(f"name not in the evidence: {shown}")
    return found


def _marked(shown: str, word: str, initial: bool, claim: Claim) -> bool:
    """Whether a word is written as a name or a code, or is one of the calendar."""
    if word in claim.vocabulary.calendar:
        return True
    mixed = any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
    if any(c.isupper() for c in shown[1:]) or (mixed and not numbers(shown)):
        return True
    if not shown[0].isupper():
        return False
    ordinary = (
        word in claim.lexicon.function(claim.language)
        or claim.stem(word) in claim.vocabulary.reporting
    )
    return not (initial and ordinary)


def unsupported(claim: Claim) -> list[str]:
    """Content words, and words that relate facts, without a counterpart in the evidence."""
    vocabulary = claim.vocabulary
    said = set(tokens(claim.said, claim.language)) if vocabulary.spaced else claim.source
    found = []
    for token in claim.tokens:
        relation = vocabulary.relations.get(token)
        if relation is not None:
            if not any(r in said for r in relation):
                found.append(f"not in the evidence: {token}")
        elif token in vocabulary.personal:
            found.append(f"speaks as a person of the meeting: {token}")
        elif claim.carries(token) and not numbers(token) and not _said(claim, token):
            licence = vocabulary.licences.get(claim.stem(token))
            if claim.stem(token) not in vocabulary.reporting:
                found.append(f"not in the evidence: {token}")
            elif licence and not licence.search(claim.source):
                found.append(f"not how it was said: {token}")
    return found


def _said(claim: Claim, token: str) -> bool:
    if claim.language in UNSPACED:
        return token in claim.source or all(c in claim.source for c in token)
    word = claim.stem(token)
    if word in claim.known:
        return True
    if "-" in token:
        parts = [p for p in token.split("-") if len(p) > 1]
        return all(stem(p, claim.language) in claim.known for p in parts)
    return any(_akin(word, other) for other in claim.known)


def _akin(one: str, other: str) -> bool:
    """Whether two stems are forms of one word: "translat", "translation"."""
    short = min(len(one), len(other))
    shared = next((i for i in range(short) if one[i] != other[i]), short)
    return shared >= 5 and shared >= 0.8 * short and abs(len(one) - len(other)) <= 5


def says_little(claim: Claim) -> list[str]:
    """A claim that keeps next to nothing of its evidence."""
    said = {w for s in claim.evidence for w in claim.lexicon.content(s.text, claim.language)}
    kept = said & {claim.stem(t) for t in claim.tokens}
    return ["says next to nothing"] if len(kept) < max(1, min(3, len(said) // 2)) else []
