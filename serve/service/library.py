"""What people do with meetings: bring them, correct them, have them done again, delete them."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from pipeline.blobs import Blobs
from pipeline.checkpoints import Checkpoints
from pipeline.editing import given_to, reworded
from pipeline.errors import EditInvalid, UploadMissing
from pipeline.events import jsonable
from pipeline.store import Store
from pipeline.store.records import INTERACTIVE, JobRecord, MeetingRecord
from pipeline.types import Speaker, SpeakerId, Transcript, Utterance
from serve.service.bell import JOBS, Bell
from serve.service.places import folder_key, sound_key, upload_key
from serve.service.refused import Refused
from serve.service.settings import ServiceSettings
from serve.service.views import Views
from serve.service.wire import Wire
from serve.service.wishes import Wishes

Redone = Literal["transcribe", "diarize", "minutes"]

_NONE = Wishes()
_NAME = 200
"""Letters of a title, a file's name or a speaker's name at most."""

_BLOCK = 1 << 20
"""Bytes written at once."""


class Library:
    """The meetings of a store, with their sound, for their owners."""

    def __init__(
        self,
        store: Store,
        blobs: Blobs,
        checkpoints: Checkpoints,
        views: Views,
        settings: ServiceSettings,
        bell: Bell,
        wire: Wire,
    ) -> None:
        self.store = store
        self.blobs = blobs
        self.views = views
        self._checkpoints = checkpoints
        self._settings = settings
        self._bell = bell
        self._wire = wire

    async def bring(
        self,
        owner: str,
        sound: AsyncIterator[bytes],
        *,
        filename: str,
        media_type: str,
        title: str = "",
        wishes: Wishes = _NONE,
        length: int | None = None,
        priority: int = INTERACTIVE,
    ) -> tuple[MeetingRecord, bool]:
        """Keep a recording and queue it; True if it is new, False if the owner has it already.

        length: bytes announced, if any. What `wishes` leave open is as the owner's settings say.
        Raises Refused: upload.too_large, upload.short (fewer bytes came than were announced, or
        none), queue.full; nothing of it is kept then.
        """
        await self._admit(owner)
        usual = await asyncio.to_thread(self.store.settings.get, owner)
        asked = wishes.model_dump(mode="json", exclude_defaults=True)
        wishes = Wishes.model_validate({**usual, **asked})
        limit = self._settings.limits.upload_bytes
        if length is not None and length > limit:
            raise _too_large(limit, length)
        filename = clean(filename) or "recording"
        meeting = await asyncio.to_thread(
            partial(
                self.store.meetings.create,
                owner,
                title=clean(title) or filename.rpartition(".")[0] or filename,
                filename=filename,
                media_type=media_type,
                size=0,
                recording=None,
                options=wishes.model_dump(mode="json", exclude_defaults=True),
            )
        )
        try:
            size, digest = await self._stored(meeting.id, sound, limit)
            if size == 0 or (length is not None and size != length):
                raise Refused(
                    "upload.short", f"expected {length or 'some'} bytes of sound, got {size}."
                )
            if known := await asyncio.to_thread(self._known, owner, digest, wishes, meeting.id):
                await self._dropped(meeting.id)
                return known, False
            await asyncio.to_thread(
                partial(
                    self.store.meetings.update,
                    meeting.id,
                    size=size,
                    recording=digest,
                    status="queued",
                )
            )
            await self._queued(meeting.id, owner, "transcribe", wishes, priority)
        except BaseException:
            await asyncio.shield(self._dropped(meeting.id))
            raise
        return await asyncio.to_thread(self.store.meetings.get, meeting.id), True

    async def again(
        self, owner: str, meeting: str, kind: Redone, changes: Mapping[str, Any]
    ) -> JobRecord:
        """Have a stage done again with other wishes; what does not depend on them is not redone."""
        found = await asyncio.to_thread(self.store.meetings.get, meeting, owner)
        if found.recording is None:
            raise Refused("meeting.not_ready", "the recording is not all here yet.")
        await self._admit(owner)
        values = dict(found.options) | dict(changes)
        if {"speakers", "min_speakers", "max_speakers"} & changes.keys():
            kept = {k for k in changes if k.endswith("speakers")}
            values = {k: v for k, v in values.items() if not k.endswith("speakers") or k in kept}
        wishes = Wishes.model_validate(values)
        options = wishes.model_dump(mode="json", exclude_defaults=True)
        await asyncio.to_thread(
            partial(self.store.meetings.update, meeting, options=options, status="queued")
        )
        return await self._queued(meeting, owner, kind, wishes, INTERACTIVE)

    async def rename(self, owner: str, meeting: str, title: str) -> None:
        """Give a meeting another title."""
        await asyncio.to_thread(self.store.meetings.get, meeting, owner)
        title = clean(title)
        if not title:
            raise EditInvalid("expected a title, got an empty one.")
        await asyncio.to_thread(partial(self.store.meetings.update, meeting, title=title))
        self._bell.ring(meeting)

    async def rename_speaker(self, owner: str, meeting: str, speaker: str, name: str) -> Speaker:
        """Give a speaker a name, kept over later passes."""
        transcript = await self._transcript(owner, meeting)
        name = clean(name)
        if not name:
            raise EditInvalid("expected a name, got an empty one.")
        known = next((s for s in transcript.speakers if s.id == speaker), None)
        if known is None:
            ids = ", ".join(s.id for s in transcript.speakers)
            raise EditInvalid(f"no speaker {speaker!r} in this meeting: expected one of {ids}.")
        named = replace(known, name=name, named=True)
        await self._add(meeting, ("speaker.renamed", time.time(), jsonable(named)))
        return named

    async def correct(
        self,
        owner: str,
        meeting: str,
        utterance: str,
        *,
        text: str | None = None,
        speaker: str | None = None,
        revision: int | None = None,
    ) -> Utterance:
        """Correct what was said, or who said it; word times are kept.

        revision: the one the person saw; with another one in between the edit is refused
        (edit.stale). A speaker that is not there yet is a new one by that name.
        """
        transcript = await self._transcript(owner, meeting)
        found = next((u for u in transcript.utterances if u.id == utterance), None)
        if found is None:
            raise EditInvalid(f"no utterance {utterance!r} in this meeting.")
        if revision is not None and revision != found.revision:
            raise Refused(
                "edit.stale",
                f"the utterance is at revision {found.revision}, the edit was made of {revision}. "
                "Load it again and repeat the edit.",
            )
        added = []
        changed = found
        if text is not None:
            changed = reworded(changed, text)
        if speaker is not None:
            known = {s.id for s in transcript.speakers}
            if speaker not in known:
                new = _newcomer(transcript, clean(speaker))
                added.append(("speaker.joined", time.time(), jsonable(new)))
                speaker = new.id
            changed = given_to(changed, SpeakerId(speaker))
        if changed is found:
            raise EditInvalid("expected `text` or `speaker`, got neither.")
        changed = replace(changed, revision=found.revision + 1)
        added.append(("utterance.revised", time.time(), jsonable(changed)))
        await self._add(meeting, *added)
        return changed

    async def delete(self, owner: str, meeting: str) -> None:
        """Remove every trace of a meeting: rows, sound, and checkpoints nobody else's rest on."""
        found = await asyncio.to_thread(self.store.meetings.get, meeting, owner)
        for job in await asyncio.to_thread(self.store.jobs.of, meeting):
            if job.state in ("queued", "running"):
                await asyncio.to_thread(self.store.jobs.cancel, job.id)
        await self._dropped(meeting)
        if found.recording and not await asyncio.to_thread(self._shared, found.recording):
            await asyncio.to_thread(self._checkpoints.purge, found.recording)
        self._bell.ring(meeting)

    async def tidy(self) -> None:
        """Remove uploads nobody went on with, old idempotency keys, checkpoints beyond the limit.

        Raises StoreUnavailable.
        """
        for upload in await asyncio.to_thread(self.store.uploads.expired):
            await asyncio.to_thread(self.blobs.delete, upload_key(upload.id))
            with suppress(UploadMissing):  # another replica tidies too
                await asyncio.to_thread(self.store.uploads.delete, upload.id)
        await asyncio.to_thread(self.store.idempotency.expire)
        limit = self._settings.limits.checkpoint_bytes
        await asyncio.to_thread(self._checkpoints.prune, limit)

    async def _dropped(self, meeting: str) -> None:
        await asyncio.to_thread(self.store.purge, meeting)
        await asyncio.to_thread(self.blobs.delete, folder_key(meeting))
        self.views.forget(meeting)
        self._wire.forget(meeting)

    def _shared(self, recording: str) -> bool:
        return self.store.meetings.by_recording(None, recording) is not None

    def _known(self, owner: str, digest: str, wishes: Wishes, besides: str) -> MeetingRecord | None:
        """The owner's meeting of the same sound and wishes, unless it failed."""
        found = self.store.meetings.by_recording(owner, digest)
        if found is None or found.id == besides or found.status in ("failed", "canceled"):
            return None
        same = Wishes.model_validate(found.options) == wishes
        return found if same else None

    async def _stored(
        self, meeting: str, sound: AsyncIterator[bytes], limit: int
    ) -> tuple[int, str]:
        """Write the sound as it comes: its bytes and SHA-256."""
        digest, size, held = hashlib.sha256(), 0, bytearray()
        with ExitStack() as stack:
            out = await asyncio.to_thread(stack.enter_context, self.blobs.write(sound_key(meeting)))

            def keep(data: bytes) -> None:
                digest.update(data)
                out.write(data)

            async for piece in sound:
                size += len(piece)
                if size > limit:
                    raise _too_large(limit, size)
                held += piece
                if len(held) >= _BLOCK:
                    await asyncio.to_thread(keep, bytes(held))
                    held.clear()
            await asyncio.to_thread(keep, bytes(held))
            await asyncio.to_thread(stack.close)
        return size, digest.hexdigest()

    async def _admit(self, owner: str) -> None:
        limits = self._settings.limits
        mine = await asyncio.to_thread(self.store.jobs.depth, owner)
        all_ = await asyncio.to_thread(self.store.jobs.depth)
        if mine >= limits.waiting_each or all_ >= limits.waiting:
            raise Refused(
                "queue.full",
                f"{mine} of your recordings are waiting, {all_} in all; at most "
                f"{limits.waiting_each} and {limits.waiting} may. Try again later.",
                retry_after=60,
            )

    async def _queued(
        self, meeting: str, owner: str, kind: Redone, wishes: Wishes, priority: int
    ) -> JobRecord:
        job = await asyncio.to_thread(
            partial(
                self.store.jobs.enqueue,
                meeting,
                owner,
                kind,
                priority=priority,
                options=wishes.model_dump(mode="json", exclude_defaults=True),
                max_attempts=self._settings.jobs.attempts,
            )
        )
        self._bell.ring(JOBS)
        self._bell.ring(meeting)
        return job

    async def _transcript(self, owner: str, meeting: str) -> Transcript:
        await asyncio.to_thread(self.store.meetings.get, meeting, owner)
        _, view = await asyncio.to_thread(self.views.of, meeting)
        return view.transcript

    async def _add(self, meeting: str, *entries: tuple[str, float, dict[str, Any]]) -> None:
        await asyncio.to_thread(self.store.events.append, meeting, list(entries))
        _, view = await asyncio.to_thread(self.views.of, meeting)
        transcript = view.transcript
        await asyncio.to_thread(
            self.store.search.index, meeting, transcript.utterances, transcript.speakers
        )
        self._bell.ring(meeting)


def clean(text: str) -> str:
    """A name as one line without control characters, not too long."""
    return re.sub(r"\s+", " ", re.sub(r"[\x00-\x1f\x7f\u2028\u2029]", " ", text)).strip()[:_NAME]


def _newcomer(transcript: Transcript, name: str) -> Speaker:
    if not name:
        raise EditInvalid("expected a speaker's id or a new name, got an empty one.")
    taken = {s.id for s in transcript.speakers}
    number = next(n for n in range(1, len(taken) + 2) if f"P{n}" not in taken)
    return Speaker(SpeakerId(f"P{number}"), name, named=True)


def _too_large(limit: int, size: int) -> Refused:
    return Refused(
        "upload.too_large",
        f"expected at most {limit:,} bytes, got {size:,} or more. Cut the recording, store it in a "
        "compressed format, or have `limits.upload_bytes` raised.",
    )
