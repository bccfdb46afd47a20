"""Settings of the service from a YAML file and options; an unknown key is an error."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from pipeline.errors import ConfigInvalid
from serve.service.settings import ServiceSettings


def read_settings(file: Path | None, given: Mapping[str, Any]) -> ServiceSettings:
    """The settings of `file`, those given put over them. Raises ConfigInvalid."""
    values: dict[str, Any] = {}
    if file is not None:
        try:
            values = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        except OSError as error:
            raise ConfigInvalid(f"{file}: cannot be read ({error.strerror}).") from None
        except yaml.YAMLError as error:
            raise ConfigInvalid(f"{file}: not YAML: {error}") from None
        if not isinstance(values, dict):
            raise ConfigInvalid(f"{file}: expected keys and values.")
    try:
        return ServiceSettings.model_validate(values | dict(given))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigInvalid(f"service setting {where}: {first['msg']}.") from None


def merged(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Both, nested; what is in `more` counts."""
    result = dict(base)
    for key, value in more.items():
        old = result.get(key)
        both = isinstance(value, dict) and isinstance(old, dict)
        result[key] = merged(old, value) if both and isinstance(old, dict) else value
    return result
