"""The terms a meeting turned on, of one to three words, as they were said.

Runs of content words are candidates (RAKE: Rose et al., 2010); a term counts by how often it is
said, how long it is, and how much it belongs to one part of the meeting rather than to all.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from math import log, sqrt

from pipeline.minutes import Keyword
from stages.summarization.numbers import all_values
from stages.summarization.sentences import Sentence
from stages.summarization.words import PAIRED, UNSPACED, Lexicon, base, stem, tokens

_LONGEST = 3
_CLAUSES = re.compile(r"[,.;:!?…\"“”()]+(?:\s|$)|[，。；：！？、]| - ")
_SHORT_MEETING = 60
"""Content words up to which a term said once counts."""

_NO_NOUN = frozenset("不没先还再又很太更最这那每")
"""Characters a Chinese noun rarely begins with."""

Term = tuple[str, ...]


class Terms:
    """Every candidate term of a meeting: how it was written and in which sentences it stands.

    names: words that are none (the speakers' names).
    """

    def __init__(
        self, sentences: Sequence[Sentence], lexicon: Lexicon, names: Collection[str] = ()
    ) -> None:
        self._lexicon = lexicon
        self._names = {part.casefold() for name in names for part in name.split()}
        self._forms: dict[Term, Counter[str]] = defaultdict(Counter)
        self.where: dict[Term, list[int]] = defaultdict(list)
        self._at: list[set[Term]] = []
        self._spoken = sum(len(s.content) for s in sentences)
        for i, s in enumerate(sentences):
            candidates = [] if s.language in PAIRED else self._candidates(s)
            for term, form in candidates:
                self._forms[term][form] += 1
                self.where[term].append(i)
            self._at.append({term for term, _ in candidates})
        self._drop_chance_pairs(sentences)

    def _candidates(self, s: Sentence) -> list[tuple[Term, str]]:
        found = []
        gap = "" if s.language in UNSPACED else " "
        for clause in _CLAUSES.split(s.text):
            run: list[str] = []
            for word in [*_surface(clause, s.language), ""]:
                if word and self._fits(word, s.language):
                    run.append(word)
                    continue
                for n in range(1, _LONGEST + 1):
                    for part in (run[k : k + n] for k in range(len(run) - n + 1)):
                        if self._ends_well(part, s.language):
                            stems = tuple(stem(w.casefold(), s.language) for w in part)
                            found.append((stems, gap.join(part)))
                run = []
        return found

    def _fits(self, word: str, language: str) -> bool:
        token = word.casefold()
        return (
            self._lexicon.carries(token, language)
            and token not in self._names
            and "'" not in token
            and not all_values(token)
            and not (language == "en" and token.endswith("ly"))
            and not (language == "zh" and token[0] in _NO_NOUN)
        )

    def _ends_well(self, part: Sequence[str], language: str) -> bool:
        """Whether a run of words can be a term: its last word, or its only one, means something."""
        general = self._lexicon.general(language)
        if stem(part[-1].casefold(), language) in general:
            return False
        verbal = language == "en" and part[-1].endswith("ed")
        return not verbal and not (language == "zh" and len(part[-1]) < 2)

    def _drop_chance_pairs(self, sentences: Sequence[Sentence]) -> None:
        """Terms with a word as common as "new" in them must be said twice."""
        if not sentences:
            return
        general = self._lexicon.general(sentences[0].language)
        for term in [t for t, where in self.where.items() if len(where) < 2 and len(t) > 1]:
            if any(word in general for word in term):
                for i in self.where.pop(term):
                    self._at[i].discard(term)

    def score(self, term: Term, part: range | None = None) -> float:
        """How much `term` stands for the sentences of `part` (all by default)."""
        where = self.where[term]
        inside = (
            len(where)
            if part is None
            else bisect_left(where, part.stop) - bisect_left(where, part.start)
        )
        form = self.written(term)
        proper = 1.25 if form[:1].isupper() and form[1:2].islower() else 1.0
        value = inside * (1 + 0.6 * (len(term) - 1)) * proper
        if part is not None:
            value *= inside / len(where)
        if len(term) > 1 and len(where) == 1:
            value *= 0.5
        return value

    def written(self, term: Term) -> str:
        """The form it was said in most."""
        forms = self._forms[term]
        return max(forms, key=lambda form: (forms[form], form.islower(), -len(form), form))

    def best(self, count: int, part: range | None = None, least: float = 0.0) -> list[Term]:
        """The strongest terms, no two sharing a word, strongest first."""
        inside = (
            self.where
            if part is None
            else set().union(*(self._at[i] for i in part) if part else ())
        )
        scored = {t: self.score(t, part) for t in inside}
        chosen: list[Term] = []
        for term in sorted(scored, key=lambda t: (-scored[t], self.where[t][0], t)):
            if len(chosen) == count or scored[term] <= least:
                break
            if any(set(term) & set(c) for c in chosen) or self._overshadowed(term, scored):
                continue
            chosen.append(term)
        return chosen

    def _overshadowed(self, term: Term, scored: Collection[Term]) -> bool:
        """Whether the term is mostly said as a part of a longer one that stands by itself."""
        often = len(self.where[term])
        return any(
            len(other) > len(term)
            and len(self.where[other]) > 1
            and len(self.where[other]) >= 0.5 * often
            and _contains(other, term)
            for other in scored
        )

    def keywords(self, sentences: Sequence[Sentence]) -> tuple[Keyword, ...]:
        """The meeting's terms, at most fifteen; in a longer one those said at least twice."""
        count = min(15, max(3, round(sqrt(self._spoken) / 2)))
        short = self._spoken <= _SHORT_MEETING
        found = [t for t in self.best(count) if short or len(self.where[t]) > 1]
        if not found:
            return ()
        top = log(1 + self.score(found[0]))
        return tuple(
            Keyword(
                term=self.written(t),
                weight=round(min(1.0, log(1 + self.score(t)) / top), 3),
                evidence=tuple(dict.fromkeys(sentences[i].utterance for i in self.where[t]))[:8],
            )
            for t in found
        )

    def title(self, part: range, sentences: Sequence[Sentence], count: int = 2) -> str:
        """A few words that tell this part of the meeting from the rest."""
        language = sentences[part.start].language
        found = [self.written(t) for t in self.best(count, part)]
        if found:
            text = ("、" if language in UNSPACED else ", ").join(found)
            return text[0].upper() + text[1:]
        first = next((s for s in sentences[part.start : part.stop] if s.content), None)
        return _shortened(first.shown, language) if first else ""


def _contains(longer: Term, shorter: Term) -> bool:
    n = len(shorter)
    return any(longer[k : k + n] == shorter for k in range(len(longer) - n + 1))


def _surface(clause: str, language: str) -> list[str]:
    """Words as written where the language has spaces, as segmented where not."""
    if language in UNSPACED:
        return list(tokens(clause, language))
    words = re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", clause)
    return [base(w.replace("’", "'")) if language == "en" else w for w in words]


def _shortened(text: str, language: str) -> str:
    if language in UNSPACED:
        return text if len(text) <= 20 else text[:20] + "…"
    words = text.split()
    return text if len(words) <= 8 else " ".join(words[:8]) + "…"
