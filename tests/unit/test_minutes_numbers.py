"""Numbers mean the same however they are written."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.summarization.numbers import all_values, numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,840", 1840),
        ("one thousand eight hundred and forty", 1840),
        ("one eight four zero", 1840),
        ("forty-one", 41),
        ("twenty twenty six", 2026),
        ("nineteen eighty-four", 1984),
        ("one point five million", 1_500_000),
        ("58k", 58_000),
        ("5 million", 5_000_000),
        ("the 31st", 31),
        ("thirty-first", 31),
        ("a hundred and five", 105),
        ("百分之四十一", 41),
        ("三千两百五十", 3250),
        ("5.2万", 52_000),
        ("三点七", Fraction(37, 10)),
    ],
)
def test_a_number_reads_the_same_in_words_and_digits(text: str, value: Fraction | int) -> None:
    assert any(value in n.values for n in numbers(text))


@pytest.mark.parametrize("text", ["the beta is fine", "看一下", "一起", "v2.x", "统一"])
def test_words_that_only_look_like_numbers_are_none(text: str) -> None:
    assert numbers(text) == []


def test_two_numbers_side_by_side_stay_two() -> None:
    assert [sorted(n.values) for n in numbers("three or four people")] == [[3], [4]]
    assert {20, 30, 35} <= all_values("twenty or thirty-five")


@given(st.integers(0, 10**9))
def test_digits_are_read_with_and_without_separators(value: int) -> None:
    assert value in all_values(f"about {value:,} items")
    assert value in all_values(f"about {value} items")


@given(st.text(max_size=80))
def test_any_text_can_be_read_for_numbers(text: str) -> None:
    for number in numbers(text):
        assert 0 <= number.start < number.end <= len(text)
        assert number.values
