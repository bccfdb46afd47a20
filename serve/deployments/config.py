"""Serve's configuration files, read without the leniency that makes a misspelt key do nothing."""

from __future__ import annotations

import types
from collections.abc import Iterator
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

import yaml
from pydantic import BaseModel, ValidationError

from pipeline.errors import ConfigInvalid
from serve.deployments.arguments import ModelsArgs, Tuning

if TYPE_CHECKING:
    from ray.serve.schema import ServeApplicationSchema, ServeDeploySchema


def read_config(path: Path) -> ServeDeploySchema:
    """The Serve configuration in `path`: a file for `serve run`, or a RayService of Kubernetes.

    Raises ConfigInvalid, naming the file and the key, where it is no YAML, or a key is none of
    Ray's or of the application's arguments.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        if isinstance(values, dict) and values.get("kind") == "RayService":
            values = yaml.safe_load(values["spec"]["serveConfigV2"])
    except (OSError, KeyError, yaml.YAMLError) as error:
        raise ConfigInvalid(f"{path}: expected a Serve configuration ({error}).") from None
    if not isinstance(values, dict):
        raise ConfigInvalid(f"{path}: expected keys and values, got {type(values).__name__}.")
    return checked(values, str(path))


def checked(values: dict[str, Any], origin: str) -> ServeDeploySchema:
    """`values` as Ray's schema, no key of them unknown. Raises ConfigInvalid naming `origin`."""
    from ray.serve.schema import ServeDeploySchema

    if unknown := list(_unknown(values, ServeDeploySchema, "")):
        raise ConfigInvalid(f"{origin}: unknown keys {', '.join(unknown)}.")
    try:
        config = ServeDeploySchema.model_validate(values)
        for application in config.applications:
            _check(application, origin)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigInvalid(f"{origin}: {problems}.") from None
    return config


def _check(application: ServeApplicationSchema, origin: str) -> None:
    """The parts of an application that Ray's schema leaves open."""
    from ray.serve.config import AutoscalingConfig

    from serve.deployments.app import OPTIONS

    known = {kind.__name__ for kind in OPTIONS}
    model = arguments_of(builder(application.import_path))
    if model is not None:
        args = model.model_validate(application.args)
        if isinstance(args, ModelsArgs):
            args.loaded()
    for deployment in application.deployments:
        where = f"{origin}: {application.name}.{deployment.name}"
        if isinstance(deployment.autoscaling_config, dict):
            if unknown := list(_unknown(deployment.autoscaling_config, AutoscalingConfig, "")):
                raise ConfigInvalid(f"{where}: unknown keys {', '.join(unknown)}.")
        if model is ModelsArgs:
            if deployment.name not in known:
                raise ConfigInvalid(f"{where}: expected one of {', '.join(sorted(known))}.")
            if isinstance(deployment.user_config, dict):
                Tuning.model_validate(deployment.user_config)


def builder(import_path: str) -> Any:
    """The function, or the application, that an import path means. Raises ConfigInvalid."""
    module, _, name = import_path.replace(":", ".").rpartition(".")
    try:
        return getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ConfigInvalid(f"import_path: {import_path} cannot be imported ({error}).") from error


def arguments_of(build: Any) -> type[BaseModel] | None:
    """The model that a builder's only parameter is; None for a dictionary or an application."""
    if not isinstance(build, types.FunctionType):
        return None
    names = list(signature(build).parameters)
    kind = get_type_hints(build).get(names[0]) if names else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _unknown(values: Any, kind: Any, path: str) -> Iterator[str]:
    """Keys in `values` that `kind`, a pydantic model or a type that holds some, does not know."""
    if isinstance(values, list):
        (inner,) = get_args(kind) or (Any,)
        for number, value in enumerate(values):
            yield from _unknown(value, inner, f"{path}[{number}]")
    elif isinstance(values, dict) and (model := _model(kind)) is not None:
        fields = {f.alias or name: f for name, f in model.model_fields.items()}
        for key, value in values.items():
            where = f"{path}.{key}" if path else str(key)
            if key not in fields:
                yield where
                continue
            yield from _unknown(value, _held(fields[key].annotation, value), where)


def _held(kind: Any, value: Any) -> Any:
    """Of the alternatives of an annotation that which a list or a dictionary can be."""
    if get_origin(kind) not in (Union, types.UnionType):
        return kind
    wanted = list if isinstance(value, list) else dict
    for choice in get_args(kind):
        if get_origin(choice) is wanted or (wanted is dict and _model(choice) is not None):
            return choice
    return Any


def _model(kind: Any) -> type[BaseModel] | None:
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
