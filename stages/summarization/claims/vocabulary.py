"""The words by which a claim is checked, kept by language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from stages.summarization.words import stem


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a language marks sense with.

    What a report may add: reporting, stems it may bring along; licences, those of them that need a
    reason in the evidence; says, a verb of saying as it follows a name; group, what it may call
    those who say "we".

    What it may not add or lose: relations, words that relate facts, each with those any of which
    the evidence must have; personal, words of somebody speaking; calendar, names of times;
    qualifier, what makes a number rough; quantity, amounts with the words they stand by, and
    quantifiers, what keeps them; negation; future, with intent, near enough to one; doubt and
    proposal; suggestion, "let's"; suggests, what makes a decision less; condition; asking; past,
    and past_said, any sign of it in the evidence; others_said, words of somebody absent.

    Who it speaks of: first_person, a speaker of themselves, and reach, the content words after it
    that belong to it; acting_group, a "we" that acts; persons, a group by the name of each person.
    passive: words after which a verb may stand later than it was said. joints: words that join
    clauses.
    """

    spaced: bool
    reporting: frozenset[str]
    licences: Mapping[str, re.Pattern[str]]
    says: re.Pattern[str]
    group: re.Pattern[str]
    relations: Mapping[str, frozenset[str]]
    personal: frozenset[str]
    calendar: frozenset[str]
    qualifier: re.Pattern[str]
    quantity: re.Pattern[str]
    quantifiers: re.Pattern[str]
    negation: re.Pattern[str]
    future: re.Pattern[str]
    intent: re.Pattern[str]
    doubt: re.Pattern[str]
    proposal: re.Pattern[str]
    suggestion: re.Pattern[str]
    suggests: re.Pattern[str]
    condition: re.Pattern[str]
    asking: re.Pattern[str]
    past: re.Pattern[str]
    past_said: re.Pattern[str]
    others_said: re.Pattern[str]
    first_person: re.Pattern[str]
    reach: int
    acting_group: re.Pattern[str]
    persons: re.Pattern[str]
    passive: frozenset[str]
    joints: re.Pattern[str]


def stems(text: str, language: str) -> frozenset[str]:
    """The stems of the words of `text`."""
    return frozenset(stem(word, language) for word in text.split())


def related(*groups: str) -> dict[str, frozenset[str]]:
    """Each word with all of its group."""
    return {word: frozenset(group.split()) for group in groups for word in group.split()}


NEVER = re.compile(r"(?!)")
"""Matches nothing: for what a language does not mark."""
