"""One small Ray for all contract tests of a session, with fakes in its replicas."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

FAKES: dict[str, Any] = {"stages": "tests.contract.moody:moody"}
"""Arguments of the application `models`."""

Run = Callable[..., None]


@pytest.fixture(scope="session")
def http_port() -> int:
    """Where Serve's proxy listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def run_on_ray(tmp_path_factory: pytest.TempPathFactory, http_port: int) -> Iterator[Run]:
    """Runs applications of models, by name, with the arguments given, and `api` with its own.

    None that is not named goes on. Further keys are given to each deployment of the models.
    """
    from serve.deployments.start import run_models, start_ray, start_serve, stop_ray

    path: Path = tmp_path_factory.mktemp("serve") / "models.yaml"
    running: list[str] = []

    def run(
        applications: dict[str, dict[str, Any]], api: dict[str, Any] | None = None, **keys: Any
    ) -> None:
        text = yaml.safe_dump(configuration(applications, api, **keys))
        if running != [text]:
            running.clear()
            path.write_text(text, encoding="utf-8")
            run_models(path, wait=150)
            running.append(text)

    started = start_ray(num_cpus=2, object_store_mb=80)
    start_serve(port=http_port, proxy="HeadOnly")
    yield run
    stop_ray(started)


@pytest.fixture
def models_on_ray(run_on_ray: Run) -> str:
    """The name of a running application whose models are those of `moody`."""
    run_on_ray({"models": FAKES})
    return "models"


def configuration(
    applications: dict[str, dict[str, Any]], api: dict[str, Any] | None = None, **keys: Any
) -> dict[str, Any]:
    """A Serve configuration in which many replicas fit two cores."""
    little = {"num_cpus": 0.1}
    given = {"ray_actor_options": little} | keys
    names = ("Transcriber", "Diarizer", "Summarizer")
    door = {
        "name": "api",
        "route_prefix": "/",
        "import_path": "serve.deployments.api:api",
        "args": api,
        "deployments": [{"name": "Api", "ray_actor_options": little}],
    }
    return {
        "applications": ([] if api is None else [door])
        + [
            {
                "name": name,
                "route_prefix": None,
                "import_path": "serve.deployments.app:models",
                "args": args,
                "deployments": [{"name": n} | given for n in names],
            }
            for name, args in applications.items()
        ]
    }
