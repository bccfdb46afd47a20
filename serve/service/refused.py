"""Requests that are not done, with a code of their own and when to come again."""

from __future__ import annotations

from pipeline.errors import ParleyError


class Refused(ParleyError):
    """A request that is not done. retry_after: seconds after which it may go better."""

    def __init__(self, code: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.problem = code
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"[{self.problem}] {self.message}"
