"""What is measured, and that the board asks for nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

from pipeline.events import MeetingEvent
from serve.service.measures import Measures, Pace

BOARD = Path(__file__).parents[2] / "configs" / "grafana" / "parley.json"


def progress(stage: str, done: float) -> MeetingEvent:
    return MeetingEvent(None, "stage.progress", 0.0, {"stage": stage, "done": done})


def test_the_board_shows_what_there_is() -> None:
    measures = Measures()
    measures.jobs.labels("transcribe", "done").inc()
    measures.failures.labels("audio.empty").inc()
    measures.factor.labels("transcribe").observe(0.1)
    measures.answers.labels("GET", "/healthz", "200").observe(0.01)
    known = set(re.findall(r"^(parley_\w+)", measures.text().decode(), re.MULTILINE))
    panels = json.loads(BOARD.read_text(encoding="utf-8"))["panels"]
    asked = {n for p in panels for n in re.findall(r"parley_\w+", p["targets"][0]["expr"])}
    assert asked <= known


def test_a_pace_counts_stages_from_their_first_to_their_last_sign() -> None:
    measures = Measures()
    pace = Pace(measures)
    pace.heed(progress("transcribe", 0.1))
    pace.heed(MeetingEvent(None, "utterance.partial", 0.0, {}))
    pace.heed(MeetingEvent(None, "utterance.partial", 0.0, {}))
    pace.heed(progress("transcribe", 1.0))
    pace.ended(60.0)
    text = measures.text().decode()
    assert 'parley_stage_realtime_factor_count{stage="transcribe"} 1.0' in text
    assert "parley_first_words_seconds_count 1.0" in text
