"""Models of the minutes take turns in memory, and batches keep to the room there is."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import MinutesSettings, Profile
from pipeline.errors import ModelMissing
from pipeline.ports import Completion, LanguageModel, Prompt, TextEmbedder
from stages.fakes import HashingEmbedder, ScriptedLanguageModel, retell, scripted_transcript
from stages.local import LocalStages
from stages.models import Registry
from stages.summarization import MinutesStage, lent
from stages.summarization.ct2_language_model import _AT_ONCE, _TOKENS, alike

MEETING = scripted_transcript(
    "Ann: We had 86 applications for the position in Lyon.\n"
    "Ben: Then we agreed on two office days for engineering.\n"
    "Ann: I'll send the contract to the lawyers tomorrow, and we meet them on Friday."
)


class Turns:
    """Which models were in memory, as they came and went."""

    def __init__(self, answer: str | None = None) -> None:
        self.log: list[str] = []
        self._answer = answer

    async def embedder(self) -> TextEmbedder | None:
        self.log.append("embedder comes")
        embedder = HashingEmbedder()
        embedder.close = lambda: self.log.append("embedder goes")  # type: ignore[attr-defined]
        return embedder

    async def language_model(self) -> LanguageModel | None:
        self.log.append("model comes")
        model = ScriptedLanguageModel(self._fail if self._answer is None else retell)
        model.close = lambda: self.log.append("model goes")  # type: ignore[attr-defined]
        return model

    def _fail(self, prompt: Prompt) -> Completion:
        raise asyncio.CancelledError

    def stage(self) -> MinutesStage:
        return MinutesStage(MinutesSettings(), lent(self.embedder), lent(self.language_model))


IN_TURN = ["embedder comes", "embedder goes", "model comes", "model goes"]


async def test_the_language_model_comes_when_the_embedder_is_gone_and_goes_too() -> None:
    turns = Turns("as it stands")
    minutes = await turns.stage().summarise(MEETING, lambda part: None)
    assert turns.log == IN_TURN
    assert minutes.method == "scripted"


async def test_minutes_that_are_cancelled_leave_no_model_behind() -> None:
    turns = Turns()
    with pytest.raises(asyncio.CancelledError):
        await turns.stage().summarise(MEETING, lambda part: None)
    assert turns.log == IN_TURN


async def test_no_language_model_is_loaded_for_a_language_that_cannot_be_checked() -> None:
    turns = Turns("as it stands")
    transcript = scripted_transcript("A: Serveren brød ned i går. Vi har rettet fejlen.", "da")
    minutes = await turns.stage().summarise(transcript, lambda part: None)
    assert "model comes" not in turns.log
    assert any("language da" in note for note in minutes.notes)


async def test_a_model_that_cannot_be_had_is_told_and_changes_what_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def missing(*_: object) -> Path:
        raise ModelMissing("pull it first")

    profile = Profile(minutes=MinutesSettings(embedder=None))
    stages = LocalStages(profile, Registry.load(offline=True))
    monkeypatch.setattr(Registry, "ensure", missing)
    before = stages.fingerprint("minutes")
    minutes = await (await stages.summariser()).summarise(MEETING, lambda part: None)
    assert minutes.method == "extractive"
    assert minutes.notes == ("Made without a language model: pull it first",)
    assert stages.fingerprint("minutes") != before


async def test_models_let_go_are_built_again_when_they_are_asked_for() -> None:
    stages = LocalStages(Profile(), Registry.load(offline=True))
    first = await stages.speech()
    assert await stages.speech() is first
    await stages.release()
    assert await stages.speech() is not first


lengths = st.dictionaries(st.integers(0, 60), st.integers(1, 900), max_size=40)


@given(lengths=lengths, fixed=st.integers(1, 800))
def test_a_batch_holds_prompts_of_like_length_in_the_room_there_is(
    lengths: dict[int, int], fixed: int
) -> None:
    batches = alike(lengths, fixed)
    assert sorted(i for batch in batches for i in batch) == sorted(lengths)
    order = [lengths[i] for batch in batches for i in batch]
    assert order == sorted(order, reverse=True)
    for batch in batches:
        assert len(batch) <= _AT_ONCE
        assert len(batch) == 1 or len(batch) * (fixed + lengths[batch[0]]) <= _TOKENS


async def test_answers_to_prompts_of_any_length_come_back_in_their_places() -> None:
    turns = "\n".join(
        f"{'AB'[i % 2]}: We moved the {'very ' * (i % 5)}old archive number {i} to the cellar."
        for i in range(40)
    )
    seen: list[str] = []

    def answer(prompt: Prompt) -> str:
        seen.append(prompt.user)
        return retell(prompt)

    model = ScriptedLanguageModel(answer)
    transcript = scripted_transcript(turns, pace=0.3)

    async def load() -> LanguageModel | None:
        return model

    minutes = await MinutesStage(MinutesSettings(chapter_minutes=3), None, lent(load)).summarise(
        transcript, lambda part: None
    )
    texts = {u.id: u.text for u in transcript.utterances}
    numbered = [s for c in minutes.chapters for s in c.summary if not s.extractive]
    assert len(seen) > 10
    assert numbered
    for statement in numbered:
        number = statement.text.split("number ")[1].split()[0]
        assert any(f"number {number} " in texts[u] for u in statement.evidence)
