"""The API keeps to its own description, whatever is sent to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case

from tests.contract.service import brought, recording, served, settled
from tests.contract.service import settings as service_settings

EXAMPLES = 12
"""Requests a route; `make test-slow` sends more."""

EXCLUDED = {
    "/v1/audio/transcriptions": "multipart of OpenAI's own form; tests/unit/test_openai_*.py",
    "/v1/audio/translations": "the same",
    "/v1/uploads": "tus asks for headers that must agree with each other; test_api.py",
    "/v1/uploads/{upload}": "the same",
}
"""Routes that are not tried here, and why."""


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder: Path = tmp_path_factory.mktemp("api")
    with served(service_settings(folder / "data")) as client:
        settled(client, brought(client, recording(folder))["id"])
        schema = schemathesis.openapi.from_url(f"{client.base_url.join('/openapi.json')}")
        for path in EXCLUDED:
            schema = schema.exclude(path=path)
        yield schema


schema = schemathesis.pytest.from_fixture("described")


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_described(case: Case) -> None:
    case.call_and_validate()
