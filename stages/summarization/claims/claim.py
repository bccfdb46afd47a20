"""A sentence written by a model, with what is needed to hold it against its evidence."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from pipeline.types import SpeakerId
from stages.summarization.claims.vocabulary import Vocabulary
from stages.summarization.sentences import Sentence
from stages.summarization.words import Lexicon, stem, tokens

NAME = "\u241e"
"""Stands for the name of somebody who said a part of the evidence."""

NAME_ENDS = r"(?![^\W\u3400-\u9fff])"
"""What may follow a name: anything but a letter or digit, Chinese characters apart."""

GROUP = "\u241f"
"""Stands for the people who call themselves "we"."""


@dataclass(frozen=True)
class Claim:
    """A claim and its evidence, sentences in order.

    text: as written, GROUP standing for "we". names: of the meeting's speakers. settled: the
    evidence is known to be a decision.
    """

    text: str
    evidence: tuple[Sentence, ...]
    names: Mapping[str, SpeakerId]
    lexicon: Lexicon
    vocabulary: Vocabulary
    settled: bool = False

    @cached_property
    def language(self) -> str:
        """The language of the evidence."""
        return self.evidence[0].language

    @cached_property
    def bare(self) -> str:
        """The claim with the names of those who said the evidence as NAME."""
        said = {s.speaker for s in self.evidence}
        text = self.text
        for name in sorted(self.names, key=len, reverse=True):
            if self.names[name] in said:
                text = re.sub(rf"{re.escape(name)}{NAME_ENDS}", NAME, text)
        return text

    @cached_property
    def low(self) -> str:
        """`bare` in small letters with straight apostrophes."""
        return plain(self.bare)

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """The claim's words, names left out."""
        return tokens(re.sub(f"[{NAME}{GROUP}]", " ", self.bare), self.language)

    @cached_property
    def source(self) -> str:
        """The evidence in small letters with straight apostrophes."""
        return plain(" ".join(s.text for s in self.evidence))

    @cached_property
    def said(self) -> str:
        """The evidence as it was said."""
        return " ".join(s.text for s in self.evidence)

    @cached_property
    def order(self) -> list[str]:
        """The stems of all words of the evidence, in order."""
        return [stem(t, s.language) for s in self.evidence for t in tokens(s.text, s.language)]

    @cached_property
    def known(self) -> frozenset[str]:
        """The stems of all words of the evidence."""
        return frozenset(self.order)

    @cached_property
    def nearest(self) -> Sentence:
        """The evidence sentence most like the claim."""
        return max(self.evidence, key=self._share)

    @cached_property
    def near(self) -> list[Sentence]:
        """The evidence sentences that share a good part of the claim."""
        top = self._share(self.nearest)
        return [s for s in self.evidence if self._share(s) >= max(1, 0.4 * top)] or [self.nearest]

    def _share(self, s: Sentence) -> int:
        return len(self._content & set(s.content))

    @cached_property
    def _content(self) -> frozenset[str]:
        return frozenset(self.lexicon.content(self.bare.replace(NAME, " "), self.language))

    def carries(self, token: str) -> bool:
        """Whether a token is a content word."""
        return self.lexicon.carries(token, self.language)

    def stem(self, token: str) -> str:
        """What the forms of a word share."""
        return stem(token, self.language)


def plain(text: str) -> str:
    """Text as the patterns of a vocabulary take it."""
    return text.casefold().replace("’", "'")


def by_speaker(
    claim: Claim,
) -> Sequence[tuple[str, str]]:
    """The names in a claim, each with the text up to the next one."""
    pattern = "|".join(re.escape(n) for n in sorted(claim.names, key=len, reverse=True))
    if not pattern:
        return []
    pieces = re.split(rf"({pattern}){NAME_ENDS}", claim.text)
    return list(zip(pieces[1::2], pieces[2::2], strict=True))
