"""Minutes with the models of the default profile: what they write is checked, and is worth it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import pytest_socket

from pipeline.config import MinutesSettings
from pipeline.errors import ModelNotPrepared, ModelTooLarge
from pipeline.ports import LanguageModel, Prompt
from pipeline.types import Transcript
from stages.embedding import SentenceEmbedder
from stages.fakes import scripted_transcript
from stages.models import Registry
from stages.summarization import MinutesStage, build_language_model, held
from stages.summarization.prompts import IS_TASK, RETELL
from stages.threads import share

pytestmark = pytest.mark.model

MEETINGS = Path(__file__).parent.parent / "meetings"
SETTINGS = MinutesSettings(chapter_minutes=3)


@pytest.fixture(scope="module", autouse=True)
def no_network() -> Iterator[None]:
    """Models come from this machine: any socket is an error."""
    pytest_socket.disable_socket(allow_unix_socket=True)
    yield
    pytest_socket.enable_socket()


@pytest.fixture(scope="module")
def embedder() -> SentenceEmbedder:
    path = Registry.load(offline=True).ensure(str(SETTINGS.embedder))
    return SentenceEmbedder(path, share(None, 1))


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    try:
        path = Registry.load(offline=True).ensure(str(SETTINGS.language_model))
        return build_language_model(SETTINGS, path, share(None, 1))
    except (ModelTooLarge, ModelNotPrepared) as error:
        pytest.skip(f"no memory for the language model: {error.message}")


def meeting(name: str, language: str, pace: float, lines: int | None = None) -> Transcript:
    text = (MEETINGS / f"{name}.txt").read_text(encoding="utf-8")
    script = "\n".join(text.splitlines()[:lines])
    return scripted_transcript(script, language, pace=pace, named=False)


async def test_likeness_of_sentences_is_likeness_of_meaning(embedder: SentenceEmbedder) -> None:
    texts = ["The server was down.", "Nobody could reach our machines.", "Lunch is at noon."]
    vectors = await embedder.embed(texts)
    assert vectors.shape == (3, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.1
    assert (await embedder.embed([])).shape == (0, 384)


async def test_minutes_retold_by_the_model_say_what_was_said(
    embedder: SentenceEmbedder, model: LanguageModel
) -> None:
    transcript = meeting("product_en", "en", 1.6)
    stage = MinutesStage(SETTINGS, held(embedder), held(model))
    minutes = await stage.summarise(transcript, lambda p: None)
    retold = [s for c in minutes.chapters for s in c.summary if not s.extractive]
    assert minutes.method == SETTINGS.language_model
    assert len(retold) >= 3
    texts = {u.id: u.text for u in transcript.utterances}
    for statement in retold:
        said = " ".join(texts[u] for u in statement.evidence)
        figures = re.findall(r"\d+", re.sub(r"Speaker \d+", "", statement.text))
        assert all(figure in said for figure in figures)
    assert len(minutes.decisions) == 4
    assert len(minutes.action_items) >= 8


async def test_chinese_minutes_are_retold_in_chinese(model: LanguageModel) -> None:
    transcript = meeting("product_zh", "zh", 1.1, lines=22)
    stage = MinutesStage(SETTINGS, None, held(model))
    minutes = await stage.summarise(transcript, lambda p: None)
    statements = [s.text for c in minutes.chapters for s in c.summary]
    assert minutes.method == SETTINGS.language_model
    assert all(any("\u4e00" <= c <= "\u9fff" for c in text) for text in statements)


async def test_the_model_tells_tasks_from_manners_of_speaking(model: LanguageModel) -> None:
    said = [
        "I'll book the radio slots before the end of March.",
        "I'll just read you the first paragraph.",
        "I'll talk to accounting about moving the invoices.",
        "Can you move a bit to the left?",
    ]
    chances = await model.choose([IS_TASK["en"].prompt(s) for s in said], ["yes", "no"])
    assert [yes > no for yes, no in chances] == [True, False, True, False]
    assert np.allclose([np.exp(c).sum() for c in chances], 1)


async def test_prompts_answered_together_are_answered_each_for_itself(
    model: LanguageModel,
) -> None:
    said = ["The filter costs 6,400 euros.", "We had 86 applications.", "I'll call Rotterdam."]
    prompts = [RETELL["en"].prompt(f"Speaker 1: {s}") for s in said]
    answers = await model.complete(prompts, max_tokens=40, stop=("\n",))
    assert all(answer.finished for answer in answers)
    expected = ("6,400", "86", "Rotterdam")
    assert [e in a.text for e, a in zip(expected, answers, strict=True)] == [True] * 3


async def test_a_prompt_beyond_the_context_is_refused_not_cut(model: LanguageModel) -> None:
    prompt = Prompt("Be brief.", "word " * 6000)
    assert model.count(prompt) > model.context
    with pytest.raises(ValueError, match="within"):
        await model.complete([prompt], max_tokens=10)


async def test_the_event_loop_is_free_while_the_model_writes(model: LanguageModel) -> None:
    prompt = RETELL["en"].prompt("Speaker 2: I'll order the filter tomorrow.")
    writing = asyncio.create_task(model.complete([prompt], max_tokens=20))
    beats = 0
    while not writing.done():
        await asyncio.sleep(0.02)
        beats += 1
    assert beats >= 3
