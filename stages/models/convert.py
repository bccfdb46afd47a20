"""From a GGUF file to CTranslate2 weights with their tokenizer: `python -m stages.models.convert`.

transformers unpacks the quantised weights to bfloat16, CTranslate2 quantises them again for its own
kernels. The folder that results holds model.bin, config.json and vocabulary.json for
`ctranslate2.Generator`, and the tokenizer files (with the chat template) for
`transformers.AutoTokenizer.from_pretrained(folder)`. The same GGUF file and library versions give
the same bytes each time.

This runs as a process of its own, because only a process that ends gives its memory back: 6 GB for
1.5 billion parameters.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

_SAME = 0.15
"""Relative distance of two matrices that were one before they were quantised to 4 and 6 bits."""


def convert(gguf: Path, out: Path, quantization: str) -> None:
    """Writes the folder `out`; prints `progress N`, N in thousandths, a line each."""
    import torch
    import transformers
    from ctranslate2.converters import TransformersConverter

    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    _say(20)
    where: dict[str, Any] = {
        "pretrained_model_name_or_path": str(gguf.parent),
        "gguf_file": gguf.name,
        "local_files_only": True,
    }
    tokenizer = transformers.AutoTokenizer.from_pretrained(**where)
    _say(100)
    config = transformers.AutoConfig.from_pretrained(**where)
    _say(180)

    class FromGguf(TransformersConverter):  # type: ignore[misc]
        """The converter, given the model instead of a folder to load it from."""

        def load_model(self, model_class: Any, path: str, **kwargs: Any) -> Any:
            model = model_class.from_pretrained(
                **where,
                quantization_config=transformers.GgufConfig(dequantize=True),
                dtype=torch.bfloat16,
            )
            _share_embeddings(model)
            _say(700)
            return model

        def load_tokenizer(self, tokenizer_class: Any, path: str, **kwargs: Any) -> Any:
            return tokenizer

    with tempfile.TemporaryDirectory() as folder:
        config.save_pretrained(folder)
        FromGguf(folder).convert(str(out), quantization=quantization, force=True)
    _say(980)
    tokenizer.save_pretrained(out)
    _name_model_type(out / "config.json", config.model_type)
    _say(1000)


def _share_embeddings(model: Any) -> None:
    """Where words go in and come out by one matrix, keep one: that of the output.

    A GGUF file may hold a tied matrix twice, the output's in the higher precision. What differs by
    no more than that is the same; CTranslate2 then stores it once.
    """
    inputs, outputs = model.get_input_embeddings(), model.get_output_embeddings()
    difference = (inputs.weight - outputs.weight).float().norm() / outputs.weight.float().norm()
    if difference < _SAME:
        inputs.weight = outputs.weight


def _name_model_type(path: Path, model_type: str) -> None:
    """Adds the model type; without it transformers takes this for an old Mistral and warns."""
    values = json.loads(path.read_text(encoding="utf-8"))
    values["model_type"] = model_type
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def _say(thousandths: int) -> None:
    print(f"progress {thousandths}", flush=True)


def _end_with_parent() -> None:
    """Ends this process when the one that began it does, which closes our standard input."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    convert(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
