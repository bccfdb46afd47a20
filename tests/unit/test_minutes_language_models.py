"""Language model adapters, without a model: requests, answers and refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import exp, log
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipeline.config import MinutesSettings
from pipeline.errors import ModelMissing, ModelTooLarge, ModelUnreachable
from pipeline.ports import Prompt
from stages.embedding import SentenceEmbedder
from stages.summarization import build_language_model, memory
from stages.summarization.chat import first_stop, messages
from stages.summarization.ct2_language_model import Ct2LanguageModel, required_memory
from stages.summarization.openai_language_model import OpenAiLanguageModel

PROMPT = Prompt("Be brief.", "Speaker 1: hello", (("a", "b"),))


def server(
    answer: Callable[[dict[str, Any]], httpx.Response], key: str | None = None
) -> OpenAiLanguageModel:
    def handle(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        body["authorization"] = request.headers.get("authorization")
        body["url"] = str(request.url)
        return answer(body)

    return OpenAiLanguageModel(
        "http://llm.test/v1/", "mini", api_key=key, transport=httpx.MockTransport(handle)
    )


def completion(text: str, reason: str = "stop", **more: Any) -> httpx.Response:
    choice = {"message": {"content": text}, "finish_reason": reason, **more}
    return httpx.Response(200, json={"choices": [choice]})


async def test_a_server_is_asked_in_its_own_form() -> None:
    seen: list[dict[str, Any]] = []

    def answer(body: dict[str, Any]) -> httpx.Response:
        seen.append(body)
        return completion("Hello was said.")

    (found,) = await server(answer, key="secret").complete([PROMPT], max_tokens=9, stop=("\n",))
    assert (found.text, found.finished) == ("Hello was said.", True)
    (body,) = seen
    assert body["url"] == "http://llm.test/v1/chat/completions"
    assert body["authorization"] == "Bearer secret"
    assert body["messages"] == messages(PROMPT)
    assert (body["model"], body["max_tokens"], body["stop"]) == ("mini", 9, ["\n"])
    assert body["temperature"] == 0


async def test_an_answer_cut_off_by_the_server_is_not_finished() -> None:
    (found,) = await server(lambda body: completion("Hello", "length")).complete(
        [PROMPT], max_tokens=1
    )
    assert not found.finished


async def test_answers_come_in_the_order_of_the_prompts() -> None:
    prompts = [Prompt("s", f"u{i}") for i in range(20)]
    model = server(lambda body: completion(body["messages"][-1]["content"]))
    answers = await model.complete(prompts, max_tokens=5)
    assert [a.text for a in answers] == [p.user for p in prompts]


async def test_options_are_weighed_by_the_servers_log_probabilities() -> None:
    tops = [{"token": " Yes", "logprob": log(0.6)}, {"token": "no", "logprob": log(0.2)}]
    logprobs = {"content": [{"top_logprobs": tops}]}
    model = server(lambda body: completion("Yes", logprobs=logprobs))
    ((yes, no),) = await model.choose([PROMPT], ["yes", "no"])
    assert exp(yes) == pytest.approx(0.75, abs=1e-4)
    assert exp(yes) + exp(no) == pytest.approx(1)


async def test_a_server_without_log_probabilities_is_taken_at_its_word() -> None:
    ((yes, no),) = await server(lambda body: completion("No.")).choose([PROMPT], ["yes", "no"])
    assert exp(no) > 0.99 > exp(yes)


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(401, json={"error": "no key"}),
        httpx.Response(200, json={"choices": []}),
        httpx.Response(200, json={"choices": [{"message": None}]}),
        httpx.Response(200, text="<html>"),
    ],
)
async def test_a_server_that_answers_otherwise_is_an_error_that_says_so(
    response: httpx.Response,
) -> None:
    with pytest.raises(ModelUnreachable, match="PARLEY_LLM_API_KEY"):
        await server(lambda body: response).complete([PROMPT], max_tokens=5)


def test_tokens_behind_a_server_are_estimated_from_above() -> None:
    model = server(lambda body: completion(""))
    assert model.count(Prompt("", "word " * 300)) >= 300
    assert model.count(Prompt("", "会议纪要" * 100)) >= 400


def test_the_adapter_follows_from_what_is_named(tmp_path: Path) -> None:
    settings = MinutesSettings(language_model="http://llm.test/v1#mini")
    model = build_language_model(settings, "http://llm.test/v1#mini")
    assert (type(model), model.name) == (OpenAiLanguageModel, "mini")
    with pytest.raises(ModelMissing, match="parley models pull"):
        build_language_model(settings, tmp_path)
    with pytest.raises(ModelMissing, match="parley models pull"):
        SentenceEmbedder(tmp_path)


def test_a_model_larger_than_the_free_memory_is_refused_before_it_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.bin").write_bytes(b"x" * 1000)
    monkeypatch.setattr(memory, "available_memory", lambda: 500_000_000)
    assert required_memory(tmp_path) > 1_000_000_000
    with pytest.raises(ModelTooLarge, match=r"0\.5 GB are free"):
        build_language_model(MinutesSettings(), tmp_path)


def test_free_memory_is_the_containers_where_that_is_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in (
        ("meminfo", "MemAvailable: 8000000 kB\n"),
        ("max", "3000"),
        ("used", "1500"),
        ("stat", "anon 5\ninactive_file 500\n"),
    ):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(
        memory, "_CGROUPS", ((tmp_path / "max", tmp_path / "used", tmp_path / "stat"),)
    )
    assert memory.available_memory() == 2000
    (tmp_path / "max").write_text("max\n")
    assert memory.available_memory() == 8_192_000_000
    (tmp_path / "meminfo").unlink()
    assert memory.available_memory() is None


def test_an_answer_ends_before_the_first_stop() -> None:
    assert first_stop("one\ntwo. three", (".", "\n")) == 3
    assert first_stop("one", (".",)) is None


class Forgetful:
    """A generator that counts how often it is made to forget."""

    def __init__(self) -> None:
        self.loads = 0

    def unload_model(self) -> None:
        pass

    def load_model(self) -> None:
        self.loads += 1


def test_openings_beyond_the_room_are_forgotten_together() -> None:
    model = object.__new__(Ct2LanguageModel)
    model._generator, model._openings = Forgetful(), set()
    short, other, long = ("a",) * 150, ("b",) * 150, ("c",) * 400
    for opening in (short, other, short):
        model._remember(opening)
    assert model._generator.loads == 0
    model._remember(long)
    assert model._generator.loads == 1 and model._openings == {long}


def test_an_opening_longer_than_the_room_is_read_all_the_same() -> None:
    model = object.__new__(Ct2LanguageModel)
    model._generator, model._openings = Forgetful(), set()
    model._remember(("a",) * 1000)
    assert model._generator.loads == 0
