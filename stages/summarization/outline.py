"""Everything of the minutes that wording, statistics and vectors yield, before any rewriting.

Pure: the same sentences and vectors give the same outline, so it can be cached by their content.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.config import MinutesSettings
from pipeline.minutes import Keyword
from pipeline.types import Transcript
from stages.summarization.chapters import chapters
from stages.summarization.cues import conversational, opens_topic
from stages.summarization.decisions import Decision, decisions
from stages.summarization.evidence import Passage, passages, weights
from stages.summarization.keywords import Terms
from stages.summarization.people import People
from stages.summarization.questions import Question, open_questions
from stages.summarization.sentences import Sentence
from stages.summarization.tasks import Task, tasks
from stages.summarization.vectors import Vectors
from stages.summarization.words import Lexicon

_BRIEF = 120.0
"""Seconds up to which a chapter gets a passage less; from four times that on, one more."""

_TYPICAL = 3


@dataclass(frozen=True, slots=True)
class Part:
    """One chapter before it is worded.

    passages: what carries it, in order. title: its strongest terms. gist: sentences to name it by.
    """

    sentences: tuple[Sentence, ...]
    passages: tuple[Passage, ...]
    title: str
    gist: tuple[Sentence, ...]

    @property
    def mass(self) -> int:
        """How much was said in it, in content words."""
        return sum(len(s.content) for s in self.sentences)


@dataclass(frozen=True, slots=True)
class Outline:
    """A meeting's parts, what was settled, taken on and left open in it, and its terms."""

    parts: tuple[Part, ...]
    decisions: tuple[Decision, ...]
    tasks: tuple[Task, ...]
    questions: tuple[Question, ...]
    keywords: tuple[Keyword, ...]
    title: str
    discussed: bool


def outline(
    transcript: Transcript,
    sentences: Sequence[Sentence],
    vectors: Vectors,
    lexicon: Lexicon,
    settings: MinutesSettings,
) -> Outline:
    """The outline of `transcript`, given its sentences and a vector for each."""
    people = People(transcript, sentences, lexicon)
    names = [*(s.name for s in transcript.speakers), *people.called]
    terms = Terms(sentences, lexicon, names)
    runs = chapters(sentences, vectors, settings.chapter_minutes * 60)
    parts = tuple(
        _part(run, sentences, vectors, lexicon, terms, settings, alone=len(runs) == 1)
        for run in runs
    )
    discussed = conversational(sentences)
    return Outline(
        parts=parts,
        decisions=tuple(decisions(sentences)) if discussed else (),
        tasks=tuple(tasks(sentences, people)) if discussed else (),
        questions=tuple(open_questions(sentences, lexicon)) if discussed else (),
        keywords=terms.keywords(sentences),
        title=terms.title(range(len(sentences)), sentences, count=3) if sentences else "",
        discussed=discussed,
    )


def _part(
    run: range,
    sentences: Sequence[Sentence],
    vectors: Vectors,
    lexicon: Lexicon,
    terms: Terms,
    settings: MinutesSettings,
    alone: bool,
) -> Part:
    inside = sentences[run.start : run.stop]
    near = vectors[run.start : run.stop]
    weight = weights(inside, near, lexicon)
    seconds = inside[-1].span.end - inside[0].span.start
    count = _TYPICAL - (seconds < _BRIEF) + (seconds > 4 * _BRIEF) + (alone and seconds > _BRIEF)
    chosen = passages(inside, near, weight, _room(inside, count), settings.evidence_per_chapter)
    opening = [s for s in inside[:8] if opens_topic(s.text, s.language) and len(s.content) > 1]
    central = passages(inside, near, weight, 5, 5)
    gist = tuple(dict.fromkeys([*opening[:1], *(p.lead for p in central)]))
    return Part(tuple(inside), tuple(chosen), terms.title(run, sentences), gist)


def _room(sentences: Sequence[Sentence], count: int) -> int:
    """No more passages than a third of the sentences that say something: a summary is shorter."""
    saying = sum(len(s.content) >= 3 for s in sentences)
    return max(1, min(count, (saying + 1) // 3))
