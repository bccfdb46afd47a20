"""The application `models`, for Serve's `import_path: serve.deployments.app:models`."""

# No `from __future__ import annotations` here: Ray reads the builder's annotation as a class, and
# would hand over a bare dictionary, unknown keys and all, if it found a string.

from typing import Any

from ray import serve
from ray.serve import Application

from serve.deployments.arguments import ModelsArgs, Tuning
from serve.deployments.deployed import Deployed, Diarizer, Summarizer, Transcriber

COMMON: dict[str, Any] = {
    "graceful_shutdown_timeout_s": 60.0,
    "health_check_period_s": 10.0,
    "health_check_timeout_s": 60.0,
    # Three attempts at loading a model, then the deployment counts as failed and says why.
    "max_constructor_retry_count": 3,
    "max_surge_percent": 0,
}
"""Defaults that all three share."""

OPTIONS: dict[type[Deployed], dict[str, Any]] = {
    # A meeting asks for up to 16 windows at a time; those that wait are read in batches.
    Transcriber: {
        "ray_actor_options": {"num_cpus": 0.8},
        "max_ongoing_requests": 32,
        "max_queued_requests": 128,
        "user_config": Tuning(patience=120.0).model_dump(),
    },
    # One recording is listened to at a time; a few may wait in the replica, on its one thread.
    Diarizer: {
        "ray_actor_options": {"num_cpus": 0.6},
        "max_ongoing_requests": 4,
        "max_queued_requests": 32,
        "user_config": Tuning().model_dump(),
    },
    Summarizer: {
        "ray_actor_options": {"num_cpus": 0.4},
        "max_ongoing_requests": 1,
        "max_queued_requests": 32,
        "user_config": Tuning().model_dump(),
    },
}
"""Defaults that fit two cores and leave 0.2 of them; a configuration file may say otherwise."""


def models(args: ModelsArgs) -> Application:
    """Transcriber, Diarizer and Summarizer, each its own replicas.

    An application has one root, with which the others are deployed: the transcriber, though it
    calls none of them. Raises ConfigInvalid if the profile is not one.
    """
    args.loaded()
    beside = [_deployment(kind).bind(args) for kind in (Diarizer, Summarizer)]
    root: Application = _deployment(Transcriber).bind(args, *beside)
    return root


def _deployment(kind: type[Deployed]) -> Any:
    return serve.deployment(kind, name=kind.__name__, **COMMON, **OPTIONS[kind])
