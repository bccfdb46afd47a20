"""The order of a claim's words: who did what to whom is mostly kept with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from stages.summarization.claims.claim import GROUP, NAME, Claim
from stages.summarization.words import UNSPACED, stem, tokens


def bad_joins(claim: Claim) -> list[str]:
    """Words of different evidence sentences put together without a joint between them."""
    if len(claim.evidence) < 2:
        return []
    homes = [
        {stem(t, s.language) for t in tokens(s.text, s.language)} | set(s.content)
        for s in claim.evidence
    ]
    texts = [s.text.casefold() for s in claim.evidence]
    found = []
    for clause in claim.vocabulary.joints.split(claim.bare):
        here: set[int] | None = None
        for token in tokens(clause.replace(NAME, " ").replace(GROUP, " "), claim.language):
            own = {
                k
                for k in range(len(homes))
                if claim.stem(token) in homes[k]
                or (claim.language in UNSPACED and token in texts[k])
            }
            if not claim.carries(token) or not own:
                continue
            here = own if here is None else here & own
            if not here:
                found.append(f"joins what was not said together, at: {token}")
                here = own
    return found


def disordered(claim: Claim) -> list[str]:
    """Content words in another order than they were said, or more often, unless a passive asks."""
    places: dict[str, list[int]] = {}
    for place, word in enumerate(claim.order):
        places.setdefault(word, []).append(place)
    chain: list[tuple[str, str, bool]] = []
    for i, token in enumerate(claim.tokens):
        word = claim.stem(token)
        if claim.carries(token) and word in places:
            passive = bool(i) and claim.tokens[i - 1] in claim.vocabulary.passive
            chain.append((token, word, passive))
    kept = _longest_in_order([places[word] for _, word, _ in chain])
    found = [
        f"in another order than said: {token}"
        for k, (token, _, passive) in enumerate(chain)
        if k not in kept and not passive
    ]
    told = Counter(word for _, word, _ in chain)
    return found + [f"said less often: {w}" for w, n in told.items() if n > len(places[w]) + 1]


def _longest_in_order(places: Sequence[Sequence[int]]) -> set[int]:
    """Which items can be given rising places, as many as possible."""
    chains: dict[int, tuple[int, ...]] = {-1: ()}
    for k, options in enumerate(places):
        longer = {
            place: (*max((c for end, c in chains.items() if end < place), key=len), k)
            for place in options
        }
        for place, chain in longer.items():
            if len(chain) > len(chains.get(place, ())):
                chains[place] = chain
    longest: tuple[int, ...] = max(chains.values(), key=len)
    return set(longest)
