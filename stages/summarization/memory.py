"""How much memory is free, asked before a large model is loaded rather than found out by a kill."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import ModelTooLarge

_MEMINFO = Path("/proc/meminfo")
_CGROUPS = (
    (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")),
    (
        Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
        Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ),
)


def available_memory() -> int | None:
    """Bytes this process may still use: the machine's, or its container's where that is less.

    None where the system does not say.
    """
    found = []
    if _MEMINFO.is_file():
        for line in _MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) * 1024)
    for limit, used in _CGROUPS:
        if limit.is_file() and used.is_file() and limit.read_text().strip().isdigit():
            found.append(int(limit.read_text()) - int(used.read_text()))
    return max(0, min(found)) if found else None


def require_memory(model: str, needed: int) -> None:
    """Raises ModelTooLarge if less than `needed` bytes are free."""
    free = available_memory()
    if free is not None and free < needed:
        raise ModelTooLarge(
            f"{model} needs {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are free. "
            "Close other programs, choose a smaller model, or do without one: "
            "the minutes are then made of quotations."
        )
