"""Whether those of whom a claim tells something did it, or said it."""

from __future__ import annotations

import re

from stages.summarization.claims.claim import GROUP, NAME, Claim, by_speaker, plain
from stages.summarization.words import tokens


def wrong_speakers(claim: Claim) -> list[str]:
    """Names put to words that somebody else said."""
    if len({s.speaker for s in claim.evidence}) < 2:
        return []
    found = []
    for name, told in by_speaker(claim):
        speaker = claim.names[name]
        own = {w for s in claim.evidence if s.speaker == speaker for w in s.content}
        theirs = {w for s in claim.evidence for w in s.content} - own
        wrong = [w for w in claim.lexicon.content(told, claim.language) if w in theirs]
        if wrong:
            found.append(f"{name} did not say: {', '.join(wrong)}")
    return found


def misattributed(claim: Claim) -> list[str]:
    """Things said of "us" or of others, told of the speaker as a person.

    "We had 86 applications" is no "Speaker 2 had 86 applications", and "they call me a Yankee" no
    "Speaker 2 calls": after a name comes a verb of saying, or what the speaker said after "I".
    """
    found = []
    for told in claim.bare.split(NAME)[1:]:
        says = claim.vocabulary.says.match(told)
        if says and not _was_said(claim, says):
            continue
        words = [claim.stem(t) for t in tokens(told, claim.language) if claim.carries(t)]
        if not words or not any(words[0] in own for own in _of_themselves(claim)):
            found.append(f"told of the speaker, who did not say so of themselves:{told[:30]}")
    return found


def _was_said(claim: Claim, says: re.Match[str]) -> bool:
    """Whether a verb of saying is itself a part of what was said, by somebody who did it."""
    return not says.group("that") and claim.stem(plain(says.group("verb"))) in claim.known


def _of_themselves(claim: Claim) -> list[set[str]]:
    """The stems that follow each "I" of the evidence closely."""
    found = []
    for s in claim.evidence:
        for said in claim.vocabulary.first_person.split(s.text)[1:]:
            own = [t for t in tokens(said, claim.language) if claim.carries(t)]
            found.append({claim.stem(t) for t in own[: claim.vocabulary.reach]})
    return found


def exchanged(claim: Claim) -> list[str]:
    """Persons that are not those of the evidence, in its order: "they" become "the team"."""
    said = _persons(claim.source, claim)
    told = _persons(_told(claim), claim)
    rest = iter(said)
    if all(person in rest for person in told):
        return []
    return [f"speaks of {', '.join(told)} where it was {', '.join(said) or 'nobody'}"]


def _told(claim: Claim) -> str:
    """The claim with the speaker as "I" and the group as "we", who only says something left out."""
    first, *pieces = claim.bare.split(NAME)
    text = first
    for piece in pieces:
        says = claim.vocabulary.says.match(piece)
        mark = " " if says and not _was_said(claim, says) else _MARKS[claim.vocabulary.spaced][0]
        text += mark + piece
    group = _MARKS[claim.vocabulary.spaced][1]
    text = text.replace(GROUP, group)
    if not claim.vocabulary.group.search(claim.source):
        text = claim.vocabulary.group.sub(group, text)
    return plain(text)


_MARKS = {True: (" I ", " we "), False: ("我", "我们")}
"""How languages with and without spaces say "I" and "we"."""


def _persons(text: str, claim: Claim) -> list[str]:
    return [str(m.lastgroup) for m in claim.vocabulary.persons.finditer(text)]


def unattributed(claim: Claim) -> list[str]:
    """What somebody says "we" do, told as what is done.

    "We don't touch the monthly price" may well be half of a proposal; that the speaker said it is
    certain. What "we" did in the past is a report like any other, and a decision is one too.
    """
    vocabulary = claim.vocabulary
    said = plain(claim.nearest.text)
    if claim.settled or NAME in claim.bare or not vocabulary.acting_group.search(said):
        return []
    past = vocabulary.past_said.search(said) is not None
    return [] if past else ["tells what was said of a group as a fact"]


def words_of_others(claim: Claim) -> list[str]:
    """What somebody absent was reported to say, without them."""
    source = plain(" ".join(s.text for s in claim.near))
    return [
        f"drops whose words they were: {other.group(0)}"
        for other in claim.vocabulary.others_said.finditer(source)
        if other.group(0) not in claim.low
    ]
