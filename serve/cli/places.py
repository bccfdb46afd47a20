"""Where this user's finished stages are kept, and how much room they may take."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.checkpoints import Checkpoints
from pipeline.errors import ConfigInvalid
from stages.models import cache_folder

LIMIT = "PARLEY_CACHE_LIMIT"
USUAL_LIMIT = 20.0
"""Gigabytes that recordings may take before the longest unused are removed."""


def checkpoints() -> Checkpoints:
    """Finished stages and decoded sound, one folder a recording."""
    return Checkpoints(recordings_folder())


def recordings_folder() -> Path:
    """The folder of all of them."""
    return cache_folder() / "recordings"


def limit() -> int:
    """Bytes they may take together. Raises ConfigInvalid."""
    text = os.environ.get(LIMIT, "").strip()
    try:
        gigabytes = float(text) if text else USUAL_LIMIT
        if gigabytes < 0 or gigabytes != gigabytes:
            raise ValueError
    except ValueError:
        raise ConfigInvalid(f"{LIMIT}: expected gigabytes such as 20, got {text!r}.") from None
    return int(min(gigabytes, 1e9) * 1e9)
