"""How much memory may still be taken, by the machine's word and the container's."""

from __future__ import annotations

import os
from pathlib import Path


def free_memory(system: Path = Path("/")) -> int | None:
    """Bytes that can be taken without swapping, None where the system does not say.

    The least of what Linux calls available and what the control group has left (v2 or v1). system:
    the root below which /proc and /sys lie.
    """
    known = [n for n in (_available(system), _group_v2(system), _group_v1(system)) if n is not None]
    return min(known) if known else _physical()


def _available(system: Path) -> int | None:
    for line in _lines(system / "proc/meminfo"):
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None


def _group_v2(system: Path) -> int | None:
    for line in _lines(system / "proc/self/cgroup"):
        if line.startswith("0::"):
            group = system / "sys/fs/cgroup" / line[3:].strip().lstrip("/")
            return _left(group, "memory.max", "memory.current", "inactive_file")
    return None


def _group_v1(system: Path) -> int | None:
    group = system / "sys/fs/cgroup/memory"
    return _left(group, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def _left(group: Path, limit: str, usage: str, reclaimable: str) -> int | None:
    """Limit less usage, where file pages that can be dropped do not count as used."""
    values = [_lines(group / limit), _lines(group / usage)]
    if not all(v and v[0].strip().isdigit() for v in values):
        return None  # no such group, or "max": no limit
    most, used = (int(v[0]) for v in values)
    for line in _lines(group / "memory.stat"):
        name, _, number = line.partition(" ")
        if name == reclaimable:
            used -= int(number)
    return max(0, most - used)


def _physical() -> int | None:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
