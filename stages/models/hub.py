"""The Hugging Face hub: files of a repository at a pinned revision, with a token where gated.

`huggingface_hub` builds addresses, finds the token (`HF_TOKEN`, or `hf auth login`) and reads what
the hub says of a file; the bytes come by our own download, because the library's (since 2.0) begins
anew each time. `HF_ENDPOINT` names another host.
"""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Any

from stages.models.catalogue import HubSource
from stages.models.download import client, download
from stages.models.progress import SourceFailed, SourceGated, Unreachable, shifted
from stages.models.sources import Errand

DEFAULT_ENDPOINT = "https://huggingface.co"


def fetch_from_hub(source: HubSource, errand: Errand) -> None:
    """Downloads the files wanted.

    A file without a published SHA-256 is checked against the hub's own record at the revision: the
    SHA-256 of a large file, the git object id of a small one. Raises SourceFailed, SourceGated,
    Unreachable.
    """
    from huggingface_hub import hf_hub_url
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

    endpoint = (os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")
    headers = build_hf_headers(library_name="parley")
    done = 0
    with client() as http:
        for name, file in errand.wanted.items():
            target, before = errand.staging / name, done
            if not target.exists():
                url = hf_hub_url(
                    source.repo,
                    source.files.get(name, name),
                    revision=source.revision,
                    endpoint=endpoint,
                )
                size, etag = _described(url, endpoint, source)
                report = shifted(errand.report, before)
                try:
                    download(http, url, target, report, headers=headers, size=file.size or size)
                except SourceGated:
                    raise _gated(source, endpoint) from None
                if file.sha256 is None:
                    _check_against_hub(target, etag)
            done += target.stat().st_size
            errand.report(done)


def _described(url: str, endpoint: str, source: HubSource) -> tuple[int | None, str]:
    """Size and etag of a file by the hub's word; what goes wrong here names its cause best."""
    from huggingface_hub import get_hf_file_metadata
    from huggingface_hub.errors import (  # type: ignore[attr-defined]
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        HTTPError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        about = get_hf_file_metadata(url, endpoint=endpoint)
    except GatedRepoError:
        raise _gated(source, endpoint) from None
    except RepositoryNotFoundError:
        # Without a token the hub does not tell a hidden repository from one that is not there.
        if source.gated:
            raise _gated(source, endpoint) from None
        raise SourceFailed(f"{endpoint} has no repository {source.repo}") from None
    except RevisionNotFoundError:
        raise SourceFailed(f"{source.repo} has no revision {source.revision}") from None
    except EntryNotFoundError:
        raise SourceFailed(f"{source.repo} at {source.revision} lacks {url}") from None
    except OfflineModeIsEnabled:
        raise SourceFailed("not asked: HF_HUB_OFFLINE is set") from None
    except HfHubHTTPError as error:
        if error.response.status_code in (401, 403):
            raise _gated(source, endpoint) from None
        raise SourceFailed(f"{endpoint}: {error.response.status_code}") from None
    except (HTTPError, OSError) as error:
        raise Unreachable(f"{endpoint} does not answer: {error}") from None
    return about.size, about.etag or ""


def _gated(source: HubSource, endpoint: str) -> SourceGated:
    page = f"{endpoint}/{source.repo}"
    return SourceGated(f"{page} wants its terms accepted and a token", page)


def _check_against_hub(path: Path, etag: str) -> None:
    """Raises SourceFailed, and removes the file, unless `etag` is its SHA-256 or git object id."""
    if re.fullmatch(r"[0-9a-f]{64}", etag):
        digest: Any = hashlib.sha256()
    elif re.fullmatch(r"[0-9a-f]{40}", etag):
        digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    else:
        path.unlink()
        raise SourceFailed(f"{path.name}: no hash is published and the hub gave none")
    with path.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    if digest.hexdigest() != etag:
        path.unlink()
        raise SourceFailed(f"{path.name}: the bytes are not those the hub has at this revision")
