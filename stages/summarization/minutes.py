"""The minutes stage: from a transcript to what the meeting came to.

Sentences are cut, given vectors and outlined (chapters, evidence, decisions, tasks, questions,
terms); then the evidence is quoted, or retold by a language model where one is at hand, knows the
language, and passes the checks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

from pipeline.config import MinutesSettings
from pipeline.errors import ParleyError
from pipeline.minutes import ActionItem, Chapter, Minutes, Statement, TalkTime
from pipeline.ports import LanguageModel, Progress, TextEmbedder
from pipeline.types import Span, SpeakerId, Transcript, join_words
from stages.summarization.lending import Loan
from stages.summarization.outline import Outline, Part, outline
from stages.summarization.rewriting import Rewriter, checkable, quotation, retold
from stages.summarization.sentences import Sentence, split
from stages.summarization.vectors import Vectors, counted, embedded, knows
from stages.summarization.words import Lexicon

MINUTES_VERSION = "3"
"""Changes whenever the same transcript would give other minutes."""

_OVERVIEW = 6
"""Statements of an overview at most, one from each of the largest chapters; three at least."""

_READ, _OUTLINED = 0.25, 0.35
"""Progress after the vectors and after the outline, where a language model follows."""


class MinutesStage:
    """Makes minutes of a transcript, each item citing the utterances it rests on.

    embedder, language_model: borrowed one after the other, so that memory never holds both; None to
    do without. remarks: what the reader should know about models that could not be had; read when
    the minutes are made.
    """

    def __init__(
        self,
        settings: MinutesSettings,
        embedder: Loan[TextEmbedder] | None,
        language_model: Loan[LanguageModel] | None,
        remarks: Collection[str] = (),
    ) -> None:
        self._settings = settings
        self._embedder = embedder
        self._model = language_model
        self._remarks = remarks

    async def summarise(self, transcript: Transcript, progress: Progress) -> Minutes:
        """The minutes of `transcript`; empty, with a note, where nothing was said.

        Long work leaves the event loop: models run in their own threads, the rest in one here.
        """
        lexicon, sentences = await asyncio.to_thread(_read, transcript)
        if not any(s.content for s in sentences):
            progress(1.0)
            return _empty(transcript, bool(sentences))
        loan = self._model if checkable(transcript.language) else None
        read = 0.8 if loan is None else _READ
        vectors = await self._vectors(sentences, lambda part: progress(part * read))
        found = await asyncio.to_thread(
            outline, transcript, sentences, vectors, lexicon, self._settings
        )
        minutes, notes = _Wording(transcript, found).minutes(), self._notes(transcript, found)
        if loan is not None:
            progress(_OUTLINED)
            async with loan() as model:
                if model is not None and Rewriter.can(model, transcript.language):
                    writer = Rewriter(model, transcript, lexicon, str(transcript.language))
                    minutes = await self._rewritten(transcript, found, writer, notes, progress)
                elif model is not None:
                    notes.append(_unused(model.name, transcript.language))
        progress(1.0)
        return _with_notes(minutes, [*notes, *self._remarks])

    async def _vectors(self, sentences: Sequence[Sentence], progress: Progress) -> Vectors:
        """The embedder's, or where it does not know the language those of word statistics."""
        if self._embedder is not None:
            async with self._embedder() as embedder:
                if embedder is not None and knows(embedder, sentences):
                    return await embedded(embedder, sentences, progress)
        return await asyncio.to_thread(counted, sentences)

    async def _rewritten(
        self,
        transcript: Transcript,
        found: Outline,
        writer: Rewriter,
        notes: list[str],
        progress: Progress,
    ) -> Minutes:
        """The minutes retold; quoted where the model failed half-way."""
        wording = _Wording(transcript, found)

        def share(begin: float, end: float) -> Progress:
            return lambda part: progress(begin + (end - begin) * part)

        try:
            await wording.judge(writer)
            await wording.retell(writer, share(_OUTLINED, 0.8))
            await wording.entitle(writer, share(0.8, 0.98))
        except (ParleyError, ValueError) as error:
            notes.append(f"The language model failed, so these minutes are quotations: {error}")
            return _Wording(transcript, found).minutes()
        tally = writer.tally
        if tally.written > tally.kept:
            notes.append(
                f"{tally.written - tally.kept} of {tally.written} sentences by the language model "
                "did not pass the checks against the transcript; what was said stands there."
            )
        if tally.shortened:
            notes.append(
                f"{tally.shortened} passages were too long for the language model and are quoted."
            )
        return wording.minutes(method=writer.name)

    def _notes(self, transcript: Transcript, found: Outline) -> list[str]:
        notes = []
        wanted = self._settings.language_model
        if self._model is None and wanted is not None and not len(self._remarks):
            notes.append(
                f"The language model {wanted} was not at hand: these minutes are quotations."
            )
        elif self._model is not None and not checkable(transcript.language):
            notes.append(_unused(str(wanted), transcript.language))
        if not found.discussed:
            notes.append(
                "This sounds read out rather than discussed: decisions, action items and open "
                "questions were not looked for."
            )
        if transcript.partial:
            notes.append(f"The recording is not complete: {transcript.partial}")
        return notes


