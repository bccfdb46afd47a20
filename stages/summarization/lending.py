"""Models on loan: loaded when their turn comes, and gone before the next one is loaded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

from stages.summarization.memory import return_memory

T = TypeVar("T")

Loan = Callable[[], AbstractAsyncContextManager[T | None]]
"""Gives a model for the length of an `async with`; None where it cannot be had."""


def lent(load: Callable[[], Awaitable[T | None]]) -> Loan[T]:
    """A model loaded anew for each loan, closed after it, its memory given back."""

    @asynccontextmanager
    async def loan() -> AsyncIterator[T | None]:
        model = await load()
        try:
            yield model
        finally:
            # Borrowers may still hold the object: what it holds is let go by closing it.
            close = getattr(model, "close", None)
            if close is not None:
                await asyncio.to_thread(close)
            del model
            await asyncio.to_thread(return_memory)

    return loan


def held(model: T) -> Loan[T]:
    """A model that is there anyway and stays."""

    @asynccontextmanager
    async def loan() -> AsyncIterator[T | None]:
        yield model

    return loan
