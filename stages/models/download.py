"""Fetching one file over HTTP so that a broken download goes on where it stopped.

The bytes so far lie in `<file>.part`; the next attempt, in this process or a later one, asks for
the rest by a range request (RFC 9110, section 14). Whether the whole is right, the SHA-256 says.
"""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

from stages.models.progress import Report, SourceFailed, SourceGated, Throttle, Unreachable

ATTEMPTS = 5
"""Times a broken download is taken up again before the source counts as failed."""

TIMEOUT = httpx.Timeout(30.0, connect=10.0)


class Interrupted(Exception):
    """The connection broke; what came is kept."""


def client() -> httpx.Client:
    """An HTTP client that follows redirects and trusts the certificates the environment names.

    Of SSL_CERT_FILE, REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE the first that is set is used.
    """
    names = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
    bundle = next((os.environ[n] for n in names if os.path.isfile(os.environ.get(n, ""))), None)
    context = ssl.create_default_context(cafile=bundle)
    return httpx.Client(verify=context, follow_redirects=True, timeout=TIMEOUT)


def download(
    http: httpx.Client,
    url: str,
    target: Path,
    report: Report,
    *,
    headers: Mapping[str, str] | None = None,
    size: int | None = None,
    pause: float = 1.0,
) -> None:
    """Puts what `url` gives at `target`, taking up a part that lies there.

    size: bytes expected, where known; more of them is a failure. pause: seconds before the second
    attempt, doubled before each further one. Raises SourceFailed, Unreachable if nothing answers,
    SourceGated for 401 and 403.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    reason = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(pause * 2 ** (attempt - 1))
        try:
            _take_up(http, url, part, report, dict(headers or {}), size)
        except (Interrupted, httpx.TransportError) as error:
            reason = str(error) or type(error).__name__
            if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) and not attempt:
                raise Unreachable(f"{httpx.URL(url).host} does not answer: {reason}") from None
        except OSError as error:
            raise SourceFailed(f"writing {part}: {error.strerror}") from None
        else:
            os.replace(part, target)
            return
    raise SourceFailed(f"{httpx.URL(url).host}: {reason}")


def _take_up(
    http: httpx.Client,
    url: str,
    part: Path,
    report: Report,
    headers: dict[str, str],
    size: int | None,
) -> None:
    """One request for whatever `part` still lacks."""
    begun = part.stat().st_size if part.exists() else 0
    if size is not None and begun > size:
        part.unlink()
        begun = 0
    if size is not None and begun == size > 0:
        return
    # Ranges count bytes of what is sent, so it must be the file itself, not a compressed form.
    headers["Accept-Encoding"] = "identity"
    if begun:
        headers["Range"] = f"bytes={begun}-"
    with http.stream("GET", url, headers=headers) as response:
        if response.status_code == 416:
            part.unlink(missing_ok=True)
            raise Interrupted("the server has fewer bytes than were begun with; starting again")
        _refuse(response, url)
        resumed = response.status_code == 206 and _starts_at(response) == begun
        if begun and not resumed and response.status_code == 206:
            part.unlink()
            raise Interrupted("the server sent another range than was asked for; starting again")
        done = begun if resumed else 0
        due = Throttle(report)
        with part.open("ab" if resumed else "wb") as out:
            for piece in response.iter_raw():
                out.write(piece)
                done += len(piece)
                if size is not None and done > size:
                    raise SourceFailed(f"{url}: more than the {size} bytes expected")
                due(done, time.monotonic())
        report(done)
        if size is not None and done < size:
            raise Interrupted(f"the connection ended after {done} of {size} bytes")


def _refuse(response: httpx.Response, url: str) -> None:
    if response.status_code in (401, 403):
        raise SourceGated(f"{url}: {response.status_code} {response.reason_phrase}")
    if response.status_code in (408, 425, 429) or response.status_code >= 500:
        raise Interrupted(f"{response.status_code} {response.reason_phrase}")
    if response.status_code not in (200, 206):
        raise SourceFailed(f"{url}: {response.status_code} {response.reason_phrase}")


def _starts_at(response: httpx.Response) -> int:
    """First byte of the range sent, -1 if the header does not say."""
    value = response.headers.get("Content-Range", "").removeprefix("bytes ")
    first = value.split("-", 1)[0]
    return int(first) if first.isdigit() else -1
