"""Blobs: there whole or not at all, by keys that cannot lead anywhere else."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fsspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from pipeline.blobs import Blobs
from pipeline.errors import BlobKeyInvalid, BlobMissing, BlobsUnavailable, ConfigInvalid

ACCESS: dict[str, Any] = {"key": "testing", "secret": "testing"}  # of the server below


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of a server that speaks S3, on this machine, with a bucket in it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    files = fsspec.filesystem("s3", endpoint_url=address, skip_instance_cache=True, **ACCESS)
    files.mkdir("parley")
    yield address
    server.stop()


@pytest.fixture(params=["folder", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "folder":
        return Blobs.open(str(tmp_path / "blobs"))
    address = request.getfixturevalue("s3")
    return Blobs.open(f"s3://parley/{tmp_path.name}", endpoint_url=address, **ACCESS)


def put(blobs: Blobs, key: str, data: bytes) -> None:
    with blobs.write(key) as out:
        out.write(data)


def test_what_was_written_can_be_read(blobs: Blobs) -> None:
    with blobs.write("a/sound.wav") as out:
        out.write(b"hello ")
        out.write(b"world")
        assert out.size == 11
    assert blobs.size("a/sound.wav") == 11 and blobs.exists("a/sound.wav")
    assert blobs.read("a/sound.wav") == b"hello world"
    with blobs.reader("a/sound.wav") as file:
        file.seek(6)
        assert file.read() == b"world"
    with blobs.local("a/sound.wav") as path:
        assert path.read_bytes() == b"hello world" and path.suffix == ".wav"


@pytest.mark.parametrize(
    ("start", "end"), [(0, 3), (3, None), (2, 100), (10, 12), (4, 4), (5, 2), (10, None)]
)
def test_a_part_is_what_python_would_cut(blobs: Blobs, start: int, end: int | None) -> None:
    put(blobs, "a", b"0123456789")
    assert blobs.read("a", start, end) == b"0123456789"[start:end]
    assert b"".join(blobs.chunks("a", start, end, size=4)) == b"0123456789"[start:end]
    assert all(len(c) <= 4 for c in blobs.chunks("a", start, end, size=4))


def test_an_empty_blob_is_a_blob(blobs: Blobs) -> None:
    with blobs.write("a"):
        pass
    assert blobs.size("a") == 0 and blobs.read("a") == b"" and list(blobs.chunks("a")) == []


def test_a_blob_appears_when_it_is_whole(blobs: Blobs) -> None:
    with blobs.write("a") as out:
        out.write(b"new")
        assert not blobs.exists("a")
    assert blobs.exists("a")


def test_an_interrupted_blob_leaves_what_was_there(blobs: Blobs) -> None:
    put(blobs, "a", b"old")
    for key in ("a", "b"):
        with pytest.raises(RuntimeError), blobs.write(key) as out:
            out.write(b"new")
            raise RuntimeError
    assert blobs.read("a") == b"old" and not blobs.exists("b")


def test_large_blobs_arrive_in_pieces(blobs: Blobs) -> None:
    piece = bytes(range(256)) * 4096 * 3
    with blobs.write("a") as out:
        for _ in range(6):
            out.write(piece)
    assert blobs.size("a") == 6 * len(piece)
    assert blobs.read("a", len(piece) - 1, len(piece) + 2) == piece[-1:] + piece[:2]
    with pytest.raises(RuntimeError), blobs.write("a") as out:
        for _ in range(6):
            out.write(b"x" * len(piece))
        raise RuntimeError
    assert blobs.read("a", 0, 3) == piece[:3]


def test_parts_are_numbered_in_order(blobs: Blobs) -> None:
    made = [blobs.append("live/m1", str(i).encode()) for i in range(12)]
    assert blobs.keys("live/m1") == made == sorted(made)
    assert b"".join(blobs.read(key) for key in made) == b"01234567891011"


def test_deleting_takes_what_is_under_a_key_and_nothing_beside_it(blobs: Blobs) -> None:
    for key in ("m/1/a", "m/1/b/c", "m/10", "m/1.wav"):
        put(blobs, key, b"x")
    assert blobs.keys("m/1") == ["m/1/a", "m/1/b/c"]
    blobs.delete("m/1")
    assert blobs.keys("m") == ["m/1.wav", "m/10"]
    blobs.delete("m/10")
    blobs.delete("m/10")
    blobs.delete("m")
    assert blobs.keys("m") == []


def test_what_is_not_there_is_missing(blobs: Blobs) -> None:
    put(blobs, "m/a", b"x")
    for key in ("nothing", "m"):
        assert not blobs.exists(key)
        for ask in (blobs.size, blobs.read):
            with pytest.raises(BlobMissing):
                ask(key)
        with pytest.raises(BlobMissing), blobs.reader(key):
            pass
        with pytest.raises(BlobMissing), blobs.local(key):
            pass


BAD_KEYS = [
    *("", "/", "a/", "/a", "a//b", "..", "a/../b", "../a", ".hidden", "a/.unfinished", "a\\b"),
    *("a b", "ä", "a\x00", "a\n", "C:", "~", "*", "a" * 129, "/".join("a" * 17), "s3://x"),
]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_key_that_could_lead_elsewhere_is_refused(blobs: Blobs, key: str) -> None:
    with pytest.raises(BlobKeyInvalid), blobs.write(key):
        pass
    with pytest.raises(BlobKeyInvalid):
        blobs.append(key, b"")
    for ask in (blobs.read, blobs.size, blobs.exists, blobs.delete, blobs.keys):
        with pytest.raises(BlobKeyInvalid):
            ask(key)
    with pytest.raises(BlobKeyInvalid), blobs.local(key):
        pass


@given(key=st.text(st.sampled_from("a./\\\x00~%"), max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_key_writes_outside_the_folder(tmp_path: Path, key: str) -> None:
    blobs = Blobs.open(str(tmp_path / "outer" / "blobs"))
    try:
        put(blobs, key, b"x")
    except BlobKeyInvalid:
        pass
    else:
        blobs.delete(key)
    assert {f.name for f in (tmp_path / "outer").iterdir()} == {"blobs"}
    assert {f.name for f in (tmp_path / "outer" / "blobs").iterdir()} == {".unfinished"}


def test_a_link_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    blobs = Blobs.open(str(tmp_path / "blobs"))
    (tmp_path / "secret").write_text("x")
    (tmp_path / "blobs" / "link").symlink_to(tmp_path)
    with pytest.raises(BlobKeyInvalid):
        blobs.read("link/secret")
    with pytest.raises(BlobKeyInvalid):
        blobs.delete("link")


def test_a_folder_gives_its_own_file(tmp_path: Path) -> None:
    blobs = Blobs.open(f"file://{tmp_path}/blobs")
    put(blobs, "m/a", b"x")
    with blobs.local("m/a") as path:
        assert path == tmp_path / "blobs" / "m" / "a"
    assert path.stat().st_mode & 0o077 == 0
    blobs.delete("m/a")
    assert not (tmp_path / "blobs" / "m").exists()


def test_a_blob_is_no_folder(tmp_path: Path) -> None:
    blobs = Blobs.open(str(tmp_path))
    put(blobs, "a", b"x")
    with pytest.raises(BlobKeyInvalid):
        put(blobs, "a/b", b"y")
    put(blobs, "c/d", b"x")
    with pytest.raises(BlobKeyInvalid):
        put(blobs, "c", b"y")


def test_parts_appended_by_many_are_all_there(tmp_path: Path) -> None:
    blobs = Blobs.open(str(tmp_path))
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda i: blobs.append("p", str(i).encode()), range(24)))
    assert blobs.keys("p") == sorted(made) and len(set(made)) == 24
    assert {blobs.read(key) for key in made} == {str(i).encode() for i in range(24)}


def test_a_writer_that_was_killed_leaves_nothing_that_is_seen(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys; from pipeline.blobs import Blobs\n"
        "with Blobs.open(sys.argv[1]).write('a/b') as out:\n"
        "    out.write(b'x' * 1000); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", program, str(tmp_path)]).returncode == -9
    assert Blobs.open(str(tmp_path)).keys("a") == []
    (left,) = (tmp_path / ".unfinished").iterdir()
    os.utime(left, (time.time() - 1e6,) * 2)
    Blobs.open(str(tmp_path))
    assert not left.exists()


def test_a_full_disk_is_said_and_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = Blobs.open(str(tmp_path))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(BlobsUnavailable, match="disk is full"):
            put(blobs, "a", b"x")
        with pytest.raises(BlobsUnavailable, match="disk is full"):
            blobs.append("p", b"x")
    assert not blobs.exists("a") and blobs.keys("p") == []
    assert list((tmp_path / ".unfinished").iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_disk_that_fills_while_writing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = Blobs.open(str(tmp_path))
    really = os.open
    monkeypatch.setattr(os, "open", lambda *_: really("/dev/full", os.O_WRONLY))
    with pytest.raises(BlobsUnavailable, match="disk is full"):
        put(blobs, "a", b"x")


def test_a_server_that_is_away_is_unavailable(unused_tcp_port: int) -> None:
    blobs = Blobs.open(
        "s3://parley/x",
        endpoint_url=f"http://127.0.0.1:{unused_tcp_port}",
        config_kwargs={"retries": {"max_attempts": 1}, "connect_timeout": 1},
        **ACCESS,
    )
    with pytest.raises(BlobsUnavailable):
        blobs.size("a")
    with pytest.raises(BlobsUnavailable):
        put(blobs, "a", b"x")


def test_a_bucket_that_is_not_there_is_unavailable(s3: str) -> None:
    blobs = Blobs.open("s3://nothing/x", endpoint_url=s3, **ACCESS)
    with pytest.raises(BlobsUnavailable):
        put(blobs, "a", b"x")
    with pytest.raises(BlobsUnavailable):
        blobs.append("a", b"x")


@pytest.mark.parametrize("url", ["gopher9://x", "memory://x", "http://x/y"])
def test_a_url_under_which_blobs_would_show_half_written_is_refused(url: str) -> None:
    with pytest.raises(ConfigInvalid, match="expected"):
        Blobs.open(url)


def test_a_very_large_upload_goes_on_in_larger_parts(
    s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.blob_remote._SMALL", 1)
    blobs = Blobs.open("s3://parley/large", endpoint_url=s3, **ACCESS)
    pieces = [bytes([i]) * (5 << 20) for i in range(6)]
    with blobs.write("a") as out:
        for piece in pieces:
            out.write(piece)
    assert blobs.read("a") == b"".join(pieces)
    files = fsspec.filesystem("s3", endpoint_url=s3, skip_instance_cache=True, **ACCESS)
    assert files.info("parley/large/a")["ETag"].strip('"').endswith("-2")  # parts it came in


def test_an_interrupted_upload_leaves_no_parts_in_the_bucket(s3: str) -> None:
    blobs = Blobs.open("s3://parley/parts", endpoint_url=s3, **ACCESS)
    with pytest.raises(RuntimeError), blobs.write("a") as out:
        out.write(bytes(20 << 20))
        raise RuntimeError
    files = fsspec.filesystem("s3", endpoint_url=s3, skip_instance_cache=True, **ACCESS)
    assert files.call_s3("list_multipart_uploads", Bucket="parley").get("Uploads", []) == []
