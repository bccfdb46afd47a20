"""What the application `models` is started with: typed, and without unknown keys."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from pipeline.config import Profile, load_profile


class Arguments(BaseModel):
    """Values that take no unknown key and never change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Tuning(Arguments):
    """A deployment's `user_config`: what can be changed while replicas run.

    patience must be more than the longest that a model is silent for: a batch of windows, the
    grouping of a long meeting's voices, the loading of a language model.
    """

    patience: float = Field(
        300.0, gt=0, description="Seconds a model may be at work without a sign of life"
    )
    every: float = Field(0.2, ge=0.05, description="Seconds between two words on the progress")


class ModelsArgs(Arguments):
    """The `args` of the application: which models there are. Another value loads them anew.

    How many replicas there are, and what each is given, is said under `deployments`, where Ray can
    change it without loading a model again. stages: import path "module:function" of what gives the
    models of a profile, `local_models` unless a test says otherwise.
    """

    profile: str = Field("cpu", description="A profile's name, or the path of a YAML file")
    settings: dict[str, Any] = Field(default_factory=dict, description="Nested like a profile")
    stages: str = Field("serve.deployments.models:local_models", pattern=r"^[\w.]+:\w+$")
    environment: dict[str, str] = Field(
        default_factory=dict, description="Variables of the replicas' processes, no secrets"
    )

    def loaded(self) -> Profile:
        """The profile. Raises ConfigInvalid."""
        return load_profile(self.profile, self.settings)
