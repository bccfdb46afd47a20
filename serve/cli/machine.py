"""What this machine is: cores, instructions, memory, graphics, packages."""

from __future__ import annotations

import ctypes
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

_TELLING = (
    "avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_int8",
    "amx_bf16", "asimd", "asimddp", "bf16", "i8mm", "sve", "sve2",
)  # fmt: skip
_IMPORT_SECONDS = 120


def cpu_features(cpuinfo: Path = Path("/proc/cpuinfo")) -> list[str] | None:
    """The vector instructions that matter here, None where the system does not say."""
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    flags = re.search(r"^(?:flags|Features)\s*:(.*)$", text, re.MULTILINE)
    if flags is None:
        return None
    known = set(flags[1].split())
    return [name for name in _TELLING if name in known]


def cpu_name(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The processor as it calls itself."""
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.processor() or platform.machine()


def cuda_devices() -> int:
    """How many graphics cards the CUDA driver sees; 0 without a driver."""
    for name in ("libcuda.so.1", "nvcuda.dll"):
        try:
            driver = ctypes.CDLL(name)
            count = ctypes.c_int(0)
            if driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0:
                return count.value
        except (OSError, AttributeError):
            continue
    return 0


def total_memory() -> int | None:
    """Bytes of memory in the machine."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def load() -> float | None:
    """Programs that wanted a processor over the last minute, None where the system does not say."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):
        return None


def wanted_packages(extra: str = "models") -> list[str]:
    """The packages that Parley's extra `extra` names."""
    try:
        requirements = metadata.requires("parley") or []
    except metadata.PackageNotFoundError:
        return []
    marked = re.compile(rf"""extra\s*==\s*['"]{extra}['"]""")
    names = (re.match(r"[A-Za-z0-9._-]+", r) for r in requirements if marked.search(r))
    return [name[0] for name in names if name]


def versions(packages: Iterable[str]) -> dict[str, str | None]:
    """The installed version of each package, None where it is missing."""
    found: dict[str, str | None] = {}
    for name in packages:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def ffmpeg_libraries() -> dict[str, str]:
    """The FFmpeg libraries inside PyAV; empty if it cannot be imported."""
    try:
        import av
    except ImportError:
        return {}
    return {n: ".".join(map(str, v)) for n, v in sorted(av.library_versions.items())}


def failing_imports(modules: Iterable[str]) -> dict[str, str]:
    """Modules that are installed but break when imported, and why; tried in another process."""
    program = (
        "import importlib, json, sys, warnings\n"
        "warnings.simplefilter('ignore')\n"
        "failed = {}\n"
        "for name in sys.argv[1:]:\n"
        "    try: importlib.import_module(name)\n"
        "    except BaseException as e: failed[name] = f'{type(e).__name__}: {e}'[:200]\n"
        "print('\\n' + json.dumps(failed))\n"
    )
    names = list(modules)
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and names
            [sys.executable, "-P", "-c", program, *names],
            capture_output=True,
            text=True,
            timeout=_IMPORT_SECONDS,
        )
        failed: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {", ".join(names): f"importing them takes longer than {_IMPORT_SECONDS} s"}
    except (ValueError, IndexError):
        return {", ".join(names): f"the interpreter ended with code {done.returncode}"}
    return failed
