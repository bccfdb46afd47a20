"""A model's sentence is shown only if it says what its evidence says."""

from __future__ import annotations

import pytest

from pipeline.types import SpeakerId
from stages.fakes import scripted_transcript
from stages.summarization.claims import faults
from stages.summarization.sentences import Sentence, split
from stages.summarization.words import Lexicon

NAMES = {"Speaker 1": SpeakerId("S1"), "Speaker 2": SpeakerId("S2")}


def evidence(*lines: str, language: str = "en") -> tuple[Sentence, ...]:
    speakers = ("A: ", "B: ")
    script = "\n".join(line if line.startswith(speakers) else f"A: {line}" for line in lines)
    return split(scripted_transcript(script, language))


def wrong(claim: str, *said: str, language: str = "en", settled: bool = False) -> list[str]:
    return faults(claim, evidence(*said, language=language), NAMES, Lexicon(), settled=settled)


FUNNEL = "We had 1,840 sign-ups, and only 41 percent of them finished the onboarding."


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("There were 1,840 sign-ups, and only 41 percent of them finished the onboarding.", FUNNEL),
        ("Speaker 1 said that only forty-one percent finished the onboarding.", FUNNEL),
        (
            "Speaker 1 suggested that the training could be moved to the autumn.",
            "Maybe we could move the training to the autumn.",
        ),
        (
            "Speaker 1 would not raise the price before single sign-on is there.",
            "I would not raise the price before single sign-on is there.",
        ),
        (
            "Speaker 1 will send the draft to the lawyers tomorrow.",
            "I'll send the draft to the lawyers tomorrow.",
        ),
        (
            "Speaker 1 said that the team don't touch the monthly price, but whoever pays for a "
            "year gets a discount.",
            "We don't touch the monthly price, but whoever pays for a year gets a discount.",
        ),
        (
            "The supplier wants to raise the price by seven percent from July.",
            "Our supplier wants to raise the price by seven percent from July.",
        ),
    ],
)
def test_a_faithful_report_passes(claim: str, said: str) -> None:
    assert wrong(claim, said) == []


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        # another number, a date or a name nobody said
        ("There were 1,940 sign-ups, and only 41 percent finished the onboarding.", FUNNEL),
        ("Only 41 percent of them finished the onboarding in March.", FUNNEL),
        ("Google had 1,840 sign-ups.", FUNNEL),
        ("Anna finished the onboarding.", FUNNEL),
        # something added
        ("There were 1,840 sign-ups thanks to the new campaign.", FUNNEL),
        # a limit, a doubt, a condition or a negation lost
        ("41 percent of them finished the onboarding.", FUNNEL),
        ("There were eight days of work.", "That's about eight days of work."),
        ("The beta moves to Tuesday.", "Maybe the beta moves to Tuesday."),
        ("The filter is ordered.", "If the budget allows, the filter is ordered."),
        ("The discount applies to contracts.", "The discount does not apply to contracts."),
        # a negation or a future added, a plan told as past
        ("The discount does not apply to contracts.", "The discount applies to contracts."),
        ("The beta will ship with the fix.", "The beta ships with the fix."),
        ("The server was shut down by June.", "We shut down the server by June."),
        # a question told as a fact, a suggestion as a decision
        ("The contract is liable.", "Is the contract liable?"),
        ("The beta ships on Monday.", "Let's ship the beta on Monday."),
        # who did what to whom
        (
            "Speaker 1 asked the finance team to look at the price.",
            "The finance team asked us to look at the price.",
        ),
        ("Speaker 1 calls everyone a Yankee.", "They all call me a Yankee down here."),
        ("Speaker 1 had 1,840 sign-ups.", FUNNEL),
        (
            "Speaker 1 said they don't want to invite colleagues.",
            "In the interviews they said they don't want to invite colleagues.",
        ),
        (
            "The team would like to have a fixed number of training days.",
            "People would like to have a fixed number of training days.",
        ),
        ("The team can build the dashboard check.", "My team can build the dashboard check."),
        ("Speaker 1 adds a check to the dashboard.", "Third, we add a check to the dashboard."),
        (
            "Speaker 1 said that the team is nine percent below the old price, but they would "
            "have to store the boxes.",
            "They're nine percent below the old price, but we would have to store the boxes.",
        ),
        (
            "The team suggests a monthly meeting, where the team explain what was decided.",
            "I suggest a monthly meeting, where we explain what was decided.",
        ),
        (
            "The team don't touch the monthly price, but whoever pays for a year gets a discount.",
            "We don't touch the monthly price, but whoever pays for a year gets a discount.",
        ),
        # an order or a proposal told as a fact
        (
            "Anna will check whether the depot uses it.",
            "Anna, could you check whether the depot uses it?",
        ),
        (
            "All alerts go to the phone.",
            "I have three proposals. First, all alerts go to the phone.",
        ),
        # somebody speaking instead of a report
        ("We had 1,840 sign-ups.", FUNNEL),
    ],
)
def test_a_report_that_changes_the_sense_does_not_pass(claim: str, said: str) -> None:
    assert wrong(claim, said)


def test_facts_of_two_sentences_are_not_joined_to_a_third() -> None:
    said = ("The login crash is fixed. The conflict screen takes eight days.",)
    assert wrong("The login crash takes eight days.", *said)
    assert not wrong("The login crash is fixed, and the conflict screen takes eight days.", *said)


def test_words_are_not_put_in_somebody_elses_mouth() -> None:
    said = ("A: The scanner has trouble with foil.", "B: The filter costs 6,400 euros.")
    assert wrong("Speaker 1 said that the filter costs 6,400 euros.", *said)
    assert not wrong("Speaker 2 said that the filter costs 6,400 euros.", *said)


def test_a_settled_suggestion_may_be_told_as_a_decision() -> None:
    said = "Let's ship the beta without offline editing."
    claim = "The beta will be shipped without offline editing."
    assert wrong(claim, said)
    assert not wrong(claim, said, settled=True)


@pytest.mark.parametrize(
    ("claim", "good"),
    [
        ("一共有1840个注册用户，只有百分之四十一完成了引导流程。", True),
        ("一共有1840个注册用户，只有41%完成了引导流程。", True),
        ("一共有1940个注册用户，只有百分之四十一完成了引导流程。", False),
        ("一共有1840个注册用户，百分之四十一没有完成引导流程。", False),
        ("腾讯有1840个注册用户。", False),
    ],
)
def test_chinese_claims_are_checked_as_well(claim: str, good: bool) -> None:
    said = "一共有1840个注册用户，只有百分之四十一完成了引导流程。"
    assert (wrong(claim, said, language="zh") == []) is good


def test_a_language_that_cannot_be_checked_is_never_rewritten() -> None:
    assert wrong("Das Wetter ist gut.", "Das Wetter ist gut.", language="de")
