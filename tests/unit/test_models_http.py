"""Downloads that go on where they stopped, and the sources that use them, on a loopback server."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from stages.models.catalogue import HubSource, ModelFile, ModelScopeSource
from stages.models.download import client, download
from stages.models.progress import SourceFailed, SourceGated, Unreachable
from stages.models.sources import Errand, fetch

BODY = bytes(range(256)) * 400
COMMIT = "c" * 40


@dataclass
class Host:
    """A web host that may cut connections, ignore ranges, answer with errors or want a key."""

    url: str = ""
    bodies: dict[str, bytes] = field(default_factory=dict)
    cut_after: list[int] = field(default_factory=list)
    ranges: bool = True
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    key: str | None = None
    asked: list[tuple[str, str, str | None]] = field(default_factory=list)


@pytest.fixture
def host() -> Iterator[Host]:
    told = Host()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.answer(with_body=False)

        def do_GET(self) -> None:
            self.answer(with_body=True)

        def answer(self, with_body: bool) -> None:
            told.asked.append((self.command, self.path, self.headers.get("Range")))
            body = told.bodies.get(self.path)
            status = told.statuses.pop(0) if told.statuses else 200
            if told.key and self.headers.get("Authorization") != f"Bearer {told.key}":
                status = 401
            if body is None:
                status = 404
            if status != 200 or body is None:
                self.send_response(status)
                for key, value in told.headers.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            begin = 0
            if told.ranges and (asked := self.headers.get("Range")):
                begin = int(asked.removeprefix("bytes=").rstrip("-"))
                if begin >= len(body):
                    self.send_error(416)
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")
            else:
                self.send_response(200)
            self.send_header("Content-Length", str(len(body) - begin))
            self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if with_body:
                end = told.cut_after.pop(0) if told.cut_after else len(body)
                self.wfile.write(body[begin:end])
                if end < len(body):
                    self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


def get(host: Host, target: Path, size: int | None = None) -> list[int]:
    seen: list[int] = []
    with client() as http:
        download(http, f"{host.url}/f", target, seen.append, size=size, pause=0.0)
    return seen


def test_a_broken_download_goes_on_where_it_stopped(host, tmp_path):
    host.bodies["/f"], host.cut_after = BODY, [10_000, 30_000]
    seen = get(host, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY
    assert [asked for _, _, asked in host.asked] == [None, "bytes=10000-", "bytes=30000-"]
    assert seen == sorted(seen) and seen[-1] == len(BODY)


def test_a_later_process_takes_up_the_part_that_lies_there(host, tmp_path):
    host.bodies["/f"] = BODY
    (tmp_path / "f.part").write_bytes(BODY[:777])
    get(host, tmp_path / "f", size=len(BODY))
    assert (tmp_path / "f").read_bytes() == BODY
    assert host.asked == [("GET", "/f", "bytes=777-")]


def test_a_part_that_is_whole_already_is_not_asked_for(host, tmp_path):
    (tmp_path / "f.part").write_bytes(BODY)
    get(host, tmp_path / "f", size=len(BODY))
    assert host.asked == []


def test_a_host_without_ranges_gives_the_whole_anew(host, tmp_path):
    host.bodies["/f"], host.ranges = BODY, False
    (tmp_path / "f.part").write_bytes(b"wrong")
    get(host, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY


def test_a_part_longer_than_the_file_is_begun_anew(host, tmp_path):
    host.bodies["/f"] = BODY
    (tmp_path / "f.part").write_bytes(BODY + b"more")
    get(host, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY


def test_a_busy_host_is_asked_again(host, tmp_path):
    host.bodies["/f"], host.statuses = BODY, [503, 429]
    get(host, tmp_path / "f")
    assert (tmp_path / "f").read_bytes() == BODY


def test_a_host_that_stays_broken_is_given_up_with_its_reason(host, tmp_path):
    host.bodies["/f"], host.statuses = BODY, [500] * 9
    with pytest.raises(SourceFailed, match="500 Internal Server Error"):
        get(host, tmp_path / "f")


def test_more_bytes_than_expected_are_refused(host, tmp_path):
    host.bodies["/f"] = BODY
    with pytest.raises(SourceFailed, match="more than the 10 bytes"):
        get(host, tmp_path / "f", size=10)
    assert not (tmp_path / "f").exists()


def test_what_is_not_there_is_not_asked_for_again(host, tmp_path):
    with pytest.raises(SourceFailed, match="404"):
        get(host, tmp_path / "f")
    assert len(host.asked) == 1


def errand(tmp_path: Path, **files: ModelFile) -> Errand:
    wanted = files or {"model.bin": ModelFile(sha256=hashlib.sha256(BODY).hexdigest())}
    return Errand(wanted, tmp_path / "staging", tmp_path / "downloads", lambda done: None)


@pytest.fixture
def hub(host, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", host.url)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    host.bodies[f"/org/thing/resolve/{COMMIT}/model.bin"] = BODY
    return host


SOURCE = HubSource(kind="hub", repo="org/thing", revision=COMMIT)


def test_the_hub_gives_files_of_the_pinned_revision(hub, tmp_path):
    fetch(SOURCE, errand(tmp_path), offline=False)
    assert (tmp_path / "staging/model.bin").read_bytes() == BODY


def test_a_download_from_the_hub_goes_on_where_it_stopped(hub, tmp_path):
    (tmp_path / "staging").mkdir()
    (tmp_path / "staging/model.bin.part").write_bytes(BODY[:99])
    fetch(SOURCE, errand(tmp_path), offline=False)
    assert hub.asked[-1][2] == "bytes=99-"
    assert (tmp_path / "staging/model.bin").read_bytes() == BODY


def test_a_gated_repository_names_the_page_to_accept(hub, tmp_path):
    hub.key, hub.headers = "hf_right", {"X-Error-Code": "GatedRepo"}
    with pytest.raises(SourceGated) as error:
        fetch(SOURCE, errand(tmp_path), offline=False)
    assert error.value.page == f"{hub.url}/org/thing"


def test_a_hidden_repository_known_as_gated_names_the_page_too(hub, tmp_path):
    hub.key = "hf_right"
    gated = SOURCE.model_copy(update={"gated": True})
    with pytest.raises(SourceGated):
        fetch(gated, errand(tmp_path), offline=False)


def test_a_token_opens_a_gated_repository(hub, tmp_path, monkeypatch):
    hub.key = "hf_right"
    monkeypatch.setenv("HF_TOKEN", "hf_right")
    fetch(SOURCE, errand(tmp_path), offline=False)
    assert (tmp_path / "staging/model.bin").read_bytes() == BODY


def test_a_file_without_a_published_hash_is_held_to_the_hubs_own(hub, tmp_path):
    fetch(SOURCE, errand(tmp_path, **{"model.bin": ModelFile(sha256=None)}), offline=False)
    assert (tmp_path / "staging/model.bin").read_bytes() == BODY


def test_bytes_other_than_the_hubs_own_are_dropped(hub, tmp_path):
    (tmp_path / "staging").mkdir()
    (tmp_path / "staging/model.bin.part").write_bytes(b"x" * 99)
    with pytest.raises(SourceFailed, match="not those the hub has"):
        fetch(SOURCE, errand(tmp_path, **{"model.bin": ModelFile(sha256=None)}), offline=False)
    assert not (tmp_path / "staging/model.bin").exists()


def test_a_file_the_repository_lacks_is_named(hub, tmp_path):
    hub.headers = {"X-Error-Code": "EntryNotFound"}
    with pytest.raises(SourceFailed, match="lacks"):
        fetch(SOURCE, errand(tmp_path, other=ModelFile(sha256=None)), offline=False)


def test_a_hub_that_does_not_answer_is_asked_once_a_pull(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    going = errand(tmp_path)
    with pytest.raises(Unreachable, match="does not answer"):
        fetch(SOURCE, going, offline=False)
    with pytest.raises(SourceFailed, match="not asked again"):
        fetch(SOURCE, going, offline=False)


def test_offline_no_host_is_asked(hub, tmp_path):
    with pytest.raises(SourceFailed, match="offline"):
        fetch(SOURCE, errand(tmp_path), offline=True)
    assert hub.asked == []


def test_modelscope_gives_files_by_revision(host, tmp_path, monkeypatch):
    monkeypatch.setenv("MODELSCOPE_DOMAIN", host.url)
    host.bodies["/models/iic/voice/resolve/v1.0.0/theirs.pt"] = BODY
    source = ModelScopeSource(
        kind="modelscope", repo="iic/voice", revision="v1.0.0", files={"ours.pt": "theirs.pt"}
    )
    fetch(source, errand(tmp_path, **{"ours.pt": ModelFile(sha256=None)}), offline=False)
    assert (tmp_path / "staging/ours.pt").read_bytes() == BODY


def test_a_refusal_by_modelscope_is_a_failure_of_that_source(host, tmp_path, monkeypatch):
    monkeypatch.setenv("MODELSCOPE_DOMAIN", host.url)
    host.bodies["/models/iic/voice/resolve/v1/model.bin"], host.key = BODY, "secret"
    source = ModelScopeSource(kind="modelscope", repo="iic/voice", revision="v1")
    with pytest.raises(SourceFailed, match="401"):
        fetch(source, errand(tmp_path), offline=False)
