"""The ModelScope source: files of a repository at a revision, by plain HTTP.

`MODELSCOPE_DOMAIN` names another host, as for ModelScope's own client.
"""

from __future__ import annotations

import os
from urllib.parse import quote

from stages.models.catalogue import ModelScopeSource
from stages.models.download import client, download
from stages.models.progress import SourceFailed, SourceGated, shifted
from stages.models.sources import Errand


def fetch_from_modelscope(source: ModelScopeSource, errand: Errand) -> None:
    """Downloads the files wanted; raises SourceFailed."""
    base = os.environ.get("MODELSCOPE_DOMAIN") or "modelscope.cn"
    base = base if "://" in base else f"https://{base}"
    done = 0
    with client() as http:
        for name, file in errand.wanted.items():
            remote = quote(source.files.get(name, name))
            url = f"{base}/models/{source.repo}/resolve/{quote(source.revision)}/{remote}"
            target, before = errand.staging / name, done
            if not target.exists():
                try:
                    download(http, url, target, shifted(errand.report, before), size=file.size)
                except SourceGated as error:
                    raise SourceFailed(str(error)) from None
            done += target.stat().st_size
            errand.report(done)
