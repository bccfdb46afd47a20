"""Everything that can go wrong and is worth telling a person, as one tree.

Each error has a stable `code` (used by scripts and the API) and an `exit_code` (used by the command
line), and its message says what was expected, what came, and what to do.

    ParleyError
    ├── UsageError            usage.*             exit 2
    │   ├── ConfigInvalid     config.invalid
    │   ├── OutputExists      output.exists
    │   ├── DocumentInvalid   document.invalid
    │   ├── EditInvalid       edit.invalid
    │   ├── CursorInvalid     usage.cursor
    │   └── BlobKeyInvalid    usage.blob_key
    ├── UnreadableAudio       audio.unreadable    exit 3
    │   ├── AudioMissing      audio.missing
    │   ├── AudioEmpty        audio.empty
    │   ├── NotAudio          audio.not_media
    │   ├── NoAudioStream     audio.no_stream
    │   ├── AudioCorrupt      audio.corrupt
    │   └── AudioEncrypted    audio.encrypted
    ├── ModelError            model.*             exit 5
    │   ├── ModelUnknown      model.unknown
    │   ├── ModelMissing      model.missing
    │   ├── ModelCorrupt      model.corrupt
    │   ├── ModelGated        model.gated
    │   ├── ModelSourceFailed model.source_failed
    │   ├── ModelNotPrepared  model.not_prepared
    │   ├── ModelTooLarge     model.too_large
    │   └── ModelUnreachable  model.unreachable
    ├── ModelsError           models.*            exit 5
    │   ├── ModelsUnavailable models.unavailable
    │   └── ModelsBusy        models.busy
    ├── StoreError            store.error         exit 1
    │   ├── StoreUnavailable  store.unavailable
    │   ├── StoreNewer        store.newer
    │   ├── StoreConflict     store.conflict
    │   │   └── JobLost       job.lost
    │   ├── JobNotRetryable   job.not_retryable
    │   ├── BlobsUnavailable  blobs.unavailable
    │   └── RecordMissing     record.missing
    │       ├── MeetingMissing meeting.missing
    │       ├── JobMissing    job.missing
    │       ├── KeyMissing    key.missing
    │       ├── LinkMissing   link.missing
    │       ├── VoiceMissing  voice.missing
    │       ├── UploadMissing upload.missing
    │       └── BlobMissing   blob.missing
    └── WindowTooShort        window.too_short    exit 1

A file that broke half-way is no error: its transcript is marked `partial` and the exit code is 4.
"""

from __future__ import annotations

from typing import ClassVar


class ParleyError(Exception):
    """Anything Parley refuses or fails to do, with a stable code."""

    code: ClassVar[str] = "parley.error"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return f"[{self.code}] {self.message}"


class UsageError(ParleyError):
    """An option or argument that cannot be meant."""

    code = "usage.invalid"
    exit_code = 2


class ConfigInvalid(UsageError):
    """A profile or setting with an unknown key or a value out of range."""

    code = "config.invalid"


class OutputExists(UsageError):
    """A result would overwrite a file that is already there."""

    code = "output.exists"


class DocumentInvalid(UsageError):
    """A transcript document that is no JSON of a form this version reads."""

    code = "document.invalid"


class EditInvalid(UsageError):
    """A correction that cannot be made: no text, an unknown speaker or utterance."""

    code = "edit.invalid"


class CursorInvalid(UsageError):
    """A cursor that did not come from the list it is used with."""

    code = "usage.cursor"


class BlobKeyInvalid(UsageError):
    """A key that is no plain path below the root."""

    code = "usage.blob_key"


class UnreadableAudio(ParleyError):
    """No sound could be had from the input."""

    code = "audio.unreadable"
    exit_code = 3


class AudioMissing(UnreadableAudio):
    """There is no such file, or it is a folder, or it may not be read."""

    code = "audio.missing"


class AudioEmpty(UnreadableAudio):
    """The file has no bytes, or its audio stream no samples."""

    code = "audio.empty"


class NotAudio(UnreadableAudio):
    """The bytes are of no known audio or video container."""

    code = "audio.not_media"


class NoAudioStream(UnreadableAudio):
    """A container without an audio stream."""

    code = "audio.no_stream"


class AudioCorrupt(UnreadableAudio):
    """A known container whose sound cannot be decoded at all."""

    code = "audio.corrupt"


class AudioEncrypted(UnreadableAudio):
    """The sound is protected (DRM or common encryption)."""

    code = "audio.encrypted"


class ModelError(ParleyError):
    """A model that is needed cannot be used."""

    code = "model.error"
    exit_code = 5


class ModelUnknown(ModelError):
    """No model of that name in the registry."""

    code = "model.unknown"


class ModelMissing(ModelError):
    """The model is not on this machine and may not be fetched."""

    code = "model.missing"


class ModelCorrupt(ModelError):
    """A file's SHA-256 is not the published one."""

    code = "model.corrupt"


class ModelGated(ModelError):
    """The hub wants terms accepted and a token."""

    code = "model.gated"


class ModelSourceFailed(ModelError):
    """Every source of the model failed."""

    code = "model.source_failed"


class ModelNotPrepared(ModelError):
    """The model is here, but not in the form that is run (too little memory to convert it)."""

    code = "model.not_prepared"


class ModelTooLarge(ModelError):
    """The model needs more memory than is free."""

    code = "model.too_large"


class ModelUnreachable(ModelError):
    """A model on another server does not answer, or not as it should."""

    code = "model.unreachable"


class StoreError(ParleyError):
    """Something kept cannot be had or changed."""

    code = "store.error"


class StoreUnavailable(StoreError):
    """The database is locked, full, damaged or away; nothing was changed."""

    code = "store.unavailable"


class StoreNewer(StoreError):
    """A later version of Parley made the database."""

    code = "store.newer"


class StoreConflict(StoreError):
    """What is to be changed is no longer as the caller last saw it."""

    code = "store.conflict"


class JobLost(StoreConflict):
    """The job is no longer this worker's: its lease ran out, or it ended."""

    code = "job.lost"


class JobNotRetryable(StoreError):
    """The job neither failed nor was canceled."""

    code = "job.not_retryable"


class BlobsUnavailable(StoreError):
    """The store of blobs is full, away or refuses."""

    code = "blobs.unavailable"


class RecordMissing(StoreError):
    """There is no such thing, or it is another owner's."""

    code = "record.missing"


class MeetingMissing(RecordMissing):
    """No such meeting."""

    code = "meeting.missing"


class JobMissing(RecordMissing):
    """No such job."""

    code = "job.missing"


class KeyMissing(RecordMissing):
    """No such API key."""

    code = "key.missing"


class LinkMissing(RecordMissing):
    """No such share link."""

    code = "link.missing"


class VoiceMissing(RecordMissing):
    """No such voice."""

    code = "voice.missing"


class UploadMissing(RecordMissing):
    """No such upload."""

    code = "upload.missing"


class BlobMissing(RecordMissing):
    """No blob of that key."""

    code = "blob.missing"


class ModelsError(ParleyError):
    """The processes that hold the models cannot answer now; the same may work later."""

    code = "models.error"
    exit_code = 5


class ModelsUnavailable(ModelsError):
    """The process that was at work has died, or none is running."""

    code = "models.unavailable"


class ModelsBusy(ModelsError):
    """More is waiting for a model than may wait."""

    code = "models.busy"


class WindowTooShort(ParleyError):
    """A window of sound too short for a voice embedding."""

    code = "window.too_short"
