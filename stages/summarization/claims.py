"""Whether a sentence written by a model says only what its evidence says.

A small model changes "eight days for the screen" into "eight days for the fix" without a blush, so
nothing it writes is shown unless every check here passes: numbers, names and dates occur in the
evidence; so does every other content word, or it merely reports ("said", "suggested"); words of
two evidence sentences meet only where the claim has a joint; negation, doubt, condition, future and
question are kept; what is said to be somebody's was said by that person. Failing is cheap: the
evidence itself is shown instead.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from pipeline.types import SpeakerId
from stages.summarization.claim_words import CLAIM_WORDS, ClaimWords
from stages.summarization.numbers import all_values, numbers
from stages.summarization.sentences import Sentence
from stages.summarization.words import UNSPACED, Lexicon, base, stem, tokens

CHECKED = frozenset(CLAIM_WORDS)
"""Languages in which claims can be checked, and so may be written by a model at all."""

_NAME = "\u241e"
_NAME_ENDS = r"(?![^\W\u3400-\u9fff])"
_JOINT = re.compile(r"[,;:.，；。、]")
_QUALIFIER_REACH = 3


def faults(
    claim: str,
    evidence: Sequence[Sentence],
    names: Mapping[str, SpeakerId],
    lexicon: Lexicon,
    *,
    settled: bool = False,
) -> list[str]:
    """What is wrong with `claim` as a report of `evidence`; empty if nothing is.

    names: of the meeting's speakers, as the claim may use them. settled: the evidence is known to
    be a decision, so that "let's" is no mere suggestion.
    """
    language = evidence[0].language
    words = CLAIM_WORDS.get(language)
    if words is None:
        return [f"claims in {language} cannot be checked"]
    found = _wrong_speakers(claim, evidence, names, lexicon)
    bare = _without_names(claim, evidence, names)
    found += _wrong_numbers(bare, evidence, words)
    found += _wrong_names(bare, evidence, words, lexicon)
    found += _unsupported(bare, evidence, words, lexicon)
    found += _says_little(bare, evidence, lexicon)
    found += _bad_joins(bare, evidence, lexicon)
    found += _disordered(bare, evidence, words, lexicon)
    found += _misattributed(bare, evidence, words, lexicon)
    found += _widened(bare, evidence, words)
    found += _changed_sense(bare, evidence, words, lexicon)
    found += _lost_track(bare, evidence, words)
    if settled and words.suggests.search(bare) and not words.suggests.search(_text(evidence)):
        found.append("makes a decision a suggestion")
    if not settled:
        found += _unattributed(bare, evidence, words, lexicon)
    if not settled and words.suggestion.search(_text(evidence)) and not words.doubt.search(bare):
        found.append("makes a suggestion a fact")
    return found


def _text(evidence: Sequence[Sentence]) -> str:
    return " ".join(s.text for s in evidence)


def _without_names(claim: str, evidence: Sequence[Sentence], names: Mapping[str, SpeakerId]) -> str:
    """The claim with the names of those who said the evidence blanked out."""
    said = {s.speaker for s in evidence}
    for name in sorted(names, key=len, reverse=True):
        if names[name] in said:
            claim = re.sub(rf"{re.escape(name)}{_NAME_ENDS}", _NAME, claim)
    return claim


def _wrong_speakers(
    claim: str, evidence: Sequence[Sentence], names: Mapping[str, SpeakerId], lexicon: Lexicon
) -> list[str]:
    """Names put to words that somebody else said."""
    speakers = {s.speaker for s in evidence}
    if len(speakers) < 2:
        return []
    pattern = "|".join(re.escape(n) for n in sorted(names, key=len, reverse=True))
    pieces = re.split(rf"({pattern}){_NAME_ENDS}", claim) if pattern else [claim]
    language = evidence[0].language
    found = []
    for name, said in zip(pieces[1::2], pieces[2::2], strict=True):
        own = {w for s in evidence if s.speaker == names[name] for w in s.content}
        theirs = {w for s in evidence for w in s.content} - own
        wrong = [w for w in lexicon.content(said, language) if w in theirs]
        if wrong:
            found.append(f"{name} did not say: {', '.join(wrong)}")
    return found


def _wrong_numbers(claim: str, evidence: Sequence[Sentence], words: ClaimWords) -> list[str]:
    """Numbers the evidence has not, or has of something else, or only has roughly."""
    text = _text(evidence)
    known = all_values(text)
    said = numbers(text)
    found = []
    for number in numbers(claim):
        if not number.values & known:
            found.append(f"number not in the evidence: {claim[number.start : number.end]}")
            continue
        places = [n for n in said if n.values & number.values]
        if places and all(_qualified(text, n.start, words) for n in places):
            if not _qualified(claim, number.start, words):
                found.append(f"number only said roughly: {claim[number.start : number.end]}")
    return found


def _qualified(text: str, start: int, words: ClaimWords) -> bool:
    """Whether "about", "at least" and the like stand just before."""
    before = text[max(0, start - 40) : start]
    if words.spaced:
        before = " ".join(before.split()[-_QUALIFIER_REACH:])
    else:
        before = before[-4:]
    return words.qualifier.search(before) is not None


def _wrong_names(
    claim: str, evidence: Sequence[Sentence], words: ClaimWords, lexicon: Lexicon
) -> list[str]:
    """Capitalised words, codes and calendar words that the evidence has not."""
    if not words.spaced:
        codes = re.findall(r"[A-Za-z][A-Za-z0-9.+#-]*", claim)
        return [
            f"not in the evidence: {c}"
            for c in codes
            if c.casefold() not in _text(evidence).casefold()
        ]
    known = {base(t) for t in tokens(_text(evidence), evidence[0].language)}
    known |= {part for t in known for part in t.split("-")}
    found = []
    for i, token in enumerate(re.finditer(r"[^\W_]+(?:['’.-][^\W_]+)*", claim)):
        word = base(token.group(0).casefold().replace("’", "'"))
        name = token.group(0)[0].isupper() and not (i == 0 and lexicon_has(word, words, lexicon))
        code = bool(re.search(r"[A-Z]", token.group(0)[1:])) or (
            any(c.isdigit() for c in word)
            and any(c.isalpha() for c in word)
            and not numbers(token.group(0))
        )
        if not (name or code or word in words.calendar):
            continue
        parts = [p for p in word.split("-") if not numbers(p)]
        if word not in known and not all(p in known for p in parts):
            first = _sentence_initial(claim, token.start())
            if not (first and stem(word, "en") in _stems(evidence, lexicon)):
                if not (first and lexicon_has(word, words, lexicon)):
                    found.append(f"name not in the evidence: {token.group(0)}")
    return found


def lexicon_has(word: str, words: ClaimWords, lexicon: Lexicon) -> bool:
    """Whether a word is one of the language's own, not a name."""
    return word in lexicon.function("en") or stem(word, "en") in words.reporting


