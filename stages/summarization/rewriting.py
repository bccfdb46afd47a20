"""Rewriting evidence with a language model, sentence by sentence, each checked before it is shown.

The model sees one passage at a time and so cannot mix two; what it writes cites that passage. If a
check fails, or the model is cut off, the passage itself is quoted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import exp

from pipeline.minutes import Statement
from pipeline.ports import Completion, LanguageModel, Progress, Prompt
from pipeline.types import SpeakerId, Transcript, UtteranceId
from stages.summarization.claims import VOCABULARIES, faults
from stages.summarization.decisions import Decision
from stages.summarization.evidence import Passage
from stages.summarization.headings import sound_heading
from stages.summarization.outline import Part
from stages.summarization.person import Wording, brief, by_rule, needs_retelling, third_person
from stages.summarization.prompts import ENTITLE, IS_DECISION, IS_TASK, RETELL, Instruction
from stages.summarization.sentences import Sentence
from stages.summarization.tasks import Task
from stages.summarization.words import Lexicon

_ANSWER = 90
_HEADING = 18
"""Tokens an answer may take; a longer one is cut off and therefore not used."""

_SLICE = 8
"""Prompts between two reports of progress."""

_VETO = 0.45
"""Probability of being a task below which a mere "I'll …" is left out."""

_KEEP = {"proposed": 0.55, "suggested": 0.4}
"""Probability of being a decision that a "so we …" and a "let's …" need."""


@dataclass(slots=True)
class Tally:
    """How the model's sentences fared: written, and kept after the checks; passages shortened."""

    written: int = 0
    kept: int = 0
    shortened: int = 0
    faults: list[str] = field(default_factory=list)


