"""Questions the meeting left open: put off in so many words, or simply not answered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.types import UtteranceId
from stages.summarization.cues import does, match
from stages.summarization.decisions import quoted
from stages.summarization.sentences import Sentence
from stages.summarization.words import Lexicon

_REPLIES = 3
"""Utterances after a question in which an answer is looked for."""

_ASIDE = re.compile(r",? (?:I don't know|I'm not sure),", re.IGNORECASE)
"""Said in the middle of an answer, a hesitation and no refusal."""

_SOON = 20.0
"""Seconds within which somebody would answer."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the sentences that show it was left open."""

    sentences: tuple[Sentence, ...]
    asked: Sentence
    weight: float

    @property
    def text(self) -> str:
        """The question, with the sentence before where it needs one."""
        index = self.sentences.index(self.asked)
        return quoted(self.sentences[: index + 1])

    @property
    def evidence(self) -> tuple[UtteranceId, ...]:
        """The utterances it rests on."""
        return tuple(dict.fromkeys(s.utterance for s in self.sentences))


def open_questions(sentences: Sequence[Sentence], lexicon: Lexicon) -> list[Question]:
    """Questions without an answer, in order: at most three, and one more for each ten minutes."""
    speakers = {s.speaker for s in sentences}
    found = []
    for i, s in enumerate(sentences):
        if not _asks_something(s, lexicon):
            continue
        if s.asks:
            shows, weight = _left_open(sentences, i, alone=len(speakers) < 2)
        else:
            shows, weight = [], 0.9
        if weight:
            found.append(Question((s, *(sentences[k] for k in shows)), s, weight))
    minutes = sentences[-1].span.end / 60 if sentences else 0.0
    limit = min(12, 3 + int(minutes / 10))
    kept = sorted(found, key=lambda q: (-q.weight, q.asked.index))[:limit]
    return sorted(kept, key=lambda q: q.asked.index)


def _asks_something(s: Sentence, lexicon: Lexicon) -> bool:
    """Whether a sentence puts a question about the subject, not about the meeting."""
    if not s.asks and not does("open_point", s.text, s.language):
        return False
    if any(does(act, s.text, s.language) for act in ("managing", "request", "proposes")):
        return False
    topical = [w for w in s.content if w not in lexicon.general(s.language)]
    return len(s.content) >= (2 if topical else 3)


def _left_open(sentences: Sequence[Sentence], i: int, alone: bool) -> tuple[list[int], float]:
    """The sentences that put the question off, and how surely it was left open (0: answered)."""
    replies: list[int] = []
    utterances: list[UtteranceId] = []
    for k in range(i + 1, len(sentences)):
        s = sentences[k]
        if s.span.start > sentences[i].span.end + _SOON and utterances:
            break
        if s.utterance not in utterances:
            utterances.append(s.utterance)
            if len(utterances) > _REPLIES:
                break
        replies.append(k)
    others = [k for k in replies if sentences[k].speaker != sentences[i].speaker]
    if not others:
        return [], 0.0 if alone or not _fell_flat(sentences, i) else 0.4
    first = [k for k in others if sentences[k].utterance == sentences[others[0]].utterance][:3]
    for k in first:
        text = _ASIDE.sub(" ", sentences[k].text)
        if does("defers", text, sentences[k].language):
            return [k], 1.0 if len(sentences[i].content) >= 3 else 0.6
        if len(sentences[k].content) >= 3:
            break
    return [], 0.0


def _fell_flat(sentences: Sequence[Sentence], i: int) -> bool:
    """Whether nobody took the question up and the asker did not go on to answer it."""
    following = sentences[i + 1] if i + 1 < len(sentences) else None
    if following is None:
        return len(sentences[i].content) >= 3
    went_on = following.utterance == sentences[i].utterance
    return not went_on and match("topic", following.text, following.language) is not None