def _sentence_initial(text: str, start: int) -> bool:
    return re.search(r"(?:^|[.!?]\s+)$", text[:start]) is not None


def _stems(evidence: Sequence[Sentence], lexicon: Lexicon) -> set[str]:
    language = evidence[0].language
    return {stem(t, language) for s in evidence for t in tokens(s.text, language)}


def _unsupported(
    claim: str, evidence: Sequence[Sentence], words: ClaimWords, lexicon: Lexicon
) -> list[str]:
    """Content words, and words that relate facts, without a counterpart in the evidence."""
    language = evidence[0].language
    text = _text(evidence).casefold()
    known = _stems(evidence, lexicon)
    said = set(tokens(text, language))
    found = []
    for token in tokens(claim.replace(_NAME, " "), language):
        relation = words.relations.get(token)
        if relation is not None:
            if not any(r in (said if words.spaced else text) for r in relation):
                found.append(f"not in the evidence: {token}")
        elif token in words.personal:
            found.append(f"speaks as a person of the meeting: {token}")
        elif lexicon.carries(token, language) and not numbers(token):
            word = stem(token, language)
            if _known(token, word, known, text, language):
                continue
            licence = words.licences.get(word)
            if word not in words.reporting:
                found.append(f"not in the evidence: {token}")
            elif licence and not licence.search(text):
                found.append(f"not how it was said: {token}")
    return found


