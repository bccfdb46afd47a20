"""Starting Ray, Serve and the applications of a configuration: small and quiet on one machine."""

from __future__ import annotations

import os
import secrets
import time
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

from pipeline.errors import ConfigInvalid, ModelsUnavailable
from serve.deployments.config import read_config

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_SERVE_LOG_TO_STDERR": "0",
    "PYANNOTE_METRICS_ENABLED": "0",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}
"""Nothing is reported to anybody, and Serve's logs stay in Ray's folder."""

LEAST_STORE_MB = 75
"""Megabytes of shared memory that Ray asks for."""

_FAILED = "DEPLOY_FAILED"

Auth = Literal["token", "disabled"]


def start_ray(
    address: str | None = None,
    *,
    num_cpus: int | None = None,
    num_gpus: int = 0,
    object_store_mb: int = 100,
    auth: Auth = "token",
    log_to_driver: bool = False,
) -> bool:
    """Join the cluster at `address`, or start one on this machine's loopback interface.

    num_cpus: cores the scheduler shares out, all there are if None. auth: "token" lets only those
    in who know the token; where neither the environment nor Ray's own file has one, one is made up
    that lives as long as this process and its children. Returns whether a cluster was started;
    nothing happens if this process has one already.
    Raises ConfigInvalid if the object store is too small for Ray, or nobody answers at `address`.
    """
    if address is None and object_store_mb < LEAST_STORE_MB:
        raise ConfigInvalid(
            f"object_store_mb: Ray needs {LEAST_STORE_MB} at least, got {object_store_mb}."
        )
    os.environ.update({k: os.environ.get(k, v) for k, v in QUIET.items()})
    import ray

    if ray.is_initialized():
        return False
    _authenticate(auth, own=address is None)
    if address is not None:
        try:
            ray.init(address=address, log_to_driver=log_to_driver, configure_logging=False)
        except (ConnectionError, ValueError) as error:
            raise ConfigInvalid(f"address: no Ray cluster at {address} ({error}).") from None
        return False
    ray.init(
        address="local",  # whatever RAY_ADDRESS says
        num_cpus=num_cpus,
        num_gpus=num_gpus,
        object_store_memory=object_store_mb * 2**20,
        include_dashboard=False,
        log_to_driver=log_to_driver,
        configure_logging=False,
        _node_ip_address="127.0.0.1",
        _metrics_export_port=None,
    )
    return True


def start_serve(
    host: str = "127.0.0.1",
    port: int = 8000,
    proxy: str = "HeadOnly",
) -> None:
    """Start Serve's controller and its HTTP proxies; later calls change nothing.

    proxy: "HeadOnly", "EveryNode", or "Disabled" where only handles are used.
    """
    from ray import serve

    serve.start(proxy_location=proxy, http_options={"host": host, "port": port})


def run_models(config: Path, *, wait: float | None = 600.0) -> list[str]:
    """Run the applications of a Serve configuration; their names.

    As with `serve deploy` the file is the whole truth: an application started from a file before
    and not named in this one is ended, one that runs is brought up to date, without loading models
    again where only `deployments` differ. wait: seconds till all must run, None not to wait.
    Raises ConfigInvalid, and ModelsUnavailable if one fails to start or is not there in time.
    """
    from ray.serve.context import _get_global_client

    schema = read_config(config)
    client = _get_global_client()
    if client is None:
        raise ConfigInvalid("Serve is not running here: call start_ray and start_serve first.")
    client.deploy_apps(schema)
    names = [application.name for application in schema.applications]
    if wait is not None:
        _await(names, time.monotonic() + wait)
    return names


def _await(names: list[str], deadline: float) -> None:
    """Wait until the applications run."""
    from ray import serve

    while True:
        found = serve.status().applications
        states = {name: found[name].status.value if name in found else "" for name in names}
        for name in names:
            if states[name] == _FAILED:
                raise ModelsUnavailable(f"{name} did not start: {found[name].message}")
        waiting = [name for name in names if states[name] != "RUNNING"]
        if not waiting:
            return
        if time.monotonic() > deadline:
            raise ModelsUnavailable(f"{', '.join(waiting)} did not start in time ({states}).")
        time.sleep(0.5)


def stop_ray(started: bool) -> None:
    """Leave the cluster; one that was `started` here ends, and what replicas had begun is lost."""
    import ray
    from ray import serve

    if ray.is_initialized():
        if started:
            serve.shutdown()  # type: ignore[no-untyped-call]
        ray.shutdown()


def _authenticate(auth: Auth, own: bool) -> None:
    os.environ.setdefault("RAY_AUTH_MODE", auth)
    known = "RAY_AUTH_TOKEN" in os.environ or "RAY_AUTH_TOKEN_PATH" in os.environ
    known = known or (Path.home() / ".ray" / "auth_token").is_file()
    if own and not known and os.environ["RAY_AUTH_MODE"] == "token":
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    _reread()


def _reread() -> None:
    """Let Ray see what was set: it reads its environment once, as it is imported."""
    raylet: Any = import_module("ray._raylet")
    raylet.Config.initialize("")
    raylet.AuthenticationTokenLoader.instance().reset_cache()
