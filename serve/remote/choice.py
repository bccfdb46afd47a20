"""Which of several `models` applications a meeting uses: blue and green, or a canary."""

from __future__ import annotations

import hashlib
import math

from pydantic import BaseModel, ConfigDict, Field, field_validator

DEFAULT = "models"
"""Name of the application where there is one only."""


class ModelsChoice(BaseModel):
    """Applications and their weights; a meeting keeps to one as long as the weights stay.

    Where they change, only meetings move that the change is about. Source: weighted rendezvous
    hashing (Schindelhauer & Schomaker, SPAA 2005).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    weights: dict[str, float] = Field(default_factory=lambda: {DEFAULT: 1.0})

    @field_validator("weights")
    @classmethod
    def _some(cls, weights: dict[str, float]) -> dict[str, float]:
        if any(w < 0 or not math.isfinite(w) for w in weights.values()):
            raise ValueError("expected weights of 0 or more")
        if not any(weights.values()):
            raise ValueError("expected an application with a weight above 0")
        return weights

    def application(self, meeting: str) -> str:
        """The application for the meeting of that id."""
        rivals = [name for name, weight in self.weights.items() if weight > 0]
        return max(rivals, key=lambda name: (self._score(name, meeting), name))

    def _score(self, name: str, meeting: str) -> float:
        digest = hashlib.sha256(f"{name}\x1f{meeting}".encode()).digest()
        part = (int.from_bytes(digest[:8]) + 0.5) / 2**64
        return -self.weights[name] / math.log(part)
