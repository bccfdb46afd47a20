"""The prepared form of a language model: it runs, from its folder alone, without any network."""

import pytest

from stages.models import Registry

SMALLEST_FIRST = ("smollm2-135m-instruct", "qwen2.5-coder-1.5b-instruct")


@pytest.mark.model
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_prepared_language_model_writes_without_any_network(socket_disabled):
    registry = Registry.load(offline=True)
    here = [name for name in SMALLEST_FIRST if registry.ready(name)]
    if not here:
        pytest.skip(f"none of {', '.join(SMALLEST_FIRST)} is here: parley models pull")
    import ctranslate2
    from transformers import AutoTokenizer

    folder = registry.prepared(here[0])
    tokenizer = AutoTokenizer.from_pretrained(folder)
    generator = ctranslate2.Generator(str(folder), compute_type="int8", intra_threads=1)
    chat = [{"role": "user", "content": "What is the capital of France?"}]
    prompt = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    tokens = tokenizer.convert_ids_to_tokens(tokenizer(prompt)["input_ids"])
    (result,) = generator.generate_batch([tokens], max_length=20, include_prompt_in_result=False)
    assert "Paris" in tokenizer.decode(result.sequences_ids[0])
