"""The registry: pulled once, checked always, clear about what is missing and how to mend it."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.config import AsrSettings, DiarizationSettings, MinutesSettings, Profile
from pipeline.errors import (
    ModelCorrupt,
    ModelGated,
    ModelMissing,
    ModelNotPrepared,
    ModelSourceFailed,
    ModelUnknown,
)
from stages.models import (
    ModelEntry,
    PullEvent,
    Registry,
    Store,
    cache_folder,
    load_catalogue,
    offline_by_environment,
)
from stages.models import prepare as preparing
from stages.models import pull as pulling
from stages.models import sources as sourcing
from stages.models.memory import free_memory
from stages.models.progress import SourceFailed, SourceGated, Throttle

BODY, SIDE = b"weights" * 100, b"{}"


def sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def model(folder: Path | str = "unused", **more: object) -> ModelEntry:
    values: dict[str, object] = {
        "kind": "asr",
        "licence": "MIT",
        "files": {
            "model.bin": {"sha256": sha(BODY), "size": len(BODY)},
            "side/config.json": {"sha256": sha(SIDE), "size": len(SIDE)},
        },
        "sources": [{"kind": "path", "path": str(folder)}],
    }
    return ModelEntry.model_validate(values | more)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    folder = tmp_path / "weights"
    (folder / "side").mkdir(parents=True)
    (folder / "model.bin").write_bytes(BODY)
    (folder / "side/config.json").write_bytes(SIDE)
    return folder


@pytest.fixture
def make(tmp_path: Path):
    def registry(entry: ModelEntry, **options: object) -> Registry:
        return Registry({"mine": entry}, Store(tmp_path / "cache"), **options)

    return registry


HUB = {"kind": "hub", "repo": "org/thing", "revision": "c" * 40}


def answering(monkeypatch, *failures: SourceFailed) -> list[str]:
    """Replaces every source that is not a path by one that fails as told; says who was asked."""
    asked: list[str] = []
    real, left = sourcing.fetch, list(failures)

    def fetch(source, errand, offline):
        if source.kind == "path":
            return real(source, errand, offline)
        asked.append(source.kind)
        raise left.pop(0)

    monkeypatch.setattr(pulling, "fetch", fetch)
    return asked


def test_a_pull_puts_checked_files_in_the_store(make, weights):
    registry = make(model(weights))
    pulled = registry.pull("mine")
    folder = registry.path("mine")
    assert (folder / "model.bin").read_bytes() == BODY
    assert (folder / "side/config.json").read_bytes() == SIDE
    assert pulled.fetched == len(BODY) + len(SIDE)
    assert sorted(p.name for p in folder.parent.iterdir()) == ["checked.json", "files"]


def test_a_second_pull_does_nothing(make, weights, monkeypatch):
    registry = make(model(weights))
    registry.pull("mine")
    monkeypatch.setattr(pulling, "fetch", lambda *args: pytest.fail("fetched again"))
    monkeypatch.setattr("stages.models.store.sha256_of", lambda *a: pytest.fail("hashed again"))
    assert registry.pull("mine").fetched == 0
    assert registry.path("mine")


def test_a_missing_model_names_the_command_that_fetches_it(make, weights):
    with pytest.raises(ModelMissing, match="`parley models pull mine`"):
        make(model(weights)).path("mine")


def test_a_missing_gated_model_names_the_page_to_accept(make):
    entry = model(sources=[HUB | {"gated": True}])
    with pytest.raises(ModelMissing, match=r"accepted at https://huggingface\.co/org/thing"):
        make(entry).path("mine")


def test_a_name_that_is_not_known_is_answered_with_those_that_are(make, weights):
    with pytest.raises(ModelUnknown, match="known are mine"):
        make(model(weights)).pull("yours")


def test_a_file_changed_after_the_pull_is_found_and_mended(make, weights):
    registry = make(model(weights))
    registry.pull("mine")
    changed = registry.path("mine") / "model.bin"
    changed.unlink()
    changed.write_bytes(b"tampered")
    with pytest.raises(ModelCorrupt, match=r"model\.bin .* `parley models pull mine`"):
        registry.path("mine")
    assert registry.status()[0].state == "corrupt"
    registry.pull("mine")
    assert (registry.path("mine") / "model.bin").read_bytes() == BODY


def test_verify_hashes_even_what_looks_untouched(make, weights):
    registry = make(model(weights))
    registry.pull("mine")
    assert registry.verify("mine").ok
    file = registry.path("mine") / "model.bin"
    before = file.stat()
    file.unlink()
    file.write_bytes(BODY.replace(b"w", b"v"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert registry.path("mine")
    found = registry.verify("mine")
    assert not found.ok
    assert found.files == {"files/model.bin": "corrupt", "files/side/config.json": "ok"}


def test_a_touched_file_is_hashed_again_and_believed(make, weights):
    registry = make(model(weights))
    registry.pull("mine")
    os.utime(registry.path("mine") / "model.bin", (1, 1))
    assert registry.path("mine")


def test_wrong_bytes_from_one_source_are_dropped_and_the_next_is_asked(make, weights, tmp_path):
    bad = tmp_path / "bad"
    (bad / "side").mkdir(parents=True)
    (bad / "model.bin").write_bytes(b"other")
    (bad / "side/config.json").write_bytes(SIDE)
    sources = [{"kind": "path", "path": str(bad)}, {"kind": "path", "path": str(weights)}]
    registry = make(model(sources=sources))
    assert registry.pull("mine").sources == (f"path {bad}", f"path {weights}")
    assert (registry.path("mine") / "model.bin").read_bytes() == BODY
    assert (bad / "model.bin").read_bytes() == b"other"


def test_when_every_source_fails_each_is_named_with_its_reason(make, weights, monkeypatch):
    (weights / "model.bin").write_bytes(b"other")
    sources = [HUB, {"kind": "path", "path": "/nowhere"}, {"kind": "path", "path": str(weights)}]
    registry = make(model(sources=sources))
    answering(monkeypatch, SourceFailed("down for repairs"))
    with pytest.raises(ModelSourceFailed) as error:
        registry.pull("mine")
    assert "hub org/thing: down for repairs" in error.value.message
    assert "/nowhere is no folder" in error.value.message
    assert f"path {weights}: model.bin has SHA-256" in error.value.message
    assert registry.status()[0].state == "begun"


def test_a_gate_is_reported_as_such_with_the_page_and_how_to_give_a_token(make, monkeypatch):
    registry = make(model(sources=[HUB | {"gated": True}]))
    answering(monkeypatch, SourceGated("401", "https://hub.example/org/thing"))
    with pytest.raises(ModelGated, match=r"https://hub\.example/org/thing.*HF_TOKEN"):
        registry.pull("mine")


def test_a_gated_model_whose_hub_is_silent_still_names_the_page(make, monkeypatch):
    registry = make(model(sources=[HUB | {"gated": True}]))
    answering(monkeypatch, SourceFailed("does not answer"))
    with pytest.raises(ModelSourceFailed, match=r"accepted at https://huggingface\.co/org/thing"):
        registry.pull("mine")


def test_a_gate_does_not_matter_where_another_source_gives_the_files(make, weights, monkeypatch):
    registry = make(model(sources=[HUB | {"gated": True}, {"kind": "path", "path": str(weights)}]))
    answering(monkeypatch, SourceGated("401", "page"))
    registry.pull("mine")
    assert registry.ready("mine")


def test_offline_only_sources_on_this_machine_are_used(make, weights, monkeypatch):
    sources = [HUB, {"kind": "path", "path": str(weights)}]
    registry = make(model(sources=sources), offline=True)
    registry.pull("mine")
    assert registry.ready("mine")


def test_offline_a_model_that_is_not_here_names_the_bundle_as_a_way(make):
    registry = make(model(sources=[HUB]), offline=True)
    with pytest.raises(ModelMissing, match="`parley models import FILE`"):
        registry.ensure("mine")
    with pytest.raises(ModelMissing, match="offline"):
        registry.pull("mine")


def test_ensure_pulls_what_is_missing(make, weights):
    assert (make(model(weights)).ensure("mine") / "model.bin").exists()


@pytest.mark.parametrize(
    ("environ", "offline"),
    [
        ({}, False),
        ({"PARLEY_OFFLINE": "1"}, True),
        ({"HF_HUB_OFFLINE": "true"}, True),
        ({"PARLEY_OFFLINE": "0", "HF_HUB_OFFLINE": ""}, False),
    ],
)
def test_the_environment_can_forbid_the_network(environ, offline):
    assert offline_by_environment(environ) is offline


def test_the_cache_lies_where_the_environment_says(tmp_path):
    assert cache_folder({"PARLEY_CACHE": str(tmp_path)}) == tmp_path
    assert cache_folder({}).name == "parley"


def test_progress_never_falls_and_ends_at_the_whole(make, weights):
    seen: list[PullEvent] = []
    make(model(weights)).pull("mine", seen.append)
    fetched = [event.done for event in seen if event.step == "fetch"]
    assert fetched == sorted(fetched)
    assert fetched[-1] == len(BODY) + len(SIDE) == seen[0].total
    assert {event.step for event in seen} <= {"fetch", "check"}


def test_too_little_disk_is_said_before_anything_is_fetched(make, weights, monkeypatch):
    monkeypatch.setattr(pulling.shutil, "disk_usage", lambda path: SimpleNamespace(free=10))
    with pytest.raises(ModelSourceFailed, match="PARLEY_CACHE"):
        make(model(weights)).pull("mine")


def test_a_file_without_a_published_hash_is_held_to_the_one_it_came_with(make, weights):
    files = {"model.bin": {"sha256": None}}
    registry = make(model(weights, files=files))
    registry.pull("mine")
    assert registry.verify("mine").unpinned == ("model.bin",)
    (registry.path("mine") / "model.bin").write_bytes(b"changed")
    with pytest.raises(ModelCorrupt):
        registry.path("mine")


def test_two_processes_pulling_at_once_leave_one_whole_model(weights, tmp_path):
    own = tmp_path / "models.json"
    own.write_text(json.dumps({"models": {"mine": model(weights).model_dump(mode="json")}}))
    code = "from stages.models import Registry; print(Registry.load().pull('mine').fetched)"
    environ = {**os.environ, "PARLEY_CACHE": str(tmp_path / "cache"), "PARLEY_MODELS": str(own)}
    both = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=environ, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    fetched = sorted(int(process.communicate(timeout=60)[0]) for process in both)
    assert fetched == [0, len(BODY) + len(SIDE)]
    registry = Registry({"mine": model(weights)}, Store(tmp_path / "cache"))
    assert registry.verify("mine").ok


def test_a_pull_that_waits_for_another_says_so(make, weights):
    registry = make(model(weights))
    seen: list[PullEvent] = []

    def release(event: PullEvent) -> None:
        seen.append(event)
        if event.step == "wait":
            lock.release()

    lock = registry.store.lock("mine")
    lock.acquire()
    registry.pull("mine", release)
    assert seen[0].step == "wait"


def test_the_models_of_a_profile_are_those_its_settings_name():
    registry = Registry(load_catalogue(environ={}), Store(Path("unused")))
    gpu = Profile(
        asr=AsrSettings(model="faster-whisper-large-v3-turbo"),
        diarization=DiarizationSettings(pipeline="pyannote-speaker-diarization-community-1"),
        minutes=MinutesSettings(enabled=False),
    )
    assert registry.names_for(gpu) == [
        "faster-whisper-large-v3-turbo",
        "pyannote-speaker-diarization-community-1",
    ]


def test_a_setting_that_is_a_folder_needs_no_model(make, weights):
    registry = make(model(weights))
    profile = Profile(
        asr=AsrSettings(model=str(weights)),
        diarization=DiarizationSettings(pipeline="mine"),
        minutes=MinutesSettings(enabled=False),
    )
    assert registry.names_for(profile) == ["mine"]
    assert registry.path(str(weights)) == weights


def test_a_profile_that_names_an_unknown_model_is_refused(make, weights):
    with pytest.raises(ModelUnknown, match="nobodys"):
        make(model(weights)).names_for(Profile(asr=AsrSettings(model="nobodys")))


PLAN = {"gguf": "model.bin", "quantization": "int8", "memory": 1, "size": 1}


def convert(gguf: Path, out: Path, quantization: str, report) -> None:
    out.mkdir()
    (out / "model.bin").write_bytes(gguf.read_bytes()[::-1])
    (out / "config.json").write_text("{}")
    report(1000)


def test_a_model_is_converted_after_the_pull_once(make, weights):
    registry = make(model(weights, prepare=PLAN), converter=convert)
    seen: list[PullEvent] = []
    assert registry.pull("mine", seen.append).converted
    assert seen[-1] == PullEvent("mine", "convert", 1000, 1000)
    assert (registry.prepared("mine") / "model.bin").read_bytes() == BODY[::-1]
    assert not registry.pull("mine").converted
    assert registry.verify("mine").files["ct2-int8/model.bin"] == "ok"


def test_a_damaged_prepared_form_is_found_and_made_anew(make, weights):
    registry = make(model(weights, prepare=PLAN), converter=convert)
    registry.pull("mine")
    (registry.prepared("mine") / "model.bin").write_bytes(b"damaged")
    assert not registry.verify("mine").ok
    assert registry.status()[0].state == "not prepared"
    assert registry.pull("mine").converted
    assert registry.verify("mine").ok


def test_too_little_memory_leaves_the_model_unconverted_with_a_remark(make, weights, monkeypatch):
    monkeypatch.setattr(preparing, "free_memory", lambda: 2_000_000_000)
    registry = make(model(weights, prepare=PLAN | {"memory": 6_000_000_000}), converter=convert)
    pulled = registry.pull("mine")
    (remark,) = pulled.remarks
    assert "needs 6.0 GB of free memory, there are 2.0 GB" in remark
    assert "minutes are extractive" in remark
    assert registry.path("mine")
    with pytest.raises(ModelNotPrepared, match="parley models pull mine"):
        registry.ensure("mine")


def test_a_failed_conversion_leaves_nothing_behind(make, weights):
    def broken(gguf: Path, out: Path, quantization: str, report) -> None:
        out.mkdir()
        (out / "model.bin").write_bytes(b"half")
        raise ModelNotPrepared("mine: the conversion failed: out of luck")

    registry = make(model(weights, prepare=PLAN), converter=broken)
    assert registry.pull("mine").remarks == ("mine: the conversion failed: out of luck",)
    assert sorted(p.name for p in registry.folder("mine").root.iterdir()) == [
        "checked.json",
        "files",
    ]


def test_the_converting_process_reports_and_its_failure_is_told(monkeypatch, tmp_path):
    ran: list[int] = []
    code = "print('progress 20'); print('noise'); print('progress 1000')"
    monkeypatch.setattr(preparing, "_command", lambda *args: [sys.executable, "-c", code])
    preparing.run_converter("mine", tmp_path, tmp_path, "int8", ran.append)
    assert ran == [20, 1000]
    code = "raise ValueError('no such architecture')"
    monkeypatch.setattr(preparing, "_command", lambda *args: [sys.executable, "-c", code])
    with pytest.raises(ModelNotPrepared, match="no such architecture"):
        preparing.run_converter("mine", tmp_path, tmp_path, "int8", ran.append)


def test_free_memory_is_the_least_that_machine_and_container_leave(tmp_path):
    def write(path: str, text: str) -> None:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    write("proc/meminfo", "MemTotal: 9000 kB\nMemAvailable:    8000 kB\n")
    assert free_memory(tmp_path) == 8000 * 1024
    write("proc/self/cgroup", "0::/box\n")
    write("sys/fs/cgroup/box/memory.max", "max\n")
    write("sys/fs/cgroup/box/memory.current", "5000000\n")
    assert free_memory(tmp_path) == 8000 * 1024
    write("sys/fs/cgroup/box/memory.max", "6000000\n")
    write("sys/fs/cgroup/box/memory.stat", "anon 1\ninactive_file 500000\n")
    assert free_memory(tmp_path) == 1_500_000


def test_progress_is_passed_on_seldom_but_its_end_always():
    seen: list[int] = []
    due = Throttle(seen.append, interval=1.0)
    for done, now in [(1, 0.0), (2, 0.1), (3, 0.2), (4, 1.3)]:
        due(done, now)
    due(5, 1.4, final=True)
    assert seen == [1, 4, 5]
