"""How the C library's allocator treats the large arrays that models come and go with."""

from __future__ import annotations

import ctypes
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
"""Parameters of mallopt, malloc.h of glibc."""

_MMAP = 1 << 30
_TRIM = 1 << 29
"""Bytes: what is asked of the system by itself, and what may lie free before it goes back."""


def keep_pages() -> None:
    """Hand the pages of one array on to the next, from one heap for all threads.

    By default glibc maps every large array anew and the system clears each page of it: a tenth of
    what transcription takes, and a heap a thread holds more than one for all. Without glibc nothing
    changes. What lies free is given back by `return_memory`.
    """
    with suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL("libc.so.6").mallopt
        mallopt(_ARENA_MAX, 1)
        mallopt(_MMAP_THRESHOLD, _MMAP)
        mallopt(_TRIM_THRESHOLD, _TRIM)
