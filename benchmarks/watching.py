"""A process under watch: wall and CPU seconds, peak memory, of it and everything it starts."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EVERY = 0.1
"""Seconds between two looks at memory."""


class Watch(threading.Thread):
    """Samples the memory of a process and its descendants, in bytes, until it is told to stop.

    resident: largest sum of RSS. anonymous: largest sum of RssAnon, which leaves out mapped files;
    0 where the system does not tell.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.resident = self.anonymous = 0
        self._pid = pid
        self._over = threading.Event()

    def run(self) -> None:
        """Look every tenth of a second."""
        while not self._over.wait(EVERY):
            resident, anonymous = held(self._pid)
            self.resident = max(self.resident, resident)
            self.anonymous = max(self.anonymous, anonymous)

    def stop(self) -> None:
        """No more samples after this."""
        self._over.set()
        self.join()


def held(pid: int) -> tuple[int, int]:
    """Bytes of RSS and of RssAnon that a process and its descendants hold now; 0 if it is gone."""
    import psutil

    with suppress(psutil.Error, FileNotFoundError, ProcessLookupError):
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(map(_resident, family)), sum(_anonymous(p.pid) for p in family)
    return 0, 0


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command went.

    exit: its exit code, negative for a signal. wall, cpu: seconds; cpu is user and system time of
    the process and of the descendants that were waited for, as the kernel counts them. resident,
    anonymous: peak bytes, see `Watch`. output: what it wrote to standard output.
    """

    exit: int
    wall: float
    cpu: float
    resident: int
    anonymous: int
    output: str


def watched(command: Sequence[str], environment: Mapping[str, str], log: Path, limit: float) -> Ran:
    """Run `command` to its end, or for `limit` seconds; standard error goes to the file `log`."""
    output = log.with_suffix(".out")
    begun = time.monotonic()
    with log.open("wb") as errors, output.open("wb") as said:
        process = subprocess.Popen(
            command, env=dict(environment), stdout=said, stderr=errors, start_new_session=True
        )
        watch, alarm = Watch(process.pid), threading.Timer(limit, _kill, [process.pid])
        watch.start()
        alarm.start()
        try:
            code, cpu = reaped(process)
            wall = time.monotonic() - begun
        except BaseException:
            _kill(process.pid)
            raise
        finally:
            alarm.cancel()
            watch.stop()
    text = output.read_text(encoding="utf-8", errors="replace")
    return Ran(code, wall, cpu, watch.resident, watch.anonymous, text)


def reaped(process: subprocess.Popen[Any]) -> tuple[int, float]:
    """Wait for a child to end: its exit code, and CPU seconds of it and its descendants."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


def _kill(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _resident(process: Any) -> int:
    resident: int = process.memory_info().rss
    return resident


def _anonymous(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0
