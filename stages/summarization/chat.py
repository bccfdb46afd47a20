"""Prompts as a model's own chat template and tokenizer have them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from pipeline.ports import Prompt

_MARK = "\u241eQUESTION\u241e"


def messages(prompt: Prompt, user: str | None = None) -> list[dict[str, str]]:
    """A prompt as chat messages, without its prefix."""
    turns = [{"role": "system", "content": prompt.system}]
    for question, answer in prompt.examples:
        turns += [
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ]
    return [*turns, {"role": "user", "content": prompt.user if user is None else user}]


def first_stop(text: str, stop: Sequence[str]) -> int | None:
    """Where the first of the `stop` texts begins in `text`."""
    return min((at for at in (text.find(s) for s in stop) if at >= 0), default=None)


class ChatTokenizer:
    """The tokenizer and chat template in a model's folder, read without any network."""

    def __init__(self, path: Path | str) -> None:
        from transformers import AutoTokenizer, PreTrainedTokenizerFast

        # tokenizer.json says all; by its own class transformers builds a second vocabulary.
        whole = (Path(path) / "tokenizer.json").is_file()
        kind: Any = PreTrainedTokenizerFast if whole else AutoTokenizer
        self._tokenizer: Any = kind.from_pretrained(str(path), local_files_only=True)
        end = self._tokenizer.eos_token
        known = self._tokenizer.get_vocab()
        self.end_tokens = [t for t in (end, "<|im_end|>", "<|endoftext|>") if t and t in known]
        self.end_ids = frozenset(known[t] for t in self.end_tokens)
        self._opening = lru_cache(maxsize=32)(self._read_opening)

    def tokens(self, prompt: Prompt) -> tuple[list[str], list[str]]:
        """A prompt as two runs of tokens: what many prompts open with, and what is its own."""
        opening, closing = self._opening(prompt.system, prompt.examples)
        static = self._tokenize(opening)
        return static, self._tokenize(prompt.user + closing + prompt.prefix)

    def ids(self, prompt: Prompt) -> list[int]:
        """A prompt as token ids."""
        static, rest = self.tokens(prompt)
        return [int(i) for i in self._tokenizer.convert_tokens_to_ids(static + rest)]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of `ids`."""
        return str(self._tokenizer.decode(list(ids), skip_special_tokens=True))

    def first_ids(self, options: Sequence[str]) -> list[int]:
        """The first token of each option; raises ValueError if two begin alike."""
        ids = [self._tokenizer.encode(o, add_special_tokens=False)[0] for o in options]
        if len(set(ids)) < len(ids):
            raise ValueError(f"expected options that begin with different tokens, got {options}")
        return ids

    def _read_opening(self, system: str, examples: tuple[tuple[str, str], ...]) -> tuple[str, str]:
        text = self._tokenizer.apply_chat_template(
            messages(Prompt(system, _MARK, examples)), tokenize=False, add_generation_prompt=True
        )
        opening, closing = str(text).split(_MARK)
        return opening, closing

    def _tokenize(self, text: str) -> list[str]:
        ids = self._tokenizer.encode(text, add_special_tokens=False)
        return list(self._tokenizer.convert_ids_to_tokens(ids))
