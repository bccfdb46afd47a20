"""Sentence embeddings by a small transformer encoder, mean-pooled."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipeline.errors import ModelMissing
from stages.threads import limit_threads

_LONGEST = 256
"""Tokens of a text that are read; all-MiniLM-L6-v2 was trained on no more."""

_AT_ONCE = 32


class SentenceEmbedder:
    """The TextEmbedder port on a folder in the format of transformers.

    Made for all-MiniLM-L6-v2, which knows English only; it says so in `languages`, and the minutes
    go by word statistics for other languages. Raises ModelMissing if the folder holds no model.
    Source: Reimers & Gurevych, 2019, https://arxiv.org/abs/1908.10084.
    """

    def __init__(
        self, path: Path, threads: int = 1, languages: frozenset[str] = frozenset({"en"})
    ) -> None:
        if not (path / "config.json").is_file():
            raise ModelMissing(
                f"{path}: expected config.json of a model. Run `parley models pull`."
            )
        limit_threads()
        import torch
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()
        self.languages = languages
        self._torch = torch
        self._threads = threads
        self._tokenizer: Any = AutoTokenizer.from_pretrained(str(path), local_files_only=True)
        self._model: Any = AutoModel.from_pretrained(str(path), local_files_only=True).eval()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedder")

    def close(self) -> None:
        """Let the weights go; nothing can be embedded any more."""
        self._executor.shutdown()
        self._model = None

    async def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """See TextEmbedder.embed; float32 (len(texts), 384)."""
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, self._embed, list(texts)
        )

    def _embed(self, texts: list[str]) -> npt.NDArray[np.float32]:
        self._torch.set_num_threads(self._threads)
        size = int(self._model.config.hidden_size)
        vectors = np.zeros((len(texts), size), np.float32)
        # Texts of like length together: padding is work done for nothing.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for begin in range(0, len(order), _AT_ONCE):
            chosen = order[begin : begin + _AT_ONCE]
            vectors[chosen] = self._pooled([texts[i] for i in chosen])
        return vectors

    def _pooled(self, texts: list[str]) -> npt.NDArray[np.float32]:
        with self._torch.inference_mode():
            inputs = self._tokenizer(
                texts, padding=True, truncation=True, max_length=_LONGEST, return_tensors="pt"
            )
            states = self._model(**inputs).last_hidden_state
            mask = inputs["attention_mask"][..., None].to(states.dtype)
            mean = (states * mask).sum(1) / mask.sum(1).clamp(min=1)
            unit = self._torch.nn.functional.normalize(mean, dim=1)
        return np.asarray(unit.float().numpy(), np.float32)
