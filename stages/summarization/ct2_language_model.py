"""A chat model on CTranslate2, the runtime that speech recognition needs anyway.

int8 weights run two to three times faster on a CPU here than through transformers, in a third of
the memory; the tokenizer and the chat template stay those of transformers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from pipeline.errors import ModelMissing
from pipeline.ports import Completion, Prompt
from stages.summarization.chat import ChatTokenizer, first_stop
from stages.summarization.memory import require_memory, return_memory
from stages.threads import limit_threads

T = TypeVar("T")

_AT_ONCE = 8
_TOKENS = 1100
"""Prompts answered together, and what they may come to with their answers.

The weights are read once a step for all of them. CTranslate2 keeps keys and values for every head,
in float32: a third of a megabyte a token, and a third of that again while it copies them, so that
these come to half a gigabyte.
"""

_REMEMBERED = 450
"""Tokens of openings that are kept read, at a third of a megabyte each, for the next prompts."""

_OVERHEAD = 1_300_000_000
"""Bytes on top of the weights: libraries, tokenizer, a batch's keys and values."""


def required_memory(path: Path) -> int:
    """Bytes of memory the model in `path` needs to be loaded and used."""
    return int((path / "model.bin").stat().st_size + _OVERHEAD)


class Ct2LanguageModel:
    """The LanguageModel port on a folder written by ct2-transformers-converter.

    path: model.bin, config.json, vocabulary and the tokenizer's files. languages: those its answers
    are good enough in. Raises ModelMissing if there is no such model and ModelTooLarge if the
    memory that is free would not hold it.
    """

    def __init__(
        self,
        path: Path,
        threads: int = 1,
        *,
        device: str = "cpu",
        name: str | None = None,
        languages: frozenset[str] = frozenset({"en", "zh"}),
        context: int = 4096,
    ) -> None:
        if not (path / "model.bin").is_file():
            raise ModelMissing(
                f"{path}: expected model.bin of a CTranslate2 model. Run `parley models pull`."
            )
        limit_threads()
        import ctranslate2

        if device == "auto":
            device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
        if device == "cpu":
            require_memory(path.name, required_memory(path))

        self.name = name or path.name
        self.languages = languages
        self.context = context
        self._chat = ChatTokenizer(path)
        self._generator = ctranslate2.Generator(
            str(path), device=device, compute_type="int8", inter_threads=1, intra_threads=threads
        )
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="language-model")
        self._closed = False
        self._openings: set[tuple[str, ...]] = set()

    def count(self, prompt: Prompt) -> int:
        """Tokens in `prompt`."""
        static, rest = self._chat.tokens(prompt)
        return len(static) + len(rest)

    def close(self) -> None:
        """Let the weights go, and what is being written; nothing can be asked any more."""
        self._closed = True
        self._executor.shutdown(cancel_futures=True)
        self._generator.unload_model()

    async def complete(
        self, prompts: Sequence[Prompt], *, max_tokens: int, stop: Sequence[str] = ()
    ) -> list[Completion]:
        """See LanguageModel.complete."""
        return await self._run(self._complete, list(prompts), max_tokens, tuple(stop))

    async def choose(self, prompts: Sequence[Prompt], options: Sequence[str]) -> list[list[float]]:
        """See LanguageModel.choose."""
        return await self._run(self._choose, list(prompts), list(options))

    async def _run(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work, *arguments)

    def _complete(
        self, prompts: list[Prompt], max_tokens: int, stop: tuple[str, ...]
    ) -> list[Completion]:
        results = self._generate(prompts, max_tokens, callback=self._stopping(stop))
        completions = []
        for result in results:
            ids = list(result.sequences_ids[0])
            ended = bool(ids) and ids[-1] in self._chat.end_ids
            text = self._chat.decode(ids[:-1] if ended else ids)
            cut = first_stop(text, stop)
            completions.append(Completion(text[:cut], ended or cut is not None))
        return completions

    def _stopping(self, stop: tuple[str, ...]) -> Callable[[Any], bool]:
        def stops(step: Any) -> bool:
            return self._closed or first_stop(self._chat.decode([step.token_id]), stop) is not None

        return stops

    def _choose(self, prompts: list[Prompt], options: list[str]) -> list[list[float]]:
        ids = self._chat.first_ids(options)
        chosen = []
        # One at a time: for a batch, CTranslate2 4.8 returns other logits than it decodes by.
        for result in self._generate(prompts, 1, at_once=1, return_logits_vocab=True):
            logits = np.asarray(result.logits[0], np.float64).reshape(-1)[ids]
            shifted = logits - logits.max()
            chosen.append([float(v) for v in shifted - np.log(np.exp(shifted).sum())])
        return chosen

    def _generate(
        self, prompts: list[Prompt], max_tokens: int, at_once: int = _AT_ONCE, **options: Any
    ) -> list[Any]:
        """Results in the order of `prompts`, those with the same opening sharing its reading."""
        groups: dict[tuple[str, ...], list[int]] = {}
        rests = []
        for i, prompt in enumerate(prompts):
            static, rest = self._chat.tokens(prompt)
            if len(static) + len(rest) + max_tokens > self.context:
                raise ValueError(
                    f"expected prompt and answer within {self.context} tokens, got "
                    f"{len(static) + len(rest)} and {max_tokens}"
                )
            groups.setdefault(tuple(static), []).append(i)
            rests.append(rest)
        results: list[Any] = [None] * len(prompts)
        for shared, members in groups.items():
            self._remember(shared)
            fixed = len(shared) + max_tokens // 2  # an answer is seldom longer
            for batch in alike({i: len(rests[i]) for i in members}, fixed, at_once):
                answers = self._generator.generate_batch(
                    [rests[i] for i in batch],
                    static_prompt=list(shared),
                    max_length=max_tokens,
                    max_batch_size=len(batch),
                    sampling_topk=1,
                    include_prompt_in_result=False,
                    return_end_token=True,
                    end_token=self._chat.end_tokens,
                    **options,
                )
                return_memory()  # else what a batch left in pieces adds to the next one's peak
                for i, answer in zip(batch, answers, strict=True):
                    results[i] = answer
        return results

    def _remember(self, opening: tuple[str, ...]) -> None:
        """Make room for the keys and values of an opening: all others go, or none."""
        if opening in self._openings:
            return
        if self._openings and sum(map(len, self._openings)) + len(opening) > _REMEMBERED:
            self._generator.unload_model()  # the only way to make CTranslate2 forget them
            return_memory()
            self._generator.load_model()
            self._openings.clear()
        self._openings.add(opening)


def alike(lengths: Mapping[int, int], fixed: int, at_once: int = _AT_ONCE) -> list[list[int]]:
    """Prompts, by their lengths in tokens, as batches of like length within the room there is.

    CTranslate2 reads a batch at one go as far as its shortest prompt; the rest it reads token by
    token, as dear as writing. fixed: tokens that each takes besides, opening and answer.
    """
    batches: list[list[int]] = []
    for i in sorted(lengths, key=lambda i: (-lengths[i], i)):
        room = min(at_once, _TOKENS // (fixed + lengths[batches[-1][0]])) if batches else 0
        if batches and len(batches[-1]) < room:
            batches[-1].append(i)
        else:
            batches.append([i])
    return batches
