"""Whether a sentence written by a model says only what its evidence says.

A small model changes "eight days for the screen" into "eight days for the fix" without a blush, so
nothing it writes is shown unless every check here passes: numbers, names and dates occur in the
evidence; so does every other content word, in the order it was said, or it merely reports
("said", "suggested"); words of two evidence sentences meet only where the claim has a joint;
negation, doubt, condition, time and question are kept; what is said to be somebody's was said by
that person. Failing is cheap: the evidence itself is shown instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.types import SpeakerId
from stages.summarization.claims.chinese import CHINESE
from stages.summarization.claims.claim import GROUP, Claim
from stages.summarization.claims.english import ENGLISH
from stages.summarization.claims.facts import (
    says_little,
    unsupported,
    wrong_names,
    wrong_numbers,
)
from stages.summarization.claims.order import bad_joins, disordered
from stages.summarization.claims.people import (
    exchanged,
    misattributed,
    unattributed,
    words_of_others,
    wrong_speakers,
)
from stages.summarization.claims.sense import changed, misweighed, widened
from stages.summarization.claims.vocabulary import Vocabulary
from stages.summarization.sentences import Sentence
from stages.summarization.words import Lexicon

__all__ = ["GROUP", "VOCABULARIES", "Vocabulary", "faults"]

VOCABULARIES: dict[str, Vocabulary] = {"en": ENGLISH, "zh": CHINESE}
"""By the languages in which claims can be checked, and so may be written by a model at all."""

_CHECKS = (
    says_little,
    wrong_numbers,
    wrong_names,
    unsupported,
    bad_joins,
    disordered,
    wrong_speakers,
    misattributed,
    exchanged,
    unattributed,
    words_of_others,
    widened,
    changed,
    misweighed,
)


def faults(
    text: str,
    evidence: Sequence[Sentence],
    names: Mapping[str, SpeakerId],
    lexicon: Lexicon,
    *,
    settled: bool = False,
) -> list[str]:
    """What is wrong with `text` as a report of `evidence`; empty if nothing is.

    names: of the meeting's speakers, as the claim may use them. settled: the evidence is known to
    be a decision, so that "let's" is no mere suggestion.
    """
    language = evidence[0].language
    vocabulary = VOCABULARIES.get(language)
    if vocabulary is None:
        return [f"claims in {language} cannot be checked"]
    claim = Claim(text, tuple(evidence), names, lexicon, vocabulary, settled)
    return [fault for check in _CHECKS for fault in check(claim)]
