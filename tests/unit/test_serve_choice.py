"""Blue and green by meeting: one keeps to its application, and few move when weights do."""

from __future__ import annotations

from collections import Counter

import pytest
from pydantic import ValidationError

from serve.remote import ModelsChoice

MEETINGS = [f"m{n}" for n in range(4000)]


def chosen(**weights: float) -> list[str]:
    choice = ModelsChoice(weights=weights)
    return [choice.application(m) for m in MEETINGS]


def test_there_is_one_application_unless_more_are_named() -> None:
    assert {ModelsChoice().application(m) for m in MEETINGS[:50]} == {"models"}


def test_a_meeting_keeps_to_its_application() -> None:
    assert chosen(blue=1, green=1) == chosen(green=2, blue=2)


def test_each_gets_the_share_of_its_weight() -> None:
    shares = Counter(chosen(models=95, canary=5))
    assert 0.03 < shares["canary"] / len(MEETINGS) < 0.07


def test_a_greater_share_of_one_moves_meetings_to_it_only() -> None:
    before, after = chosen(models=95, canary=5), chosen(models=95, canary=20)
    assert {b for a, b in zip(before, after, strict=True) if a != b} == {"canary"}


def test_without_weight_there_are_no_meetings() -> None:
    assert set(chosen(models=0, green=1)) == {"green"}


@pytest.mark.parametrize("weights", [{}, {"models": 0}, {"models": -1}, {"models": float("nan")}])
def test_weights_that_choose_nobody_are_refused(weights: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        ModelsChoice(weights=weights)
