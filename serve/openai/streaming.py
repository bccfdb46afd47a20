"""A transcription as server-sent events, while it runs.

What is heard comes in any order, since a long recording is read in parts side by side. A piece is
held back until everything before it has come, so that the deltas are the text from the beginning
to the end, and the text of the last event is exactly the deltas put together.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pipeline.events import MeetingEvent
from pipeline.exports.reading import one_line, spoken
from pipeline.meeting import Emit, Meeting
from pipeline.types import SpeakerId, Transcript
from serve.openai.answers import diarized_segments, languages, usage
from serve.openai.errors import told
from serve.openai.options import Options
from serve.openai.text import said, separator

T = TypeVar("T")

Outcome = tuple[Meeting, Mapping[SpeakerId, str]]
"""A finished transcription, and the names of those whose voices are known."""


class Deltas:
    """What was heard, put in order of time."""

    def __init__(self) -> None:
        self.text = ""
        self._held: list[tuple[float, float, str]] = []

    def heard(self, payload: Mapping[str, Any]) -> list[str]:
        """Take in a partial utterance; the deltas that nothing can come before any more."""
        text = one_line(payload["text"])
        self._held.append((payload["start"], payload["end"], text))
        until = payload.get("until", 0.0)
        ready = sorted(piece for piece in self._held if piece[0] < until)
        self._held = [piece for piece in self._held if piece[0] >= until]
        return self._told(piece[2] for piece in ready)

    def rest(self, transcript: Transcript) -> list[str]:
        """The deltas left at the end.

        Where nothing was told yet, all is taken from the transcript: an earlier run may have heard
        part of it, or all.
        """
        if not self.text:
            return self._told(spoken(u) for u in said(transcript))
        return self._told(piece[2] for piece in sorted(self._held))

    def _told(self, pieces: Any) -> list[str]:
        deltas = []
        for piece in pieces:
            if piece:
                deltas.append(separator(self.text, piece) + piece)
                self.text += deltas[-1]
        return deltas


class Running:
    """A transcription at work, and what is heard of it. Made inside a running event loop.

    work: runs it, with what takes the events. keep_alive: seconds between signs of life.
    """

    def __init__(self, work: Callable[[Emit], Awaitable[Outcome]], keep_alive: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._heard: asyncio.Queue[Mapping[str, Any] | None] = asyncio.Queue()
        self._begun = asyncio.Event()
        self._keep_alive = keep_alive
        self.task = asyncio.ensure_future(self._run(work))

    async def _run(self, work: Callable[[Emit], Awaitable[Outcome]]) -> Outcome:
        try:
            return await work(self._emit)
        finally:
            self._loop.call_soon(self._heard.put_nowait, None)

    def _emit(self, event: MeetingEvent) -> None:
        if event.type == "utterance.partial":  # from a thread of the engine's, at times
            self._loop.call_soon_threadsafe(self._take, event.payload)

    def _take(self, payload: Mapping[str, Any]) -> None:
        self._heard.put_nowait(payload)
        self._begun.set()

    async def under_way(self, patience: float) -> None:
        """Wait until there are words, or `patience` seconds. Raises what it failed with by then."""
        begun = asyncio.ensure_future(self._begun.wait())
        try:
            await asyncio.wait(
                {self.task, begun}, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            begun.cancel()
        if self.task.done():
            self.task.result()

    async def partials(self) -> AsyncIterator[Mapping[str, Any] | None]:
        """Partial utterances until it ends; None where for a while there was none."""
        while True:
            try:
                payload = await asyncio.wait_for(self._heard.get(), self._keep_alive)
            except TimeoutError:
                yield None
                continue
            if payload is None:
                return
            yield payload

    async def stop(self) -> None:
        """End it, if it has not ended."""
        self.task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await self.task


async def events(running: Running, options: Options, folder: str) -> AsyncIterator[bytes]:
    """The events of a transcription as they are sent, to the end, or to an error."""
    deltas = Deltas()
    yield _COMMENT
    async for payload in running.partials():
        if payload is None:
            yield _COMMENT
            continue
        for delta in deltas.heard(payload):
            yield _event({"type": "transcript.text.delta", "delta": delta})
    try:
        meeting, names = await running.task
    except Exception as error:
        yield _event(told(error, folder).body)
        return
    transcript = meeting.transcript
    for delta in deltas.rest(transcript):
        yield _event({"type": "transcript.text.delta", "delta": delta})
    if options.response_format == "diarized_json":
        for segment in diarized_segments(transcript, names):
            yield _event(segment)
    done: dict[str, Any] = {"type": "transcript.text.done", "text": deltas.text}
    done["usage"] = usage(transcript)
    if options.task == "transcribe":
        done["languages"] = languages(transcript)
    yield _event(done)
    yield b"data: [DONE]\n\n"


_COMMENT = b": keep-alive\n\n"


def _event(body: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n".encode(errors="replace")


class EventStream(Response):
    """Server-sent events; ends its source as soon as the client has gone, or all is sent."""

    def __init__(self, source: AsyncIterator[bytes], close: Callable[[], Awaitable[None]]) -> None:
        self._source, self._close = source, close
        self.status_code = 200
        self.background = None
        self.media_type = "text/event-stream; charset=utf-8"
        self.init_headers({"cache-control": "no-cache", "x-accel-buffering": "no"})
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        try:
            await unless_gone(receive, self._send(send))
        except (ClientDisconnect, OSError):
            pass  # there is nobody to tell
        finally:
            await self._close()

    async def _send(self, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        async for chunk in self._source:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def unless_gone(receive: Receive, work: Awaitable[T]) -> T:
    """What `work` comes to. Raises ClientDisconnect, and ends the work, once the client has gone.

    receive: of a request whose body has been read.
    """
    working, gone = asyncio.ensure_future(work), asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientDisconnect
    finally:
        working.cancel()
        gone.cancel()
        await asyncio.gather(working, gone, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
