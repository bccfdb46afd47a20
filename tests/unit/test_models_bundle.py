"""Bundles: models carried to a machine without a network, believed as far as they check out."""

import hashlib
import io
import json
import os
import tarfile
from pathlib import Path

import pytest

from pipeline.errors import ModelCorrupt, ModelMissing, ModelUnknown, OutputExists
from stages.models import ModelEntry, Registry, Store, export_bundle, import_bundle

BODY = b"weights" * 100


def sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def convert(gguf: Path, out: Path, quantization: str, report) -> None:
    out.mkdir()
    (out / "model.bin").write_bytes(gguf.read_bytes()[::-1])


def entry(folder: Path, body: bytes = BODY) -> ModelEntry:
    return ModelEntry.model_validate(
        {
            "kind": "language-model",
            "licence": "MIT",
            "files": {"a.gguf": {"sha256": sha(body), "size": len(body)}},
            "sources": [{"kind": "path", "path": str(folder)}],
            "prepare": {"gguf": "a.gguf", "memory": 1, "size": 1},
        }
    )


@pytest.fixture
def here(tmp_path: Path) -> Registry:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights/a.gguf").write_bytes(BODY)
    models = {"mine": entry(tmp_path / "weights")}
    registry = Registry(models, Store(tmp_path / "here"), converter=convert)
    registry.pull("mine")
    return registry


@pytest.fixture
def there(tmp_path: Path) -> Registry:
    return Registry({"mine": entry(Path("/nowhere"))}, Store(tmp_path / "there"), offline=True)


@pytest.fixture
def bundle(here: Registry, tmp_path: Path) -> Path:
    export_bundle(here, ["mine"], tmp_path / "parley.bundle")
    return tmp_path / "parley.bundle"


def rewritten(bundle: Path, change) -> Path:
    """The bundle with its members, a dict of name → bytes or TarInfo, changed."""
    members: dict[str, bytes | tarfile.TarInfo] = {}
    with tarfile.open(bundle) as tar:
        for member in tar:
            members[member.name] = tar.extractfile(member).read()
    manifest = json.loads(members["bundle.json"])
    change(members, manifest)
    if isinstance(members.get("bundle.json"), bytes):
        members["bundle.json"] = json.dumps(manifest).encode()
    out = bundle.with_name("changed.bundle")
    with tarfile.open(out, "w") as tar:
        for name, body in members.items():
            if isinstance(body, tarfile.TarInfo):
                tar.addfile(body)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    return out


def member(members: dict, ending: str) -> str:
    return next(name for name in members if name.endswith(ending))


def test_a_bundle_brings_a_model_with_its_prepared_form(bundle, there):
    assert import_bundle(there, bundle) == ["mine"]
    assert (there.path("mine") / "a.gguf").read_bytes() == BODY
    assert (there.prepared("mine") / "model.bin").read_bytes() == BODY[::-1]
    assert there.verify("mine").ok


def test_a_model_that_was_not_converted_travels_without(here, there, tmp_path):
    plan = here.entry("mine").prepare
    here.folder("mine").manifest(plan.form).unlink()
    export_bundle(here, ["mine"], tmp_path / "plain.bundle")
    import_bundle(there, tmp_path / "plain.bundle")
    assert there.path("mine")
    assert there.status()[0].state == "not prepared"


def test_only_models_that_are_here_can_be_exported(there, tmp_path):
    with pytest.raises(ModelMissing):
        export_bundle(there, ["mine"], tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_bundle_is_not_written_over_another_file(here, bundle):
    with pytest.raises(OutputExists):
        export_bundle(here, ["mine"], bundle)
    export_bundle(here, ["mine"], bundle, overwrite=True)


def test_a_file_that_changed_unseen_does_not_get_into_a_bundle(here, tmp_path):
    file = here.path("mine") / "a.gguf"
    before = file.stat()
    file.unlink()
    file.write_bytes(BODY.replace(b"w", b"v"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(ModelCorrupt):
        export_bundle(here, ["mine"], tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_model_that_is_ready_is_not_touched_by_an_import(bundle, here):
    before = (here.path("mine") / "a.gguf").stat()
    import_bundle(here, bundle)
    assert (here.path("mine") / "a.gguf").stat() == before


def flip(members, manifest):
    name = member(members, "files/a.gguf")
    members[name] = b"x" + members[name][1:]


def flip_and_say_so(members, manifest):
    flip(members, manifest)
    body = members[member(members, "files/a.gguf")]
    manifest["models"][0]["files"]["files/a.gguf"]["sha256"] = sha(body)


def flip_prepared(members, manifest):
    name = member(members, "ct2-int8/model.bin")
    members[name] = b"x" + members[name][1:]


def leave_out(members, manifest):
    del members[member(members, "files/a.gguf")]


def climb(members, manifest):
    files = manifest["models"][0]["files"]
    files["files/../../../evil"] = files["files/a.gguf"]


def absolute(members, manifest):
    files = manifest["models"][0]["files"]
    files["/evil"] = files["files/a.gguf"]


def bad_name(members, manifest):
    manifest["models"][0]["name"] = "../../evil"


def smuggle(members, manifest):
    files = manifest["models"][0]["files"]
    files["elsewhere/b"] = files["files/a.gguf"]


def link(members, manifest):
    name = member(members, "files/a.gguf")
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
    members[name] = info


def older(members, manifest):
    manifest["models"][0]["digest"] = "0" * 16


def newer_format(members, manifest):
    manifest["format"] = 2


def no_manifest(members, manifest):
    members["other.json"] = members.pop("bundle.json")


@pytest.mark.parametrize(
    "change",
    [
        flip,
        flip_and_say_so,
        flip_prepared,
        leave_out,
        climb,
        absolute,
        bad_name,
        smuggle,
        link,
        older,
        newer_format,
        no_manifest,
    ],
)
def test_a_bundle_that_is_not_what_it_says_is_refused_whole(bundle, there, tmp_path, change):
    with pytest.raises(ModelCorrupt, match=r"changed\.bundle"):
        import_bundle(there, rewritten(bundle, change))
    assert there.status()[0].state == "missing"
    assert not (tmp_path / "evil").exists()
    assert not [p for p in (tmp_path / "there").rglob("*") if p.is_file() and p.suffix != ".lock"]


@pytest.mark.parametrize("size", [0, 100, 3000])
def test_a_bundle_cut_short_is_refused(bundle, there, size):
    bundle.write_bytes(bundle.read_bytes()[:size])
    with pytest.raises(ModelCorrupt):
        import_bundle(there, bundle)
    assert there.status()[0].state == "missing"


def test_what_is_no_bundle_is_refused(there, tmp_path):
    (tmp_path / "text").write_text("hello")
    with pytest.raises(ModelCorrupt):
        import_bundle(there, tmp_path / "text")
    with pytest.raises(ModelCorrupt, match="No such file"):
        import_bundle(there, tmp_path / "nowhere")


def test_a_model_this_machine_does_not_know_is_named(bundle, tmp_path):
    stranger = Registry({}, Store(tmp_path / "there"))
    with pytest.raises(ModelUnknown, match=r"holds mine.*models\.yaml"):
        import_bundle(stranger, bundle)
