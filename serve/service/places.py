"""Under which names things lie in the store of sound."""

from __future__ import annotations


def folder_key(meeting: str) -> str:
    """Everything that belongs to a meeting."""
    return f"meetings/{meeting}"


def sound_key(meeting: str) -> str:
    """A meeting's recording as it was uploaded."""
    return f"{folder_key(meeting)}/audio"


def upload_key(upload: str) -> str:
    """The pieces of an upload."""
    return f"uploads/{upload}"
