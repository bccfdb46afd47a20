"""What tests share: real recordings, real models, and the promise that nothing is fetched."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipeline.store import Store

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """A folder of recordings with references; tests that use it skip where it is absent.

    PARLEY_TEST_DATA names it; beside the project it is found by itself.
    """
    folder = Path(os.environ.get("PARLEY_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "MANIFEST.jsonl").is_file():
        pytest.skip(f"no recordings with references in {folder} (PARLEY_TEST_DATA names them)")
    return folder


@pytest.fixture(scope="session")
def conversation() -> Path:
    """pyannote.audio's sample: half a minute of two people on the telephone."""
    spec = find_spec("pyannote.audio")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "sample" / "sample.wav"


@pytest.fixture
def empty_url(tmp_path: Path) -> str:
    """A database in which there is nothing yet."""
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """A database for one test."""
    return f"sqlite:///{tmp_path / 'parley.db'}"


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A store with nothing in it."""
    opened = Store.open(database_url)
    yield opened
    opened.close()
