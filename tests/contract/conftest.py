"""One small Ray for all contract tests of a session, with fakes in its replicas."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml


@pytest.fixture(scope="session")
def models_on_ray(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a running `models` application whose models are those of `moody`."""
    from serve.deployments.start import run_models, start_ray, start_serve, stop_ray

    config = {
        "applications": [
            {
                "name": "models",
                "route_prefix": None,
                "import_path": "serve.deployments.app:models",
                "args": {"stages": "tests.contract.moody:moody"},
            }
        ]
    }
    path: Path = tmp_path_factory.mktemp("serve") / "models.yaml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    started = start_ray(num_cpus=2, object_store_mb=80)
    start_serve(port=_free_port(), proxy="Disabled")
    run_models(path, wait=120)
    yield "models"
    stop_ray(started)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
