"""Language model adapters on a tiny model with random weights: both say the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import ModelTooLarge
from pipeline.ports import LanguageModel, Prompt
from stages.summarization import memory
from stages.summarization.ct2_language_model import Ct2LanguageModel
from stages.summarization.transformers_language_model import TransformersLanguageModel

pytestmark = pytest.mark.model

TEMPLATE = (
    "{% for m in messages %}<|im_start|> {{ m['role'] }} {{ m['content'] }} <|im_end|> "
    "{% endfor %}{% if add_generation_prompt %}<|im_start|> assistant {% endif %}"
)
PROMPTS = [
    Prompt("be brief", "the beta ships on monday"),
    Prompt("be brief", "we agree"),
    Prompt("answer with a word", "the beta", examples=(("we agree", "yes"),), prefix="maybe "),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Qwen2 of two layers over single bytes."""
    import torch
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate(letters + specials)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(s, special=True) for s in specials])
    path = tmp_path_factory.mktemp("tiny")
    end = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, chat_template=TEMPLATE, **end
    ).save_pretrained(path)
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=len(vocabulary), hidden_size=64, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, eos_token_id=vocabulary["<|im_end|>"],
        bos_token_id=vocabulary["<|endoftext|>"], tie_word_embeddings=False, initializer_range=0.3,
    )  # fmt: skip
    Qwen2ForCausalLM(config).save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def reference(folder: Path) -> LanguageModel:
    return TransformersLanguageModel(folder, context=512)


@pytest.fixture(scope="module")
def converted(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> LanguageModel:
    from ctranslate2.converters import TransformersConverter

    path = tmp_path_factory.mktemp("converted")
    names = ["tokenizer.json", "tokenizer_config.json"]
    extra = [n for n in [*names, "chat_template.jinja"] if (folder / n).is_file()]
    TransformersConverter(str(folder), copy_files=extra).convert(str(path), force=True)
    return Ct2LanguageModel(path, context=512)


async def test_options_are_weighed_alike_by_both_runtimes(
    reference: LanguageModel, converted: LanguageModel
) -> None:
    options = ["yes", "no", "maybe"]
    one = np.array(await reference.choose(PROMPTS, options))
    other = np.array(await converted.choose(PROMPTS, options))
    assert np.allclose(one, other, atol=0.4)
    assert np.allclose(np.exp(one).sum(1), 1, atol=1e-5)


async def test_neighbours_in_a_batch_change_nothing(reference: LanguageModel) -> None:
    together = np.array(await reference.choose(PROMPTS, ["yes", "no"]))
    alone = [(await reference.choose([p], ["yes", "no"]))[0] for p in PROMPTS]
    assert np.allclose(together, alone, atol=1e-4)


@pytest.mark.parametrize("which", ["reference", "converted"])
async def test_an_answer_that_fills_its_room_is_not_finished(
    which: str, request: pytest.FixtureRequest
) -> None:
    model: LanguageModel = request.getfixturevalue(which)
    answers = await model.complete(PROMPTS, max_tokens=3)
    assert len(answers) == len(PROMPTS)
    for answer in answers:
        assert answer.finished or len(answer.text) <= 3


@pytest.mark.parametrize("which", ["reference", "converted"])
async def test_an_answer_ends_before_its_stop(which: str, request: pytest.FixtureRequest) -> None:
    model: LanguageModel = request.getfixturevalue(which)
    (free,) = await model.complete(PROMPTS[:1], max_tokens=8)
    stop = next((c for c in free.text if c.isascii()), None)
    if stop is None:
        pytest.skip("the random model wrote no letter")
    (cut,) = await model.complete(PROMPTS[:1], max_tokens=8, stop=(stop,))
    assert cut.text == free.text[: free.text.index(stop)]
    assert cut.finished


@pytest.mark.parametrize("which", ["reference", "converted"])
async def test_what_does_not_fit_is_refused(which: str, request: pytest.FixtureRequest) -> None:
    model: LanguageModel = request.getfixturevalue(which)
    long = Prompt("be brief", "beta " * 200)
    assert model.count(long) > model.context
    with pytest.raises(ValueError, match="within 512 tokens"):
        await model.complete([long], max_tokens=3)
    with pytest.raises(ValueError, match="different tokens"):
        await model.choose(PROMPTS, ["yes", "yes no"])


def test_a_model_without_memory_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "available_memory", lambda: 1000)
    with pytest.raises(ModelTooLarge, match="are free"):
        TransformersLanguageModel(folder)
