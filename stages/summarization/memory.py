"""How much memory is free before a large model is loaded, and giving it back afterwards."""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress
from pathlib import Path

from pipeline.errors import ModelTooLarge

_MEMINFO = Path("/proc/meminfo")
_CGROUPS = (
    tuple(Path("/sys/fs/cgroup") / f"memory.{n}" for n in ("max", "current", "stat")),
    tuple(
        Path("/sys/fs/cgroup/memory") / f"memory.{n}"
        for n in ("limit_in_bytes", "usage_in_bytes", "stat")
    ),
)
"""Limit, use and statistics of a container, in versions 2 and 1."""


def available_memory() -> int | None:
    """Bytes this process may still use: the machine's, or its container's where that is less.

    None where the system does not say.
    """
    found = []
    if _MEMINFO.is_file():
        for line in _MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) * 1024)
    for limit, used, statistics in _CGROUPS:
        if limit.is_file() and used.is_file() and limit.read_text().strip().isdigit():
            held = int(used.read_text()) - _reclaimable(statistics)
            found.append(int(limit.read_text()) - held)
    return max(0, min(found)) if found else None


def _reclaimable(statistics: Path) -> int:
    """Bytes of files kept in memory that make room when they must."""
    lines = statistics.read_text().splitlines() if statistics.is_file() else []
    values = dict(line.split() for line in lines if len(line.split()) == 2)
    return int(values.get("total_inactive_file", values.get("inactive_file", 0)))


def require_memory(model: str, needed: int) -> None:
    """Raises ModelTooLarge if less than `needed` bytes are free."""
    free = available_memory()
    if free is not None and free < needed:
        raise ModelTooLarge(
            f"{model} needs {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are free. "
            "Close other programs, choose a smaller model, or do without one: "
            "the minutes are then made of quotations."
        )


def return_memory() -> None:
    """Give memory that nothing uses any more back to the system, where its C library can."""
    gc.collect()
    # glibc keeps what was freed in small pieces: hundreds of megabytes after a batch.
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