def _says_little(claim: str, evidence: Sequence[Sentence], lexicon: Lexicon) -> list[str]:
    """A claim that keeps next to nothing of its evidence."""
    language = evidence[0].language
    said = {w for s in evidence for w in lexicon.content(s.text, language)}
    kept = said & set(lexicon.content(claim.replace(_NAME, " "), language))
    return ["says next to nothing"] if len(kept) < max(1, min(3, len(said) // 2)) else []


def _known(token: str, word: str, known: set[str], text: str, language: str) -> bool:
    if language in UNSPACED:
        return token in text or all(c in text for c in token)
    if word in known or token in known:
        return True
    if "-" in token:
        return all(stem(p, language) in known for p in token.split("-") if len(p) > 1)
    return any(_akin(word, other) for other in known)


def _akin(one: str, other: str) -> bool:
    """Whether two stems are forms of one word: "translat", "translation"."""
    short = min(len(one), len(other))
    shared = next((i for i in range(short) if one[i] != other[i]), short)
    return shared >= 5 and shared >= 0.8 * short and abs(len(one) - len(other)) <= 5


def _bad_joins(claim: str, evidence: Sequence[Sentence], lexicon: Lexicon) -> list[str]:
    """Words of different evidence sentences put together without a joint between them."""
    if len(evidence) < 2:
        return []
    language = evidence[0].language
    homes = [
        {stem(t, language) for t in tokens(s.text, language)} | set(s.content) for s in evidence
    ]
    texts = [s.text.casefold() for s in evidence]
    here: set[int] | None = None
    found = []
    for piece in re.split(
        rf"({_JOINT.pattern}|\b(?:and|but|which|while|so|because|as|since|that|who)\b)", claim
    ):
        if _JOINT.fullmatch(piece) or piece in ("and", "but", "which", "while", "so", "because"):
            here = None
            continue
        for token in tokens(piece.replace(_NAME, " "), language):
            if not lexicon.carries(token, language):
                continue
            word = stem(token, language)
            own = {
                k
                for k in range(len(evidence))
                if word in homes[k] or (language in UNSPACED and token in texts[k])
            }
            if not own:
                continue
            here = own if here is None else here & own
            if not here:
                found.append(f"joins what was not said together, at: {token}")
                here = own
    return found


def _disordered(
    claim: str, evidence: Sequence[Sentence], words: ClaimWords, lexicon: Lexicon
) -> list[str]:
    """Content words in another order than they were said, or more often, unless a passive asks.

    With the words kept and their order kept, who did what to whom is mostly kept too.
    """
    language = evidence[0].language
    order = [stem(t, language) for s in evidence for t in tokens(s.text, language)]
    places: dict[str, list[int]] = {}
    for place, word in enumerate(order):
        places.setdefault(word, []).append(place)
    said = tokens(claim.replace(_NAME, " "), language)
    chain: list[tuple[str, str, bool]] = []
    for i, token in enumerate(said):
        word = stem(token, language)
        if lexicon.carries(token, language) and word in places:
            passive = bool(i) and said[i - 1] in words.passive
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
    best: list[tuple[int, tuple[int, ...]]] = []
    chains: dict[int, tuple[int, ...]] = {-1: ()}
    for k, options in enumerate(places):
        found: dict[int, tuple[int, ...]] = {}
        for place in options:
            before = max((c for end, c in chains.items() if end < place), key=len)
            found[place] = (*before, k)
        for place, chain in found.items():
            if len(chain) > len(chains.get(place, ())):
                chains[place] = chain
    best = sorted((len(chain), chain) for chain in chains.values())
    return set(best[-1][1])


def _misattributed(
    claim: str, evidence: Sequence[Sentence], words: ClaimWords, lexicon: Lexicon
) -> list[str]:
    """Things said of "us" or of others, told of the speaker as a person.

    "We had 86 applications" is no "Speaker 2 had 86 applications", and "they call me a Yankee" no
    "Speaker 2 calls": after a name comes a verb of saying, or what the speaker said after "I".
    """
    language = evidence[0].language
    after = [
        {stem(t, language) for t in own[: words.reach]}
        for s in evidence
        for said in words.first_person.split(s.text)[1:]
        if (own := [t for t in tokens(said, language) if lexicon.carries(t, language)])
    ]
    found = []
    for piece in claim.split(_NAME)[1:]:
        if words.says.match(piece):
            continue
        told = [stem(t, language) for t in tokens(piece, language) if lexicon.carries(t, language)]
        if not told or not any(told[0] in own for own in after):
            found.append(f"told of the speaker, who did not say so of themselves:{piece[:30]}")
    return found


def _unattributed(
    claim: str, evidence: Sequence[Sentence], words: ClaimWords, lexicon: Lexicon
) -> list[str]:
    """What somebody says "we" do, told as what is done.

    "We don't touch the monthly price" may well be half of a proposal; that the speaker said it is
    certain. What "we" did in the past is a report like any other.
    """
    nearest, _ = _aligned(claim, evidence, lexicon)
    if not words.group.search(nearest.text) or words.past_said.search(nearest.text.casefold()):
        return []
    attributed = any(words.says.match(p) for p in claim.split(_NAME)[1:])
    return [] if attributed or _NAME in claim else ["tells what was said of a group as a fact"]


def _lost_track(claim: str, evidence: Sequence[Sentence], words: ClaimWords) -> list[str]:
    """More words like "they" than were said: they can only stand for somebody else."""
    said = len(words.third_person.findall(_text(evidence)))
    told = len(words.third_person.findall(claim))
    return ["unclear who is meant"] if told > said else []


def _widened(claim: str, evidence: Sequence[Sentence], words: ClaimWords) -> list[str]:
    """Amounts like "most of" or "only" lost from the words they stood by."""
    low = claim.casefold()
    found = []
    for match in words.quantity.finditer(_text(evidence).casefold()):
        following = re.findall(r"\w+", match.group("of"))
        if any(re.search(rf"\b{re.escape(w)}", low) for w in following if len(w) > 3):
            if not words.quantifiers.search(low):
                found.append(f"drops an amount: {match.group(0).strip()}")
    return found


def _changed_sense(
    claim: str, evidence: Sequence[Sentence], words: ClaimWords, lexicon: Lexicon
) -> list[str]:
    """Negation, doubt, condition, future or question lost or added."""
    nearest, near = _aligned(claim, evidence, lexicon)
    low = claim.casefold().replace("’", "'")
    source = " ".join(s.text for s in near).casefold().replace("’", "'")
    best = nearest.text.casefold().replace("’", "'")
    found = []
    if bool(words.negation.search(best)) and not words.negation.search(low):
        found.append("drops a negation")
    if words.negation.search(low) and not words.negation.search(source):
        found.append("adds a negation")
    if (
        words.future.search(low)
        and not words.future.search(source)
        and not words.intent.search(source)
    ):
        found.append("adds a future")
    if words.future.search(best) and not (words.future.search(low) or words.intent.search(low)):
        found.append("drops a future")
    if words.doubt.search(best) and not words.doubt.search(low):
        found.append("drops a doubt")
    if words.condition.search(best) and not words.condition.search(low):
        found.append("drops a condition")
    if words.past.search(low) and not words.past_said.search(source):
        found.append("moves it to the past")
    for other in words.others_said.finditer(source):
        if other.group(0) not in low:
            found.append(f"drops whose words they were: {other.group(0)}")
    if nearest.asks and not words.asking.search(low):
        found.append("makes a question a statement")
    return found


def _aligned(
    claim: str, evidence: Sequence[Sentence], lexicon: Lexicon
) -> tuple[Sentence, list[Sentence]]:
    """The evidence sentence most like the claim, and all that share a good part of it."""
    said = set(lexicon.content(claim, evidence[0].language))
    shares = [len(said & set(s.content)) for s in evidence]
    top = max(shares)
    nearest = evidence[shares.index(top)]
    return nearest, [s for s, n in zip(evidence, shares, strict=True) if n and n >= 0.4 * top] or [
        nearest
    ]
