"""What is shown and forgotten: progress and words just heard, for those who watch now."""

from __future__ import annotations

from collections import OrderedDict, deque
from threading import Lock

from pipeline.events import MeetingEvent

_KEPT = 400
"""Events of a meeting that are kept for slow readers; older ones are lost to them."""

_MEETINGS = 256


class Wire:
    """The last volatile events of the meetings in hand, numbered so that readers can go on."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._told: OrderedDict[str, deque[tuple[int, MeetingEvent]]] = OrderedDict()
        self._count = 0

    def tell(self, meeting: str, event: MeetingEvent) -> None:
        """Add an event; from any thread."""
        with self._lock:
            self._count += 1
            told = self._told.setdefault(meeting, deque(maxlen=_KEPT))
            told.append((self._count, event))
            self._told.move_to_end(meeting)
            while len(self._told) > _MEETINGS:
                self._told.popitem(last=False)

    def after(self, meeting: str, number: int) -> tuple[int, list[MeetingEvent]]:
        """Events told since `number`, and the number to go on from."""
        with self._lock:
            found = [(n, e) for n, e in self._told.get(meeting, ()) if n > number]
        return (found[-1][0] if found else number), [e for _, e in found]

    def now(self) -> int:
        """The number of the last event; what comes after it is new."""
        with self._lock:
            return self._count

    def forget(self, meeting: str) -> None:
        """Drop what was told of a meeting."""
        with self._lock:
            self._told.pop(meeting, None)
