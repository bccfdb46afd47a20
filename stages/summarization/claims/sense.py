"""Whether a claim asserts, denies, doubts and asks what the evidence does."""

from __future__ import annotations

import re

from stages.summarization.claims.claim import Claim, plain
from stages.summarization.claims.vocabulary import Vocabulary


def widened(claim: Claim) -> list[str]:
    """Amounts like "most of" or "only" lost from the words they stood by."""
    found = []
    for amount in claim.vocabulary.quantity.finditer(claim.source):
        following = re.findall(r"\w+", amount.group("of"))
        kept = any(re.search(rf"\b{re.escape(w)}", claim.low) for w in following if len(w) > 3)
        if kept and not claim.vocabulary.quantifiers.search(claim.low):
            found.append(f"drops an amount: {amount.group(0).strip()}")
    return found


def changed(claim: Claim) -> list[str]:
    """Negation, doubt, condition, time or question lost or added."""
    vocabulary = claim.vocabulary
    low = claim.low
    best = plain(claim.nearest.text)
    near = plain(" ".join(s.text for s in claim.near))
    checks = {
        "drops a negation": vocabulary.negation.search(best)
        and not vocabulary.negation.search(low),
        "adds a negation": vocabulary.negation.search(low) and not vocabulary.negation.search(near),
        "adds a future": vocabulary.future.search(low) and not _ahead(near, vocabulary),
        "drops a future": vocabulary.future.search(best) and not _ahead(low, vocabulary),
        "drops a doubt": vocabulary.doubt.search(best) and not vocabulary.doubt.search(low),
        "drops a condition": vocabulary.condition.search(best)
        and not vocabulary.condition.search(low),
        "tells a proposal as a fact": vocabulary.proposal.search(claim.source)
        and not (vocabulary.proposal.search(low) or vocabulary.doubt.search(low)),
        "moves it to the past": vocabulary.past.search(low)
        and not vocabulary.past_said.search(near),
        "makes a question a statement": claim.nearest.asks and not _asks(claim),
    }
    return [fault for fault, found in checks.items() if found]


def _ahead(text: str, vocabulary: Vocabulary) -> bool:
    return bool(vocabulary.future.search(text) or vocabulary.intent.search(text))


def _asks(claim: Claim) -> bool:
    """Whether the claim says that something was asked, in a word the question has not itself."""
    source = plain(claim.nearest.text).replace("?", "").replace("？", "")
    return any(m.group(0) not in source for m in claim.vocabulary.asking.finditer(claim.low))


def misweighed(claim: Claim) -> list[str]:
    """A suggestion told as a fact, or a decision as a suggestion."""
    vocabulary = claim.vocabulary
    if claim.settled:
        weaker = vocabulary.suggests.search(claim.low)
        said = weaker and weaker.group(0) in claim.source
        return ["makes a decision a suggestion"] if weaker and not said else []
    suggested = vocabulary.suggestion.search(claim.source)
    return (
        ["makes a suggestion a fact"]
        if suggested and not vocabulary.doubt.search(claim.low)
        else []
    )
