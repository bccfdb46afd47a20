"""What goes wrong in a replica arrives as what it was."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import pytest

from pipeline import errors
from pipeline.errors import ModelMissing, ModelsBusy, ModelsUnavailable, ParleyError
from serve.remote.troubles import understood

# Ray's own schemas, as they are imported.
pytestmark = pytest.mark.filterwarnings("ignore:Using extra keyword arguments on `Field`")

KINDS = [
    kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, ParleyError)
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_error_of_ours_can_be_sent(kind: type[ParleyError]) -> None:
    again = pickle.loads(pickle.dumps(kind("what came")))  # noqa: S301
    assert (type(again), again.message, again.code) == (kind, "what came", kind.code)


def wrapped(cause: Exception) -> Exception:
    """What Ray raises at the caller for `cause` in a replica."""
    from ray.exceptions import RayTaskError

    kind: Any = RayTaskError
    sent: Exception = kind("listen", "Traceback …", cause).as_instanceof_cause()
    return sent


def test_an_error_of_a_replica_is_raised_bare() -> None:
    sent = wrapped(ModelMissing("no weights"))
    with pytest.raises(ModelMissing) as caught, understood("models"):
        raise sent
    assert type(caught.value) is ModelMissing
    assert caught.value.message == "no weights"


def test_a_replica_that_died_makes_the_models_unavailable() -> None:
    from ray.exceptions import ActorDiedError, WorkerCrashedError

    for error in (ActorDiedError(), WorkerCrashedError(), wrapped(ActorDiedError())):
        with pytest.raises(ModelsUnavailable, match=r"^\[models.unavailable\] models: the process"):
            with understood("models"):
                raise error


def test_an_application_that_failed_makes_them_unavailable_too() -> None:
    from ray.serve._private.common import DeploymentID
    from ray.serve.exceptions import DeploymentUnavailableError

    with pytest.raises(ModelsUnavailable), understood("models"):
        raise DeploymentUnavailableError(DeploymentID("Diarizer", "models"))


def test_too_long_a_queue_makes_them_busy() -> None:
    from ray.serve.exceptions import BackPressureError

    with pytest.raises(ModelsBusy, match="more calls wait than may"), understood("models"):
        raise BackPressureError(128, 128)
