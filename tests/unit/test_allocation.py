"""Keeping pages for the next array."""

from __future__ import annotations

import ctypes

import pytest

from stages.allocation import keep_pages


def test_without_glibc_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_: str) -> None:
        raise OSError

    monkeypatch.setattr(ctypes, "CDLL", absent)
    keep_pages()
