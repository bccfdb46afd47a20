"""A chat model through transformers: for GPUs, and the reference for the CTranslate2 adapter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from pipeline.errors import ModelMissing
from pipeline.ports import Completion, Prompt
from stages.summarization.chat import ChatTokenizer, first_stop
from stages.summarization.memory import require_memory
from stages.threads import limit_threads

T = TypeVar("T")

_AT_ONCE = 8


def required_memory(path: Path) -> int:
    """Bytes of memory the weights in `path` need, computed with in float32 on a CPU."""
    return 2 * sum(f.stat().st_size for f in path.glob("*.safetensors"))


class TransformersLanguageModel:
    """The LanguageModel port on a folder in the format of transformers.

    path: config.json, *.safetensors and the tokenizer's files. device: "cpu", "cuda" or "auto".
    Raises ModelMissing if there is no such model and ModelTooLarge if memory would not hold it.
    """

    def __init__(
        self,
        path: Path,
        threads: int = 1,
        *,
        device: str = "cpu",
        name: str | None = None,
        languages: frozenset[str] = frozenset({"en", "zh"}),
        context: int = 8192,
    ) -> None:
        if not (path / "config.json").is_file() or not any(path.glob("*.safetensors")):
            raise ModelMissing(
                f"{path}: expected config.json and *.safetensors of a chat model. "
                "Run `parley models pull`, or name an OpenAI-compatible server."
            )
        limit_threads()
        self._chat = ChatTokenizer(path)
        import torch
        from transformers import AutoModelForCausalLM
        from transformers.utils import logging

        logging.disable_progress_bar()
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        if device == "cpu":
            require_memory(path.name, required_memory(path))
        self.name = name or path.name
        self.languages = languages
        self.context = context
        self._torch = torch
        self._device = device
        self._threads = threads
        self._model: Any = AutoModelForCausalLM.from_pretrained(
            str(path),
            local_files_only=True,
            dtype=torch.float32 if device == "cpu" else torch.bfloat16,
        )
        self._model.to(device).eval()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="language-model")

    def count(self, prompt: Prompt) -> int:
        """Tokens in `prompt`."""
        return len(self._chat.ids(prompt))

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
        completions: list[Completion] = []
        for begin in range(0, len(prompts), _AT_ONCE):
            ids, mask = self._padded(prompts[begin : begin + _AT_ONCE], max_tokens)
            with self._torch.inference_mode():
                written = self._model.generate(
                    input_ids=ids,
                    attention_mask=mask,
                    max_new_tokens=max_tokens,
                    do_sample=False,
                    temperature=None,
                    top_p=None,
                    top_k=None,
                    eos_token_id=sorted(self._chat.end_ids),
                    pad_token_id=min(self._chat.end_ids),
                )
            completions += [self._completion(row, stop) for row in written[:, ids.shape[1] :]]
        return completions

    def _completion(self, row: Any, stop: tuple[str, ...]) -> Completion:
        ids = [int(i) for i in row]
        end = next((k for k, i in enumerate(ids) if i in self._chat.end_ids), None)
        text = self._chat.decode(ids[:end])
        cut = first_stop(text, stop)
        return Completion(text[:cut], end is not None or cut is not None)

    def _choose(self, prompts: list[Prompt], options: list[str]) -> list[list[float]]:
        first = self._chat.first_ids(options)
        chosen: list[list[float]] = []
        for begin in range(0, len(prompts), _AT_ONCE):
            ids, mask = self._padded(prompts[begin : begin + _AT_ONCE], 1)
            positions = (mask.cumsum(-1) - 1).clamp(min=0)
            with self._torch.inference_mode():
                logits = self._model(
                    input_ids=ids, attention_mask=mask, position_ids=positions, logits_to_keep=1
                ).logits[:, -1, first]
            chosen += logits.float().log_softmax(-1).tolist()
        return chosen

    def _padded(self, prompts: Sequence[Prompt], max_tokens: int) -> tuple[Any, Any]:
        """Token ids and attention mask, padded on the left so that all answers begin together."""
        self._torch.set_num_threads(self._threads)
        rows = [self._chat.ids(prompt) for prompt in prompts]
        longest = max(map(len, rows))
        if longest + max_tokens > self.context:
            raise ValueError(
                f"expected prompt and answer within {self.context} tokens, got {longest} and "
                f"{max_tokens}"
            )
        pad = min(self._chat.end_ids)
        ids = [[pad] * (longest - len(row)) + row for row in rows]
        mask = [[0] * (longest - len(row)) + [1] * len(row) for row in rows]
        tensor = self._torch.tensor
        return tensor(ids, device=self._device), tensor(mask, device=self._device)
