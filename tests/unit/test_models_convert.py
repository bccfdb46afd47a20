"""The embeddings of a converted language model."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from stages.models.convert import _share_embeddings

torch = pytest.importorskip("torch")


def model(inputs: Any, outputs: Any) -> Any:
    ends = [SimpleNamespace(weight=w) for w in (inputs, outputs)]
    return SimpleNamespace(
        get_input_embeddings=lambda: ends[0], get_output_embeddings=lambda: ends[1]
    )


def test_one_matrix_in_two_precisions_is_kept_once() -> None:
    outputs = torch.linspace(-1, 1, 600).reshape(20, 30)
    tied = model((outputs * 8).round() / 8, outputs)
    _share_embeddings(tied)
    assert tied.get_input_embeddings().weight is outputs


def test_two_matrices_stay_two() -> None:
    inputs, outputs = torch.linspace(-1, 1, 600), torch.linspace(1, -1, 600)
    apart = model(inputs, outputs)
    _share_embeddings(apart)
    assert apart.get_input_embeddings().weight is inputs
