"""What the service tells Prometheus: how fast stages are, how long work waits, what fails.

Labels are few and fixed; no meeting, owner or address is ever one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from pipeline.events import MeetingEvent

_FACTORS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_WAITS = (0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200)
_ANSWERS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Measures:
    """The metrics of one process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.factor = Histogram(
            "parley_stage_realtime_factor",
            "Seconds of work for a second of sound",
            ["stage"],
            buckets=_FACTORS,
            registry=self.registry,
        )
        self.first_words = Histogram(
            "parley_first_words_seconds",
            "From the start of a job to its first words",
            buckets=_WAITS,
            registry=self.registry,
        )
        self.waited = Histogram(
            "parley_job_wait_seconds",
            "From a job's creation to its start",
            buckets=_WAITS,
            registry=self.registry,
        )
        self.jobs = Counter(
            "parley_jobs", "Jobs by how they ended", ["kind", "outcome"], registry=self.registry
        )
        self.failures = Counter(
            "parley_failures", "Failed attempts by code", ["code"], registry=self.registry
        )
        self.waiting = Gauge("parley_jobs_waiting", "Jobs in the queue", registry=self.registry)
        self.streams = Gauge("parley_event_streams", "Streams open", registry=self.registry)
        self.answers = Histogram(
            "parley_http_request_seconds",
            "HTTP requests by route and status, streams to their first byte",
            ["method", "route", "status"],
            buckets=_ANSWERS,
            registry=self.registry,
        )

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)


@dataclass(slots=True)
class Pace:
    """Times the stages of one job by their signs of progress."""

    measures: Measures
    begun: float = field(default_factory=time.monotonic)
    stages: dict[str, tuple[float, float]] = field(default_factory=dict)
    words: bool = False

    def heed(self, event: MeetingEvent) -> None:
        """Take in an event as it happens; from any thread."""
        now = time.monotonic()
        if event.type == "utterance.partial" and not self.words:
            self.words = True
            self.measures.first_words.observe(now - self.begun)
        if event.type == "stage.progress":
            first, _ = self.stages.get(event.payload["stage"], (now, now))
            self.stages[event.payload["stage"]] = first, now

    def ended(self, duration: float) -> None:
        """The job is done; duration: seconds of sound."""
        for stage, (first, last) in self.stages.items():
            if duration > 0 and last > first:
                self.measures.factor.labels(stage).observe((last - first) / duration)
