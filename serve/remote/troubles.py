"""What Ray raises, as errors of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.errors import ModelsBusy, ModelsUnavailable


@contextmanager
def understood(deployment: str) -> Iterator[None]:
    """Raise what a replica raised as it raised it, and what Ray says of replicas as ModelsError."""
    from ray.exceptions import RayError, RayTaskError
    from ray.serve.exceptions import BackPressureError, RayServeException

    try:
        yield
    except RayTaskError as error:
        cause = error.cause
        if isinstance(cause, Exception) and not isinstance(cause, RayError):
            raise cause from error
        raise _gone(deployment, error) from error
    except BackPressureError as error:
        raise ModelsBusy(
            f"{deployment}: more calls wait than may ({error.message}). Try again later, or add "
            "replicas."
        ) from error
    except (RayError, RayServeException) as error:
        raise _gone(deployment, error) from error


def _gone(deployment: str, error: Exception) -> ModelsUnavailable:
    kind = type(error).__name__
    return ModelsUnavailable(
        f"{deployment}: the process with the model is gone, or none is running ({kind}). "
        "What was finished is kept; try again."
    )
