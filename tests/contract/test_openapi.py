"""The API keeps to its own description, whatever is sent to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from traceback import format_exception_only
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.contract.service import brought, recording, served, settled
from tests.contract.service import settings as service_settings

EXAMPLES = 25
"""Requests a route."""

EXCLUDED = {
    "/v1/audio/transcriptions": "multipart of OpenAI's own form; tests/unit/test_openai_*.py",
    "/v1/audio/translations": "the same",
    "/v1/uploads": "tus asks for headers that must agree with each other; test_api.py",
    "/v1/uploads/{upload}": "the same",
}
"""Routes that are not tried here, and why."""

NOT_CHECKED = [positive_data_acceptance]
"""What is well-formed may still make no sense (an empty recording, an unknown language)."""


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder: Path = tmp_path_factory.mktemp("api")
    with served(service_settings(folder / "data")) as client:
        settled(client, brought(client, recording(folder))["id"])
        schema = schemathesis.openapi.from_url(f"{client.base_url.join('/openapi.json')}")
        for path in EXCLUDED:
            schema = schema.exclude(path=path)
        yield schema


def test_every_answer_is_as_described(described: Any) -> None:
    wrong: dict[str, str] = {}
    for found in described.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES,
            derandomize=True,  # what is found here once is found by everybody
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def conforms(case: Case) -> None:
            case.call_and_validate(excluded_checks=NOT_CHECKED)

        try:
            conforms()
        except (Exception, BaseExceptionGroup) as error:
            wrong[operation.label] = "".join(format_exception_only(error))[:1500]
    assert not wrong, "\n\n".join(f"{k}: {v}" for k, v in wrong.items())