class Rewriter:
    """A language model held to the evidence, for one meeting in a language both know."""

    def __init__(
        self, model: LanguageModel, transcript: Transcript, lexicon: Lexicon, language: str
    ) -> None:
        self.name = model.name
        self._model = model
        self._names: dict[str, SpeakerId] = {
            transcript.name_of(s.id): s.id for s in transcript.speakers
        }
        self._labels = {s.id: transcript.name_of(s.id) for s in transcript.speakers}
        self._lexicon = lexicon
        self._language = language
        self.tally = Tally()

    @staticmethod
    def can(model: LanguageModel, language: str | None) -> bool:
        """Whether the model writes `language` and what it writes can be checked."""
        return language in model.languages and checkable(language)

    async def retell(
        self, runs: Sequence[tuple[Sequence[Sentence], bool]], progress: Progress
    ) -> list[str | None]:
        """Each run of one speaker's sentences in the third person; None where it must be quoted.

        The flag says that the run is known to be a decision. What rules put well enough is not
        given to the model; where the model fails, rules may still do.
        """
        instruction = RETELL[self._language]
        told: list[str | None] = [None] * len(runs)
        prompts: dict[int, Prompt] = {}
        for k, (sentences, settled) in enumerate(runs):
            if not needs_retelling(sentences):
                continue
            told[k] = self._by_rule(sentences, settled)
            if told[k] is None or not brief(sentences):
                prompt = self._fitted(instruction, sentences)
                if prompt is not None:
                    prompts[k] = prompt
        answers = await self._complete(list(prompts.values()), _ANSWER, progress)
        for k, answer in zip(prompts, answers, strict=True):
            told[k] = self._checked(answer, *runs[k]) or told[k]
        return told

    def _by_rule(self, sentences: Sequence[Sentence], settled: bool) -> str | None:
        """The sentences in the third person without the model, where that passes the checks."""
        for wording in by_rule(sentences, self._label(sentences[0].speaker), settled):
            if not self._faults(wording, sentences, settled):
                return wording.shown
        return None

    def _faults(self, wording: Wording, sentences: Sequence[Sentence], settled: bool) -> list[str]:
        return faults(wording.checked, sentences, self._names, self._lexicon, settled=settled)

    def _fitted(self, instruction: Instruction, sentences: Sequence[Sentence]) -> Prompt | None:
        """The prompt for the sentences, or None if it and its answer do not fit the model."""
        text = " ".join(s.shown for s in sentences)
        prompt = instruction.prompt(f"{self._label(sentences[0].speaker)}: {text}")
        if self._model.count(prompt) + _ANSWER <= self._model.context:
            return prompt
        self.tally.shortened += 1
        return None

    def _checked(
        self, answer: Completion, sentences: Sequence[Sentence], settled: bool
    ) -> str | None:
        self.tally.written += 1
        if not answer.finished:
            self.tally.faults.append("cut off")
            return None
        found = ["empty"]
        for wording in third_person(answer.text, sentences, self._label(sentences[0].speaker)):
            found = self._faults(wording, sentences, settled)
            if not found:
                self.tally.kept += 1
                return wording.shown
        self.tally.faults += found
        return None

    def _label(self, speaker: SpeakerId) -> str:
        return self._labels.get(speaker, str(speaker))

    async def entitle(self, parts: Sequence[Part], progress: Progress) -> list[str | None]:
        """A heading for each part in words said in it; None where the model's was not."""
        instruction = ENTITLE[self._language]
        prompts = [instruction.prompt("\n".join(s.shown for s in part.gist[:6])) for part in parts]
        answers = await self._complete(prompts, _HEADING, progress)
        return [
            sound_heading(answer.text, part.sentences, self._lexicon) if answer.finished else None
            for part, answer in zip(parts, answers, strict=True)
        ]

    async def real_tasks(self, tasks: Sequence[Task]) -> list[Task]:
        """The tasks without those the model takes for a manner of speaking.

        Only promises and requests without a date are asked about: of the rest the wording knows
        better than a small model.
        """
        instruction = IS_TASK.get(self._language)
        doubtful = [t for t in tasks if t.doubtful] if instruction else []
        kept = await self._agreed(instruction, [t.sentences[0].shown for t in doubtful])
        dropped = {id(t) for t, p in zip(doubtful, kept, strict=True) if p < _VETO}
        return [t for t in tasks if id(t) not in dropped]

    async def real_decisions(self, decisions: Sequence[Decision]) -> list[Decision]:
        """The decisions plainly worded, and of the rest those the model agrees with."""
        instruction = IS_DECISION.get(self._language)
        if instruction is None:
            return [d for d in decisions if d.plain]
        doubtful = [d for d in decisions if d.strength < 1]
        kept = await self._agreed(instruction, [d.text for d in doubtful])
        dropped = {
            id(d)
            for d, p in zip(doubtful, kept, strict=True)
            if p < _KEEP["suggested" if d.plain else "proposed"]
        }
        return [d for d in decisions if id(d) not in dropped]

    async def _agreed(self, instruction: Instruction | None, texts: Sequence[str]) -> list[float]:
        """The probability of "yes" for each text."""
        if instruction is None or not texts:
            return []
        answers = await self._model.choose([instruction.prompt(t) for t in texts], ["yes", "no"])
        return [exp(yes) for yes, _ in answers]

    async def _complete(
        self, prompts: Sequence[Prompt], max_tokens: int, progress: Progress
    ) -> list[Completion]:
        """The answers in the order of `prompts`, asked for in slices of like length.

        A batch costs what its longest prompt and answer cost.
        """
        order = sorted(range(len(prompts)), key=lambda k: -len(prompts[k].user))
        answers: dict[int, Completion] = {}
        for begin in range(0, len(order), _SLICE):
            part = order[begin : begin + _SLICE]
            asked = [prompts[k] for k in part]
            found = await self._model.complete(asked, max_tokens=max_tokens, stop=("\n",))
            answers.update(zip(part, found, strict=True))
            progress(len(answers) / len(prompts))
        return [answers[k] for k in range(len(prompts))]


def checkable(language: str | None) -> bool:
    """Whether claims in `language` can be checked, so that any model may retell it."""
    return language in VOCABULARIES


def quotation(passage: Passage) -> Statement:
    """A passage as a statement: what was said, made readable."""
    return Statement(passage.text, passage.evidence, extractive=True)


def retold(
    text: str | None, quoted: str, evidence: tuple[UtteranceId, ...], sentences: Sequence[Sentence]
) -> Statement:
    """The model's text where there is one and it is more than a copy, else the quotation.

    The citation is narrowed to utterances the text draws on; a passage lies within one mostly.
    """
    if text is None or _plain(text) == _plain(quoted):
        return Statement(quoted, evidence, extractive=True)
    return Statement(text, evidence, extractive=False)


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.casefold()).strip()
