"""A chat model behind an OpenAI-compatible server, for teams that run their own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from math import exp, log
from typing import Any

import httpx

from pipeline.errors import ModelUnreachable
from pipeline.ports import Completion, Prompt
from stages.summarization.chat import messages

_AT_ONCE = 8
_UNLIKELY = 1e-6
"""Probability of an option the server does not mention."""


class OpenAiLanguageModel:
    """The LanguageModel port on POST {url}/chat/completions.

    url: up to and with the version, like http://host:8000/v1. model: its name there. Options of
    `choose` must differ in their first word. Raises ModelUnreachable if the server does not answer
    or not as it should.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        api_key: str | None = None,
        languages: frozenset[str] = frozenset({"en", "zh"}),
        context: int = 8192,
        timeout: float = 120.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.name = model
        self.languages = languages
        self.context = context
        self._url = url.rstrip("/") + "/chat/completions"
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._timeout = timeout
        self._transport = transport

    def count(self, prompt: Prompt) -> int:
        """Tokens in `prompt`, estimated from above: three bytes a token, four for each message."""
        texts = [m["content"] for m in messages(prompt)] + [prompt.prefix]
        return sum(len(text.encode()) // 3 + 5 for text in texts)

    async def complete(
        self, prompts: Sequence[Prompt], *, max_tokens: int, stop: Sequence[str] = ()
    ) -> list[Completion]:
        """See LanguageModel.complete."""
        body = {"max_tokens": max_tokens, "stop": list(stop) or None}
        answers = await self._ask(prompts, body)
        return [
            Completion(
                text.removeprefix(prompt.prefix).lstrip(), choice.get("finish_reason") == "stop"
            )
            for prompt, choice in zip(prompts, answers, strict=True)
            if (text := str(choice["message"]["content"] or "")) is not None
        ]

    async def choose(self, prompts: Sequence[Prompt], options: Sequence[str]) -> list[list[float]]:
        """See LanguageModel.choose; by the server's log-probabilities, else by its answer."""
        body = {"max_tokens": 4, "logprobs": True, "top_logprobs": 20}
        return [_weighed(choice, options) for choice in await self._ask(prompts, body)]

    async def _ask(self, prompts: Sequence[Prompt], body: dict[str, Any]) -> list[dict[str, Any]]:
        room = asyncio.Semaphore(_AT_ONCE)

        async def ask(client: httpx.AsyncClient, prompt: Prompt) -> dict[str, Any]:
            async with room:
                return await self._post(client, prompt, body)

        async with httpx.AsyncClient(
            headers=self._headers, timeout=self._timeout, transport=self._transport
        ) as client:
            return list(await asyncio.gather(*(ask(client, prompt) for prompt in prompts)))

    async def _post(
        self, client: httpx.AsyncClient, prompt: Prompt, body: dict[str, Any]
    ) -> dict[str, Any]:
        begin = f"\n\nBegin your answer with: {prompt.prefix}" if prompt.prefix else ""
        values = {
            "model": self.name,
            "messages": messages(prompt, prompt.user + begin),
            "temperature": 0,
            **{key: value for key, value in body.items() if value is not None},
        }
        try:
            response = await client.post(self._url, json=values)
            response.raise_for_status()
            choice = response.json()["choices"][0]
            if not isinstance(choice["message"], dict):
                raise TypeError("message is no object")
        except (httpx.HTTPError, ValueError, KeyError, IndexError, TypeError) as error:
            raise ModelUnreachable(
                f"{self._url}: expected a chat completion, got {error or type(error).__name__}. "
                "Check the address, the model's name and PARLEY_LLM_API_KEY."
            ) from error
        return dict(choice)


def _weighed(choice: dict[str, Any], options: Sequence[str]) -> list[float]:
    """Log-probabilities of the options against each other, from the first token's alternatives."""
    weights = [_UNLIKELY] * len(options)
    content = (choice.get("logprobs") or {}).get("content") or []
    tops = content[0].get("top_logprobs", []) if content else []
    for top in tops:
        token = str(top["token"]).strip().casefold()
        for i, option in enumerate(options):
            if token and option.casefold().startswith(token):
                weights[i] += exp(float(top["logprob"]))
    if not tops:
        said = str(choice["message"].get("content") or "").strip().casefold()
        for i, option in enumerate(options):
            if said.startswith(option.casefold()):
                weights[i] = 1.0
    total = sum(weights)
    return [log(w / total) for w in weights]
