"""Tables of measurements: what is pooled, what is a median, and what the documents show."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.figures import DOCUMENTS, PLACE, TABLES, filled
from benchmarks.measurements import Measurement, Results
from benchmarks.tables import Row, identical, printed, rows

PEERS = {
    "ours": {"gives": "meeting", "against": None, "label": "**Ours**"},
    "theirs": {"gives": "meeting", "against": "ours", "label": "Theirs"},
    "heard": {"gives": "words", "against": None, "label": "Words"},
    "given": {"gives": "assignment", "against": "ours", "label": "Given"},
}


def measured(
    peer: str, recording: str = "one", run: int = 1, wall: float = 10.0, **more: Any
) -> Measurement:
    counts = more.pop("counts", {"words": 10})
    plain = Measurement(
        peer, recording, run, None, 100.0, 0, wall, 2 * wall, 500.0, 300.0, counts=counts
    )
    return replace(plain, **more)


def results(*measurements: Measurement, path: Path = Path("r.json")) -> Results:
    head = {
        "machine": {"processor": "P", "cores": 2, "memory_gb": 8, "system": "S", "python": "3"},
        "environments": {"parley": {"torch": "2"}},
        "revision": "abc",
        "code": "",
        "date": "2026-01-02T03:04",
        "arguments": {"threads": 2},
        "peers": PEERS,
    }
    return Results(path, head, measurements)


def only(*measurements: Measurement) -> Row:
    (row,) = rows(results(*measurements))
    return row


def test_errors_are_summed_over_recordings_and_never_averaged() -> None:
    row = only(
        measured("heard", "one", counts={"words": 100, "deletions": 10}),
        measured("heard", "two", counts={"words": 900, "insertions": 0}),
    )
    assert row.rates == {"WER": 1.0, "sub": 0.0, "del": 1.0, "ins": 0.0}
    assert (row.recordings, row.sound) == (2, 200)


def test_seconds_are_the_median_over_runs_of_all_recordings_together() -> None:
    row = only(
        *(measured("ours", "one", run, wall) for run, wall in ((1, 10), (2, 90), (3, 12))),
        *(measured("ours", "two", run, 1) for run in (1, 2, 3)),
    )
    assert (row.runs, row.wall, row.rtf, row.cpu) == (3, 13, 13 / 200, 26 / 200)


def test_a_run_that_lacks_a_recording_does_not_count() -> None:
    row = only(measured("ours", "one"), measured("ours", "two"), measured("ours", "one", 2, 99))
    assert (row.runs, row.wall) == (1, 20)


def test_a_ratio_is_taken_inside_each_run() -> None:
    found = rows(
        results(
            measured("ours", run=1, wall=10),
            measured("ours", run=2, wall=100),
            measured("theirs", run=1, wall=40),
            measured("theirs", run=2, wall=200),
        )
    )
    assert [r.ratio for r in found] == [None, 3.0]


def test_there_is_no_ratio_to_what_was_not_measured_on_the_same_recordings() -> None:
    found = rows(
        results(measured("ours", "one"), measured("ours", "two"), measured("theirs", "one"))
    )
    assert found[1].ratio is None


def test_cuts_stand_apart_from_whole_recordings() -> None:
    whole = measured("ours", "long", sound=3600.0)
    found = rows(results(whole, replace(whole, cut=600.0, sound=600.0), measured("ours")))
    assert [r.group for r in found] == ["short recordings", "an hour", "first 600 s of long"]


def test_a_failure_is_shown_instead_of_figures() -> None:
    row = only(measured("ours"), measured("ours", "two", exit=1, error="out of memory"))
    assert row.error == "failed on two: out of memory" and row.wall is None
    assert "out of memory" in printed(results(measured("ours", exit=1, error="out of memory")))


def test_an_assignment_has_rates_but_no_seconds() -> None:
    row = only(measured("given", counts={"words": 100, "cp": 9, "orc": 4}))
    assert row.wall is None and row.ratio is None
    assert row.rates is not None and row.rates["cp-ORC"] == 5.0 and row.rates["ORC"] == 4.0


def test_every_row_is_printed_under_its_group() -> None:
    text = printed(results(measured("ours"), measured("theirs", wall=25)))
    assert "short recordings: 1 of 100 s in all" in text
    assert text.splitlines()[-1].split()[:8] == [
        "theirs", "1", "25.0", "0.250", "0.500", "500", "300", "2.50",
    ]  # fmt: skip


def test_peers_that_find_the_same_turns_are_told() -> None:
    made = results(*(measured(p, r, digest=d) for p, r, d in (
        ("a", "one", "x"), ("b", "one", "x"), ("c", "one", "y"),
        ("a", "two", "z"), ("b", "two", "not z"), ("a", "three", "w"),
    )))  # fmt: skip
    made.head["peers"] = {p: {"gives": "turns", "against": None, "label": p} for p in "abc"}
    assert identical(made) == [("a", "b", 1, 2)]
    assert "a and b: the same turns in 1 of 2 measurements" in printed(made)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    made = results(path=tmp_path / "peers.json")
    for name in PEERS:
        made.add(measured(name, counts={"words": 100, "cp": 9, "tcp": 9, "orc": 4}))
    return tmp_path


def test_a_marked_place_is_filled_again_and_again_with_the_same(kept: Path) -> None:
    text = "before\n<!-- figures: peers whole -->\nold\n<!-- /figures -->\nafter\n"
    once = filled(text, kept)
    assert "| **Ours** | 10.0 | 0.100 | 0.200 | 500 (300) | 1 |" in once
    assert "old" not in once and once.startswith("before\n") and once.endswith("after\n")
    assert filled(once, kept) == once


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_well_formed(kept: Path, name: str) -> None:
    text = filled(f"<!-- figures: peers {name} -->\n<!-- /figures -->", kept)
    shown = [line for line in text.splitlines() if line.startswith("|")]
    assert shown == [] if name == "turns" else len({line.count("|") for line in shown}) == 1


def test_attribution_is_shown_beside_parleys_own(kept: Path) -> None:
    text = filled("<!-- figures: peers attribution -->\n<!-- /figures -->", kept)
    assert "**Ours**" in text and "Given" in text and "Theirs" not in text


def test_a_place_without_results_is_empty(tmp_path: Path) -> None:
    text = "<!-- figures: peers whole -->\nold\n<!-- /figures -->"
    assert filled(text, tmp_path) == "<!-- figures: peers whole -->\n<!-- /figures -->"


def test_the_conditions_name_machine_releases_and_revision(kept: Path) -> None:
    text = filled("<!-- figures: peers conditions -->\n<!-- /figures -->", kept)
    assert "P, 2 cores, 8 GB" in text and "revision abc" in text and "| parley | torch 2 |" in text


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: d.name)
def test_the_documents_show_what_the_results_give(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert PLACE.search(text)
    assert filled(text) == text, "run python -m benchmarks.figures"
