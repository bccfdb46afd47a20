"""What is known of meetings now: the fold of their logs, kept so that only new events are read."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from pipeline.events import MeetingEvent, MeetingView, reduce
from pipeline.store import Store

_KEPT = 16
"""Meetings whose fold is remembered."""

_PAGE = 1000
_FEW = 50


class Views:
    """Folds of the logs in a store; safe to use from several threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._known: OrderedDict[str, tuple[int, MeetingView]] = OrderedDict()

    def of(self, meeting: str) -> tuple[int, MeetingView]:
        """The number of the last event, and what is known after it."""
        with self._lock:
            seq, view = self._known.get(meeting, (0, MeetingView()))
        if seq == 0:
            view, seq = self._store.events.view(meeting)
        elif new := self._after(meeting, seq):
            # Few events are folded one by one; a whole pass is quicker anew.
            if len(new) < _FEW:
                view, seq = _folded(view, new), new[-1].seq or seq
            else:
                view, seq = self._store.events.view(meeting)
        with self._lock:
            if self._known.get(meeting, (0, None))[0] <= seq:
                self._known[meeting] = seq, view
            self._known.move_to_end(meeting)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return seq, view

    def forget(self, meeting: str) -> None:
        """Drop what is remembered of a meeting."""
        with self._lock:
            self._known.pop(meeting, None)

    def _after(self, meeting: str, seq: int) -> list[MeetingEvent]:
        found: list[MeetingEvent] = []
        while page := self._store.events.read(meeting, seq, _PAGE):
            found += page
            seq = page[-1].seq or seq
            if len(page) < _PAGE:
                break
        return found


def _folded(view: MeetingView, events: list[MeetingEvent]) -> MeetingView:
    for event in events:
        view = reduce(view, event)
    return view
