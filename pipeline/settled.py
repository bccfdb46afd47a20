"""Up to where a sound that is read in any order has been read without a gap."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.types import SAMPLE_RATE, Speech


class Settled:
    """What of the speech found so far has not been read yet.

    Speech is found in order and read in any; pieces read lie within pieces found.
    """

    def __init__(self) -> None:
        self._unread: list[tuple[int, int]] = []
        self._end = 0

    def found(self, piece: Speech) -> None:
        """There is more speech, after all that was found before."""
        self._unread.append((piece.start, piece.end))
        self._end = piece.end

    def read(self, pieces: Iterable[Speech]) -> None:
        """These pieces have been read."""
        for piece in pieces:
            self._unread = [
                part
                for start, end in self._unread
                for part in ((start, min(end, piece.start)), (max(start, piece.end), end))
                if part[0] < part[1]
            ]

    @property
    def until(self) -> float:
        """Seconds before which all speech has been read."""
        return (self._unread[0][0] if self._unread else self._end) / SAMPLE_RATE
