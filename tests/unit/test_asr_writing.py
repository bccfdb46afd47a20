"""From Whisper's timed tokens to words."""

from __future__ import annotations

import pytest

from pipeline.types import join_words
from stages.asr.writing import words_of


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ((" we", " agree", "."), "we agree."),
        ((" 100", "%", " sure"), "100% sure"),
        (("广", "州", " 地", "产"), "广州地产"),
        (("トヨタ", " は"), "トヨタは"),
        ((" use", " Ray", "的", " 人"), "use Ray的人"),
        (("我", "用", " Ray", " 写"), "我用 Ray 写"),
        (("สวัสดี", " ครับ"), "สวัสดี ครับ"),
    ],
)
def test_spaces_stand_where_the_script_has_them(tokens: tuple[str, ...], text: str) -> None:
    timed = [
        {"word": token, "start": i, "end": i + 1, "probability": 0.9}
        for i, token in enumerate(tokens)
    ]
    assert join_words(words_of(timed, 30.0)) == text
