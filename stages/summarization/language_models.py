"""Which adapter runs a language model, going by what is in its folder or named in the settings."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.config import MinutesSettings
from pipeline.ports import LanguageModel


def build_language_model(
    settings: MinutesSettings, path: Path | str, threads: int = 1
) -> LanguageModel:
    """The language model in the folder `path`, or behind it if it is the URL of a server.

    A folder with model.bin runs on CTranslate2, any other through transformers; a URL is taken for
    an OpenAI-compatible server (`http://host:8000/v1#model-name`, key in PARLEY_LLM_API_KEY).
    Raises ModelMissing, ModelTooLarge or ModelUnreachable.
    """
    name = settings.language_model or str(path)
    if str(path).startswith(("http://", "https://")):
        from stages.summarization.openai_language_model import OpenAiLanguageModel

        url, _, model = str(path).partition("#")
        return OpenAiLanguageModel(url, model, api_key=os.environ.get("PARLEY_LLM_API_KEY"))
    folder = Path(path)
    if (folder / "model.bin").is_file():
        from stages.summarization.ct2_language_model import Ct2LanguageModel

        return Ct2LanguageModel(folder, threads, device=settings.device, name=name)
    from stages.summarization.transformers_language_model import TransformersLanguageModel

    return TransformersLanguageModel(folder, threads, device=settings.device, name=name)
