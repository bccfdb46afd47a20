"""The whole service on this machine: Ray, the models and the HTTP door, until a signal comes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import yaml

from serve.deployments.start import run_models, start_ray, start_serve, stop_ray
from serve.service.reading import merged
from serve.service.settings import ServiceSettings
from stages.threads import cores

_OBJECT_STORE_MB = 100


def serve_here(settings: ServiceSettings, ready: Callable[[], None] = lambda: None) -> None:
    """Run the applications of `configs/serve/local.yaml` with these settings.

    What is run lies beside the data as serve.yaml. ready: called once requests are answered. Raises
    ConfigInvalid, ModelsUnavailable.
    """
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    settings.data.mkdir(parents=True, exist_ok=True)
    path = settings.data / "serve.yaml"
    path.write_text(yaml.safe_dump(configuration(settings), sort_keys=False), encoding="utf-8")
    started = start_ray(num_cpus=max(2, cores()), object_store_mb=_OBJECT_STORE_MB)
    try:
        start_serve(settings.host, settings.port, "HeadOnly")
        run_models(path)
        ready()
        stopped.wait()
    finally:
        stop_ray(started)


def configuration(settings: ServiceSettings) -> dict[str, Any]:
    """The shipped configuration with the service's settings, profile and address in it."""
    text = (files("configs") / "serve" / "local.yaml").read_text(encoding="utf-8")
    values: dict[str, Any] = yaml.safe_load(text)
    values["http_options"] = {"host": settings.host, "port": settings.port}
    for application in values["applications"]:
        args = application.setdefault("args", {})
        if application["name"] == "api":
            args["service"] = settings.model_dump(mode="json")
        else:
            args["profile"] = settings.profile
            args["settings"] = merged(args.get("settings", {}), settings.overrides)
    return values
