"""One file with models in it, for machines without any network.

A bundle is an uncompressed tar (weights hardly compress). Its first member, `bundle.json`, says
which models it holds and the SHA-256 and size of each file; the others are exactly those files, as
`<model>/<digest>/<path>`. On import published files are taken only if the catalogue knows their
names and hashes; a prepared form cannot be known beforehand and is held to the bundle's own hashes.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Annotated, Literal, Protocol

from pydantic import Field, ValidationError

from pipeline.errors import ModelCorrupt, ModelUnknown, OutputExists
from stages.models.catalogue import Entry, FilePath, ModelEntry, ModelName, Sha256
from stages.models.prepare import FORMAT, is_prepared
from stages.models.progress import Progress, PullEvent
from stages.models.registry import Registry
from stages.models.store import CHUNK, ModelFolder, read_json, write_whole

MANIFEST = "bundle.json"
MANIFEST_LIMIT = 4 * 1024 * 1024


class BundledFile(Entry):
    """A file of the bundle."""

    sha256: Sha256
    size: Annotated[int, Field(ge=0)]


class BundledModel(Entry):
    """A model of the bundle. files: path below its folder (`files/…`, `ct2-int8/…`) → hash."""

    name: ModelName
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    prepared: FilePath | None = None
    files: dict[FilePath, BundledFile]


class Manifest(Entry):
    """What `bundle.json` says."""

    format: Literal[1] = 1
    conversion: int = FORMAT
    models: tuple[BundledModel, ...]


def export_bundle(
    registry: Registry,
    names: Sequence[str],
    out: Path,
    progress: Progress | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Writes the models `names`, which must be here, to the bundle `out`.

    Their prepared forms go with them where they exist. Raises ModelMissing, ModelCorrupt,
    OutputExists.
    """
    if out.exists() and not overwrite:
        raise OutputExists(f"{out}: it exists already; name another file or remove it.")
    models = [_bundled(registry, name) for name in dict.fromkeys(names)]
    manifest = Manifest(models=tuple(models)).model_dump_json(indent=1).encode()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as scratch:
        part = Path(scratch) / out.name
        with tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as tar:
            _add(tar, MANIFEST, io.BytesIO(manifest), len(manifest))
            for model in models:
                _pack(tar, model, registry.folder(model.name), progress)
        os.replace(part, out)


def _bundled(registry: Registry, name: str) -> BundledModel:
    registry.path(name)
    entry, folder = registry.entry(name), registry.folder(name)
    paths = [f"files/{file}" for file in entry.files]
    form = entry.prepare.form if entry.prepare and is_prepared(folder, entry.prepare) else None
    if form:
        paths += [f"{form}/{file}" for file in read_json(folder.manifest(form))["files"]]
    record = folder.checked()
    files = {
        path: BundledFile(sha256=record[path]["sha256"], size=record[path]["size"])
        for path in paths
    }
    return BundledModel(name=name, digest=entry.digest, prepared=form, files=files)


def _pack(
    tar: tarfile.TarFile, model: BundledModel, folder: ModelFolder, progress: Progress | None
) -> None:
    total, done = sum(file.size for file in model.files.values()), 0
    for path, file in model.files.items():
        with (folder.root / path).open("rb") as stream:
            hashing = _Hashing(stream)
            _add(tar, f"{model.name}/{model.digest}/{path}", hashing, file.size)
        if hashing.digest.hexdigest() != file.sha256:
            raise ModelCorrupt(
                f"{model.name}: {path} changed since it was checked. `parley models pull "
                f"{model.name}` mends it."
            )
        done += file.size
        if progress:
            progress(PullEvent(model.name, "check", done, total))


