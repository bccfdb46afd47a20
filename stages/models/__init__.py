"""Where weights come from: the catalogue, the store on disk, and pulling from one to the other.

registry = Registry.load()
registry.pull_all(registry.names_for("cpu"))
weights = registry.path("faster-whisper-base")     # a folder; nothing touches the network again
language_model = registry.prepared("qwen2.5-coder-1.5b-instruct")
"""

from stages.models.bundle import export_bundle, import_bundle
from stages.models.catalogue import ModelEntry, load_catalogue
from stages.models.progress import Progress, PullEvent
from stages.models.pull import Pulled
from stages.models.registry import (
    ModelStatus,
    Registry,
    Verification,
    is_url,
    offline_by_environment,
)
from stages.models.store import Store, cache_folder

__all__ = [
    "ModelEntry",
    "ModelStatus",
    "Progress",
    "PullEvent",
    "Pulled",
    "Registry",
    "Store",
    "Verification",
    "cache_folder",
    "export_bundle",
    "import_bundle",
    "is_url",
    "load_catalogue",
    "offline_by_environment",
]