class _Wording:
    """An outline on its way to minutes: every item quoted until something better passes."""

    def __init__(self, transcript: Transcript, found: Outline) -> None:
        self._transcript = transcript
        self._found = found
        self._decisions = [d for d in found.decisions if d.plain]
        self._tasks = [t for t in found.tasks if t.plain]
        self._told: dict[tuple[Sentence, ...], str] = {}
        self._titles = [part.title for part in found.parts]
        self._title = found.title

    async def judge(self, writer: Rewriter) -> None:
        """Let the model sort out manners of speaking."""
        self._tasks = await writer.real_tasks(self._tasks)
        self._decisions = await writer.real_decisions(self._found.decisions)

    async def retell(self, writer: Rewriter, progress: Progress) -> None:
        """Let the model retell what the summary and the decisions quote."""
        settled = {s for d in self._decisions for s in d.sentences}
        runs = {p.sentences: p.lead in settled for part in self._found.parts for p in part.passages}
        for d in self._decisions:
            if len({s.speaker for s in d.sentences}) == 1:
                runs[d.sentences] = True
        told = await writer.retell(list(runs.items()), progress)
        self._told = {run: text for run, text in zip(runs, told, strict=True) if text is not None}

    async def entitle(self, writer: Rewriter, progress: Progress) -> None:
        """Let the model name the chapters, and the meeting."""
        named = await writer.entitle(self._found.parts, progress)
        self._titles = [n or t for n, t in zip(named, self._titles, strict=True)]
        if len(self._found.parts) == 1:
            self._title = self._titles[0]

    def minutes(self, method: str = "extractive") -> Minutes:
        """The minutes as worded so far."""
        chapters, overview = self._chapters()
        return Minutes(
            title=self._title,
            overview=overview,
            chapters=chapters,
            decisions=tuple(
                retold(self._told.get(d.sentences), d.text, d.evidence, d.sentences)
                for d in self._decisions
            ),
            action_items=tuple(
                ActionItem(t.shown, t.evidence, t.owner, t.owner_name, t.due) for t in self._tasks
            ),
            questions=tuple(Statement(q.text, q.evidence) for q in self._found.questions),
            keywords=self._found.keywords,
            talk_time=talk_time(self._transcript),
            language=self._transcript.language,
            method=method,
        )

    def _statements(self, part: Part) -> list[Statement]:
        return [
            retold(self._told.get(p.sentences), p.text, p.evidence, p.sentences)
            if p.sentences in self._told
            else quotation(p)
            for p in part.passages
        ]

    def _chapters(self) -> tuple[tuple[Chapter, ...], tuple[Statement, ...]]:
        parts = self._found.parts
        said = [self._statements(part) for part in parts]
        if len(parts) == 1:
            best = set(_strongest(parts[0], 3))
            overview = [s for i, s in enumerate(said[0]) if i in best]
            rest = [s for i, s in enumerate(said[0]) if i not in best]
            return (self._chapter(0, rest),), tuple(overview)
        largest = sorted(range(len(parts)), key=lambda k: (-parts[k].mass, k))[:_OVERVIEW]
        twice = largest[: max(0, 3 - len(parts))]
        overview = [
            said[k][i] for k in sorted(largest) for i in _strongest(parts[k], 1 + (k in twice))
        ]
        chapters = tuple(self._chapter(k, statements) for k, statements in enumerate(said))
        return chapters, tuple(overview)

    def _chapter(self, k: int, statements: Sequence[Statement]) -> Chapter:
        inside = self._found.parts[k].sentences
        return Chapter(
            title=self._titles[k],
            span=Span(inside[0].span.start, max(s.span.end for s in inside)),
            summary=tuple(statements),
            utterances=tuple(dict.fromkeys(s.utterance for s in inside)),
        )


def _strongest(part: Part, count: int) -> list[int]:
    """Which of a part's passages carry most, in order."""
    ranked = sorted(range(len(part.passages)), key=lambda i: (-part.passages[i].weight, i))
    return sorted(ranked[:count])


def _read(transcript: Transcript) -> tuple[Lexicon, tuple[Sentence, ...]]:
    lexicon = Lexicon((join_words(u.words), u.language) for u in transcript.utterances)
    return lexicon, split(transcript, lexicon)


def talk_time(transcript: Transcript) -> tuple[TalkTime, ...]:
    """Seconds and share of each speaker, most talkative first; by words where turns are unknown."""
    seconds: dict[SpeakerId, float] = {s.id: s.talk_time for s in transcript.speakers}
    if not any(seconds.values()):
        for u in transcript.utterances:
            spoken = sum(w.span.duration for w in u.words)
            seconds[u.speaker] = seconds.get(u.speaker, 0.0) + spoken
    total = sum(seconds.values())
    ranked = sorted(seconds.items(), key=lambda item: -item[1])
    return tuple(
        TalkTime(speaker, round(spoken, 3), round(spoken / total, 4) if total else 0.0)
        for speaker, spoken in ranked
    )


def _empty(transcript: Transcript, words: bool) -> Minutes:
    note = (
        "Too little was said to make minutes of."
        if words
        else "Nothing was said, or nothing that could be understood."
    )
    return Minutes(
        title="",
        overview=(),
        chapters=(),
        decisions=(),
        action_items=(),
        questions=(),
        keywords=(),
        talk_time=talk_time(transcript) if words else (),
        language=transcript.language,
        notes=(note,),
    )


def _unused(model: str, language: str | None) -> str:
    return f"{model} is not used for the language {language}: these minutes are quotations."


def _with_notes(minutes: Minutes, notes: Sequence[str]) -> Minutes:
    from dataclasses import replace

    changed: dict[str, Any] = {"notes": tuple(dict.fromkeys(notes))}
    return replace(minutes, **changed)
