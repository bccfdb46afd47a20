"""The application `api`, for Serve's `import_path: serve.deployments.api:api`."""

# No `from __future__ import annotations` here; see `serve.deployments.app`.

from typing import Any

from fastapi import FastAPI
from pydantic import Field
from ray import serve
from ray.serve import Application

from pipeline.config import Profile
from serve.deployments.arguments import Arguments
from serve.remote import InBlobs, ModelsChoice, OnSharedDisk, RemoteModels
from serve.service.application import application
from serve.service.models import ModelSource
from serve.service.settings import ServiceSettings


class ApiArgs(Arguments):
    """The `args` of the application; stages as in ModelsArgs."""

    service: ServiceSettings = Field(default_factory=ServiceSettings)
    place: str | None = Field(None, description="URL of decoded sound; None on a shared disk")
    stages: str = Field("serve.deployments.models:local_models", pattern=r"^[\w.]+:\w+$")


class Routing(Arguments):
    """The `user_config` of Api: which `models` application a meeting uses, by weight."""

    weights: dict[str, float] = Field(default_factory=lambda: ModelsChoice().weights)


class Api:
    """HTTP, and a runner of jobs, in one replica; every replica may do everything."""

    def __init__(self, args: ApiArgs) -> None:
        self._models: list[RemoteModels] = []
        self._choice = ModelsChoice()

        def source(profile: Profile) -> ModelSource:
            from serve.deployments.config import builder

            local = builder(args.stages)(profile)
            place = InBlobs(args.place) if args.place else OnSharedDisk()
            self._models.append(RemoteModels(profile, local, self._choice, place))
            return self._models[-1].stages

        self._app = application(args.service, source)

    async def __serve_build_asgi_app__(self) -> FastAPI:
        """The application; its runner begins and ends with it."""
        return self._app

    def reconfigure(self, config: dict[str, Any]) -> None:
        """Take other weights; meetings under way keep the models they have."""
        self._choice = ModelsChoice(weights=Routing.model_validate(config).weights)
        for models in self._models:
            models.choice = self._choice


def api(args: ApiArgs) -> Application:
    """The HTTP door over the applications of models. Raises ConfigInvalid."""
    deployment: Any = serve.deployment(
        serve.ingress()(Api),
        name="Api",
        max_ongoing_requests=500,
        max_queued_requests=500,
        graceful_shutdown_timeout_s=30.0,
        health_check_timeout_s=60.0,
        max_surge_percent=100,
        ray_actor_options={"num_cpus": 0.2},
        user_config=Routing().model_dump(),
    )
    bound: Application = deployment.bind(args)
    return bound