def _add(tar: tarfile.TarFile, name: str, stream: _Readable, size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    tar.addfile(member, stream)


class _Readable(Protocol):
    def read(self, length: int = ..., /) -> bytes: ...


class _Hashing:
    """A stream that hashes what is read through it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """Reads on, noting what went by."""
        piece = self._stream.read(size)
        self.digest.update(piece)
        return piece


def import_bundle(registry: Registry, bundle: Path, progress: Progress | None = None) -> list[str]:
    """Takes the models of a bundle into the store and returns their names.

    Models that are ready here are passed over. Raises ModelCorrupt if the bundle is damaged, holds
    a file under another name or hash than it says, or one that the catalogue knows otherwise;
    ModelUnknown for a model that is not in the catalogue. Nothing of a bad model is kept.
    """
    try:
        with tarfile.open(bundle, "r:") as tar:
            manifest = _read_manifest(tar, bundle)
            for model in manifest.models:
                _must_be_known(registry, model, bundle)
            for model in manifest.models:
                if registry.ready(model.name):
                    continue
                _import_model(registry, model, tar, manifest, bundle, progress)
    except (tarfile.TarError, EOFError) as error:
        raise ModelCorrupt(f"{bundle}: not a whole bundle: {error}. Copy it anew.") from None
    except OSError as error:
        raise ModelCorrupt(f"{bundle}: {error.strerror or error}.") from None
    return [model.name for model in manifest.models]


def _read_manifest(tar: tarfile.TarFile, bundle: Path) -> Manifest:
    first = tar.next()
    stream = tar.extractfile(first) if first and first.isreg() else None
    if not first or first.name != MANIFEST or stream is None or first.size > MANIFEST_LIMIT:
        raise ModelCorrupt(
            f"{bundle}: no bundle of `parley models export`; its first part should be {MANIFEST}."
        )
    try:
        return Manifest.model_validate_json(stream.read())
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise ModelCorrupt(f"{bundle}: {MANIFEST}: {where}: {error.errors()[0]['msg']}.") from None


def _must_be_known(registry: Registry, model: BundledModel, bundle: Path) -> None:
    try:
        entry = registry.entry(model.name)
    except ModelUnknown:
        raise ModelUnknown(
            f"{bundle} holds {model.name}, which this machine's catalogue lacks; copy the "
            "models.yaml that names it too (docs/models.md)."
        ) from None
    problem = _difference(entry, model)
    if problem:
        raise ModelCorrupt(f"{bundle}: {model.name}: {problem}.")


def _difference(entry: ModelEntry, model: BundledModel) -> str:
    """Why the bundled model is not the one of the catalogue, empty if it is."""
    if model.digest != entry.digest:
        return "another version than the catalogue here names; use the same version of Parley"
    if model.prepared and (not entry.prepare or model.prepared != entry.prepare.form):
        return f"a form, {model.prepared}, that is not used here"
    published = {path for path in model.files if path.startswith("files/")}
    if published != {f"files/{file}" for file in entry.files}:
        return "other files than the catalogue names"
    for file, spec in entry.files.items():
        if spec.sha256 not in (None, model.files[f"files/{file}"].sha256):
            return f"{file} is not what was published"
    for path in set(model.files) - published:
        if not model.prepared or not path.startswith(f"{model.prepared}/"):
            return f"{path} belongs to no form of the model"
    return ""


def _import_model(
    registry: Registry,
    model: BundledModel,
    tar: tarfile.TarFile,
    manifest: Manifest,
    bundle: Path,
    progress: Progress | None,
) -> None:
    folder = registry.folder(model.name)
    with registry.store.lock(model.name):
        folder.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.root, prefix="import.tmp-") as scratch:
            told = _teller(model, progress)
            for path, file in model.files.items():
                name = f"{model.name}/{model.digest}/{path}"
                _extract(tar, name, file, Path(scratch) / path, bundle)
                told(file.size)
            _put_in_place(folder, model, Path(scratch), manifest.conversion)


def _teller(model: BundledModel, progress: Progress | None) -> Callable[[int], None]:
    total, done = sum(file.size for file in model.files.values()), 0

    def tell(size: int) -> None:
        nonlocal done
        done += size
        if progress:
            progress(PullEvent(model.name, "check", done, total))

    return tell


def _extract(
    tar: tarfile.TarFile, name: str, file: BundledFile, target: Path, bundle: Path
) -> None:
    """Writes one member to `target`, which the manifest names; raises ModelCorrupt."""
    try:
        member = tar.getmember(name)
    except KeyError:
        raise ModelCorrupt(f"{bundle}: {name} is missing from it. Copy it anew.") from None
    stream = tar.extractfile(member) if member.isreg() else None
    if stream is None or member.size != file.size:
        raise ModelCorrupt(f"{bundle}: {name} is not the plain file of {file.size} bytes it says.")
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with target.open("wb") as out:
        while piece := stream.read(CHUNK):
            digest.update(piece)
            out.write(piece)
    if digest.hexdigest() != file.sha256:
        raise ModelCorrupt(f"{bundle}: {name} is damaged (its SHA-256 differs). Copy it anew.")


def _put_in_place(folder: ModelFolder, model: BundledModel, scratch: Path, conversion: int) -> None:
    form = model.prepared if conversion == FORMAT else None
    for part in filter(None, ["files", form]):
        if part == form:
            folder.manifest(part).unlink(missing_ok=True)
        shutil.rmtree(folder.root / part, ignore_errors=True)
        os.replace(scratch / part, folder.root / part)
        inside = {p: f.sha256 for p, f in model.files.items() if p.startswith(f"{part}/")}
        folder.record(inside)
        if part == form:
            hashes = {path.removeprefix(f"{part}/"): sha256 for path, sha256 in inside.items()}
            write_whole(
                folder.manifest(part), json.dumps({"format": FORMAT, "files": hashes}, indent=1)
            )
