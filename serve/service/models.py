"""Where a meeting's stages come from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from serve.service.varied import SharedStages

ModelSource = Callable[[str], Awaitable[SharedStages]]
"""The stages for a meeting's id. Raises ModelsUnavailable, ModelsBusy."""


def always(stages: SharedStages) -> ModelSource:
    """The same stages for every meeting."""

    async def source(meeting: str) -> SharedStages:
        return stages

    return source
