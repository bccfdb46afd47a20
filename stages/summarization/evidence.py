"""Which passages carry a chapter: central, informative, plainly worded, and unlike each other.

A sentence is weighed by TextRank (Mihalcea & Tarau, 2004) over the likeness of the chapter's
sentences, by how much it says, by wording that marks what matters, and by how surely it was heard;
maximal marginal relevance (Carbonell & Goldstein, 1998) keeps the choice from repeating itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.types import SpeakerId, UtteranceId
from stages.summarization.cues import does
from stages.summarization.sentences import Sentence
from stages.summarization.vectors import Vectors, normalised
from stages.summarization.words import UNSPACED, Lexicon

_DIVERSITY = 0.3
"""1 - lambda of maximal marginal relevance."""

_DAMPING = 0.85
_FULL = 8
"""Content words from which a sentence counts as saying enough."""

_LONG = 22
"""Content words beyond which it is hard to read."""

_POINTS_BACK = {
    "en": r"^(?:(?:it|they|he|she|this|that|these|those|there|then|which|who|because|since then"
    r"|both|the other|not really|not yet|almost always|"
    r"exactly|nearly|him|her|them|its|their|his|first|second|third|the (?:first|second|third"
    r"|last) one|otherwise|"
    r"(?:one|two|three|four|five|six|none|some|most|half) (?!hundred|thousand|million|point)|i'd "
    r"love to)\b|for example|me too)",
    "zh": r"^(?:这|那|它|他们|她们|他|她|之后|而且|所以|因为|还|也|原因)",
    "de": r"^(?:er|sie|es|das|dies|diese[rs]?|die|der|dort|davon|dazu|weil|denn)\b",
    "fr": r"^(?:il|elle|ils|elles|ça|cela|ce|c'|celui|celle|parce)\b",
    "es": r"^(?:él|ella|ellos|ellas|eso|esto|ese|esa|porque)\b",
}
"""Openings that mean little without the sentence before."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Sentences of one speaker, one after the other, shown and cited together.

    lead: the sentence it was chosen for. weight: how much it carries, 1 for the chapter's best.
    """

    sentences: tuple[Sentence, ...]
    lead: Sentence
    weight: float

    @property
    def text(self) -> str:
        """What was said, made readable."""
        gap = "" if self.lead.language in UNSPACED else " "
        return gap.join(s.shown for s in self.sentences)

    @property
    def speaker(self) -> SpeakerId:
        """Who said it."""
        return self.lead.speaker

    @property
    def evidence(self) -> tuple[UtteranceId, ...]:
        """The utterances it stands in."""
        return tuple(dict.fromkeys(s.utterance for s in self.sentences))


def weights(
    sentences: Sequence[Sentence], vectors: Vectors, lexicon: Lexicon
) -> npt.NDArray[np.float64]:
    """How much each of a chapter's sentences carries, in [0, 1]; 0 for those not to be shown."""
    if not sentences:
        return np.zeros(0)
    rank = _text_rank(vectors)
    worth = np.array([_worth(s, lexicon) for s in sentences])
    worth *= np.where(_dangling(sentences), 0.5, 1.0)
    if sum(s.whole for s in sentences) > 0.5 * len(sentences):
        worth *= [1.0 if s.whole else 0.6 for s in sentences]
    found = worth * (0.35 + rank / max(rank.max(), 1e-9))
    return np.asarray(found / max(found.max(), 1e-9))


def _dangling(sentences: Sequence[Sentence]) -> list[bool]:
    """Whether each sentence points back to something that cannot be shown with it."""
    return [points_back(sentences[_first(i, sentences)]) for i in range(len(sentences))]


def _first(i: int, sentences: Sequence[Sentence]) -> int:
    """Where the passage that sentence `i` needs begins: in its own utterance, two back at most."""
    begin = i
    while begin > max(0, i - 2):
        before = sentences[begin - 1]
        same = before.utterance == sentences[begin].utterance
        if not (same and points_back(sentences[begin]) and before.content):
            break
        begin -= 1
    return begin


def _text_rank(vectors: Vectors) -> npt.NDArray[np.float64]:
    likeness = np.clip(vectors @ vectors.T, 0, None).astype(np.float64)
    np.fill_diagonal(likeness, 0)
    totals = likeness.sum(0)
    step = likeness / np.where(totals > 0, totals, 1)
    rank = np.full(len(vectors), 1 / len(vectors))
    for _ in range(30):
        rank = (1 - _DAMPING) / len(vectors) + _DAMPING * (step @ rank)
    return rank


def _worth(s: Sentence, lexicon: Lexicon) -> float:
    """What a sentence is worth by itself, before its place in the chapter."""
    topical = [w for w in s.content if w not in lexicon.general(s.language)]
    if len(s.content) < 3 or not topical or does("managing", s.text, s.language):
        return 0.0
    worth = min(1.0, (len(topical) + 0.4 * len(s.content)) / _FULL)
    worth *= 0.4 + 0.6 * s.confidence
    if s.asks:
        worth *= 0.35
    if s.overlapped:
        worth *= 0.8
    if len(s.content) > _LONG:
        worth *= _LONG / len(s.content)
    if re.search(r"\d", s.text):
        worth *= 1.15
    if does("weight", s.text, s.language):
        worth *= 1.2
    if does("decision", s.text, s.language):
        worth *= 1.2
    if does("commitment", s.shown, s.language):
        worth *= 0.6
    return worth


def passages(
    sentences: Sequence[Sentence],
    vectors: Vectors,
    weight: npt.NDArray[np.float64],
    count: int,
    limit: int,
) -> list[Passage]:
    """Up to `count` passages of at most `limit` sentences in all, in the order of the meeting."""
    chosen: list[int] = []
    found: list[Passage] = []
    taken: set[int] = set()
    open_ = {i for i in range(len(sentences)) if weight[i] > 0.12}
    unit = normalised(vectors)
    while open_ and len(found) < count and len(taken) < limit:
        best = max(open_, key=lambda i: (_marginal(i, chosen, weight, unit), -i))
        open_.discard(best)
        members = _around(best, sentences, limit - len(taken))
        if taken.intersection(members):
            continue
        chosen.append(best)
        taken.update(members)
        found.append(
            Passage(tuple(sentences[i] for i in members), sentences[best], float(weight[best]))
        )
    return sorted(found, key=lambda p: p.sentences[0].index)


def _marginal(
    i: int, chosen: Sequence[int], weight: npt.NDArray[np.float64], unit: Vectors
) -> float:
    likeness = max((float(unit[i] @ unit[j]) for j in chosen), default=0.0)
    return (1 - _DIVERSITY) * float(weight[i]) - _DIVERSITY * likeness


def _around(i: int, sentences: Sequence[Sentence], room: int) -> list[int]:
    """Sentence `i` with those before it that it points back to, as far as there is room."""
    return list(range(max(_first(i, sentences), i + 1 - room), i + 1))


def points_back(s: Sentence) -> bool:
    """Whether a sentence opens with a word that stands for something said before."""
    pattern = _POINTS_BACK.get(s.language)
    return bool(pattern and re.match(pattern, s.shown, re.IGNORECASE))
