"""What clients of the service may rely on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pipeline.events import MeetingEvent, replay
from tests.contract.service import brought, heard, recording, served, settings, settled


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    with served(settings(tmp_path / "data")) as found:
        yield found


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return recording(tmp_path)


def test_a_recording_becomes_a_transcript_and_minutes(client: httpx.Client, sound: Path) -> None:
    meeting = brought(client, sound)
    assert meeting["title"] == "standup" and meeting["status"] in ("queued", "running", "ready")
    done = settled(client, meeting["id"])
    assert done["status"] == "ready" and done["error"] is None
    assert done["duration"] == 79.0 and done["job"]["state"] == "done"
    transcript = client.get(f"/v1/meetings/{meeting['id']}/transcript").json()
    assert [s["name"] for s in transcript["speakers"]] == ["Speaker 1", "Speaker 2"]
    assert len(transcript["utterances"]) == 3 and transcript["ended"]
    minutes = client.get(f"/v1/meetings/{meeting['id']}/minutes").json()
    said = {u["id"] for u in transcript["utterances"]}
    assert minutes["overview"] and set(minutes["overview"][0]["evidence"]) <= said


def test_events_fold_to_the_transcript(client: httpx.Client, sound: Path) -> None:
    meeting = brought(client, sound)["id"]
    settled(client, meeting)
    page = client.get(f"/v1/meetings/{meeting}/events").json()
    events = [MeetingEvent(e["seq"], e["type"], e["at"], e["payload"]) for e in page["items"]]
    assert [e.seq for e in events] == list(range(1, len(events) + 1))
    view = replay(events)
    transcript = client.get(f"/v1/meetings/{meeting}/transcript").json()
    assert [u.id for u in view.transcript.utterances] == [u["id"] for u in transcript["utterances"]]
    assert view.minutes is not None
    rest = client.get(f"/v1/meetings/{meeting}/events", params={"after": page["last"]}).json()
    assert rest["items"] == [] and rest["last"] == page["last"]


def test_a_stream_tells_words_while_they_are_heard_and_goes_on_where_it_was_left(
    tmp_path: Path, sound: Path
) -> None:
    with served(settings(tmp_path / "data"), pause=0.3) as client:
        meeting = brought(client, sound)["id"]
        url, accept = f"/v1/meetings/{meeting}/events", {"Accept": "text/event-stream"}
        kinds, last = [], 0
        with client.stream("GET", url, headers=accept) as stream:
            for event in heard(stream.iter_lines()):
                kinds.append(event["type"])
                last = event["seq"] or last
                if event["type"] == "utterance.final":
                    break
        assert "utterance.partial" in kinds and "stage.progress" in kinds
        again = accept | {"Last-Event-ID": str(last)}
        with client.stream("GET", url, headers=again) as stream:
            for event in heard(stream.iter_lines()):
                if event["seq"] is not None:
                    assert event["seq"] == last + 1
                    last = event["seq"]
                if event["type"] == "minutes.final":
                    break


def test_the_same_recording_twice_is_one_meeting(client: httpx.Client, sound: Path) -> None:
    one, two = brought(client, sound), brought(client, sound)
    assert one["id"] == two["id"]
    other = brought(client, sound, speakers=2)
    assert other["id"] != one["id"]
    assert len(client.get("/v1/meetings").json()["items"]) == 2


def test_an_idempotency_key_does_a_request_once(client: httpx.Client, sound: Path) -> None:
    send = {"content": sound.read_bytes(), "headers": {"Idempotency-Key": "k1"}}
    one = client.post("/v1/meetings", params={"filename": "a.wav"}, **send)
    two = client.post("/v1/meetings", params={"filename": "a.wav"}, **send)
    assert (one.status_code, two.status_code) == (201, 200)
    assert one.json()["id"] == two.json()["id"]
    other = client.post("/v1/meetings", params={"filename": "b.wav"}, **send)
    assert other.status_code == 422 and other.json()["code"] == "request.reused"


def test_what_is_no_sound_fails_with_its_code(client: httpx.Client, tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("these are notes " * 100)
    meeting = settled(client, brought(client, path)["id"])
    assert meeting["status"] == "failed" and meeting["error"]["code"] == "audio.not_media"
    assert meeting["job"]["attempts"] == 1


def test_an_empty_upload_keeps_nothing(client: httpx.Client) -> None:
    answer = client.post("/v1/meetings", content=b"")
    assert answer.status_code == 400 and answer.json()["code"] == "upload.short"
    assert answer.headers["content-type"] == "application/problem+json"
    assert client.get("/v1/meetings").json()["items"] == []


def test_corrections_stay_when_the_speakers_are_told_apart_anew(
    client: httpx.Client, sound: Path
) -> None:
    meeting = brought(client, sound)["id"]
    settled(client, meeting)
    url = f"/v1/meetings/{meeting}"
    before = client.get(f"{url}/transcript").json()["utterances"]
    patch = {
        "title": "Monday",
        "speakers": [{"id": "S1", "name": "Ada"}],
        "utterances": [{"id": before[1]["id"], "text": "We ship it.", "revision": 0}],
    }
    assert client.patch(url, json=patch).json()["title"] == "Monday"
    stale = client.patch(
        url, json={"utterances": [{"id": before[1]["id"], "text": "No.", "revision": 0}]}
    )
    assert stale.status_code == 409 and stale.json()["code"] == "edit.stale"
    job = client.post(f"{url}/jobs", json={"kind": "diarize", "options": {"speakers": 1}})
    assert job.status_code == 202
    assert settled(client, meeting)["options"]["speakers"] == 1
    after = client.get(f"{url}/transcript").json()
    texts = [u["text"] for u in after["utterances"]]
    assert "We ship it." in texts
    assert "Ada" in {s["name"] for s in after["speakers"]}
    assert any(
        h["utterance"] for h in client.get("/v1/search", params={"q": "ship"}).json()["items"]
    )


def test_a_job_can_be_canceled_and_goes_on_later(tmp_path: Path, sound: Path) -> None:
    with served(settings(tmp_path / "data"), pause=0.5) as client:
        meeting = brought(client, sound)["id"]
        while client.get(f"/v1/meetings/{meeting}").json()["status"] != "running":
            time.sleep(0.02)
        (job,) = client.get(f"/v1/meetings/{meeting}/jobs").json()
        assert client.post(f"/v1/meetings/{meeting}/jobs/{job['id']}/cancel").status_code == 202
        assert settled(client, meeting)["status"] == "canceled"
        client.post(f"/v1/meetings/{meeting}/jobs/{job['id']}/retry")
        assert settled(client, meeting)["status"] == "ready"


def test_a_service_that_stops_gives_its_jobs_back(tmp_path: Path, sound: Path) -> None:
    given = settings(tmp_path / "data")
    with served(given, pause=0.5) as client:
        meeting = brought(client, sound)["id"]
        while client.get(f"/v1/meetings/{meeting}").json()["status"] != "running":
            time.sleep(0.02)
    with served(given) as client:
        done = settled(client, meeting)
        assert done["status"] == "ready" and done["job"]["attempts"] == 1


def test_audio_is_given_in_ranges_of_four_mebibytes_at_most(
    client: httpx.Client, tmp_path: Path
) -> None:
    path = recording(tmp_path, last=120.0)
    data, meeting = path.read_bytes(), brought(client, path)["id"]
    url = f"/v1/meetings/{meeting}/audio"
    part = client.get(url, headers={"Range": "bytes=10-19"})
    assert part.status_code == 206 and part.content == data[10:20]
    assert part.headers["content-range"] == f"bytes 10-19/{len(data)}"
    assert client.get(url, headers={"Range": "bytes=-5"}).content == data[-5:]
    assert len(client.get(url, headers={"Range": "bytes=0-"}).content) == 4 << 20
    assert client.get(url, headers={"Range": f"bytes={len(data)}-"}).status_code == 416
    assert part.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("format", ["json", "txt", "md", "srt", "vtt", "docx", "rttm", "seglst"])
def test_every_format_can_be_had(client: httpx.Client, sound: Path, format: str) -> None:
    meeting = brought(client, sound, title="Ünïcode / week")["id"]
    settled(client, meeting)
    answer = client.get(f"/v1/meetings/{meeting}/export/{format}")
    assert answer.status_code == 200 and answer.content
    assert "attachment" in answer.headers["content-disposition"]


def test_deleting_leaves_nothing(client: httpx.Client, sound: Path, tmp_path: Path) -> None:
    meeting = brought(client, sound)["id"]
    settled(client, meeting)
    assert client.delete(f"/v1/meetings/{meeting}").status_code == 204
    for path in ("", "/transcript", "/events", "/audio", "/jobs"):
        answer = client.get(f"/v1/meetings/{meeting}{path}")
        assert answer.status_code == 404 and answer.json()["code"] == "meeting.missing"
    left = [p for p in (tmp_path / "data").rglob("*") if p.is_file() and meeting in str(p)]
    assert left == []
    assert not list((tmp_path / "data" / "checkpoints").glob("*/*"))


def test_off_loopback_keys_are_demanded_and_owners_see_their_own(
    tmp_path: Path, sound: Path
) -> None:
    from pipeline.store import Store

    given = settings(tmp_path / "data", host="0.0.0.0")  # noqa: S104 - never bound here
    with served(given) as client:
        answer = client.get("/v1/meetings")
        assert answer.status_code == 401 and answer.json()["code"] == "access.unauthenticated"
        assert answer.headers["www-authenticate"].startswith("Bearer")
        store = Store.open(given.database_url)
        secrets = [store.keys.create("k", o, ["read", "write"])[1] for o in ("ann", "bob")]
        reader = store.keys.create("r", "ann", ["read"])[1]
        admin = store.keys.create("a", "root", ["admin"])[1]
        store.close()
        ann, bob, see, root = ({"Authorization": f"Bearer {s}"} for s in [*secrets, reader, admin])
        made = client.post("/v1/meetings", content=sound.read_bytes(), headers=ann)
        meeting = made.json()["id"]
        assert client.get(f"/v1/meetings/{meeting}", headers=bob).status_code == 404
        assert client.get("/v1/meetings", headers=bob).json()["items"] == []
        assert client.get(f"/v1/meetings/{meeting}", headers=see).status_code == 200
        assert client.delete(f"/v1/meetings/{meeting}", headers=see).status_code == 403
        assert client.get("/v1/keys", headers=ann).status_code == 403
        made = client.post("/v1/keys", json={"name": "new"}, headers=root)
        assert made.status_code == 201 and made.json()["secret"].startswith("pk_")
        link = client.post(f"/v1/meetings/{meeting}/links", json={}, headers=ann).json()
        shared = {"token": link["token"]}
        assert client.get(f"/v1/meetings/{meeting}", params=shared).status_code == 200
        assert client.get("/v1/meetings", params=shared).status_code == 403
        assert client.delete(f"/v1/meetings/{meeting}", params=shared).status_code == 403
        client.delete(f"/v1/meetings/{meeting}/links/{link['id']}", headers=ann)
        assert client.get(f"/v1/meetings/{meeting}", params=shared).status_code == 401
        asked = {"kind": "meeting", "id": meeting}
        token = client.post("/v1/tokens", json=asked, headers=ann).json()["token"]
        own = client.get(f"/v1/meetings/{meeting}/audio", params={"token": token})
        assert own.status_code in (200, 206)
        refused = client.post("/v1/tokens", json=asked, headers=bob)
        assert refused.status_code == 404


@pytest.mark.parametrize(
    ("headers", "method"),
    [
        ({"Host": "evil.example"}, "GET"),
        ({"Origin": "https://evil.example"}, "POST"),
        ({"Origin": "null"}, "DELETE"),
    ],
)
def test_pages_elsewhere_cannot_use_the_service(
    client: httpx.Client, headers: dict[str, str], method: str
) -> None:
    answer = client.request(method, "/v1/meetings", headers=headers)
    assert answer.status_code == 403 and answer.json()["code"] == "access.origin"


def test_uploads_resume_where_they_broke_off(client: httpx.Client, sound: Path) -> None:
    import base64

    data, tus = sound.read_bytes(), {"Tus-Resumable": "1.0.0"}
    name = base64.b64encode(b"standup.wav").decode()
    made = client.post(
        "/v1/uploads",
        headers=tus | {"Upload-Length": str(len(data)), "Upload-Metadata": f"filename {name}"},
    )
    assert made.status_code == 201
    url, piece = made.headers["location"], "application/offset+octet-stream"
    half = len(data) // 2
    send = tus | {"Content-Type": piece, "Upload-Offset": "0"}
    assert client.patch(url, content=data[:half], headers=send).headers["upload-offset"] == str(
        half
    )
    again = client.patch(url, content=data[:half], headers=send)
    assert again.status_code == 409 and again.json()["code"] == "upload.offset"
    assert client.head(url, headers=tus).headers["upload-offset"] == str(half)
    last = client.patch(url, content=data[half:], headers=send | {"Upload-Offset": str(half)})
    assert last.status_code == 204
    done = settled(client, last.headers["parley-meeting"])
    assert done["status"] == "ready" and done["filename"] == "standup.wav"
    assert done["size"] == len(data)


def test_a_full_queue_says_when_to_come_again(tmp_path: Path) -> None:
    from serve.service.settings import LimitSettings

    given = settings(tmp_path / "data", limits=LimitSettings(waiting_each=1))
    with served(given, pause=1.0) as client:
        meetings = [recording(tmp_path, f"{n}.wav", 10.0 + n) for n in range(4)]
        answers = [client.post("/v1/meetings", content=m.read_bytes()) for m in meetings]
        full = [a for a in answers if a.status_code == 429]
        assert full and full[0].json()["code"] == "queue.full"
        assert 0 < int(full[0].headers["retry-after"]) <= 120


def test_a_voice_that_was_given_a_name_is_known_again(client: httpx.Client, tmp_path: Path) -> None:
    one = brought(client, recording(tmp_path))["id"]
    settled(client, one)
    said = client.get(f"/v1/meetings/{one}/transcript").json()["utterances"]
    asked = {"name": "Ada", "meeting": one, "utterance": said[1]["id"]}
    voice = client.post("/v1/voices", json=asked)
    assert voice.status_code == 201
    two = brought(client, recording(tmp_path, "next.wav", 12.0))["id"]
    settled(client, two)
    names = [s["name"] for s in client.get(f"/v1/meetings/{two}/transcript").json()["speakers"]]
    assert names == ["Speaker 1", "Ada"]
    assert client.delete(f"/v1/voices/{voice.json()['id']}").status_code == 204
    assert client.get("/v1/voices").json()["items"] == []


def test_what_a_request_leaves_open_is_as_the_owner_has_it(
    client: httpx.Client, sound: Path
) -> None:
    wrong = client.put("/v1/settings", json={"hotwords": ["x"], "colour": "red"})
    assert wrong.status_code == 422
    assert client.put("/v1/settings", json={"hotwords": ["Ada"], "minutes": False}).json()
    meeting = brought(client, sound, language="en")
    assert meeting["options"] == {"hotwords": ["Ada"], "minutes": False, "language": "en"}
    settled(client, meeting["id"])
    missing = client.get(f"/v1/meetings/{meeting['id']}/minutes")
    assert missing.status_code == 409 and missing.json()["code"] == "meeting.not_ready"


def test_too_long_a_recording_and_too_many_requests_are_refused(
    tmp_path: Path, sound: Path
) -> None:
    from pipeline.store import Store
    from serve.service.settings import LimitSettings

    limits = LimitSettings(duration=60, requests=20)
    given = settings(tmp_path / "data", keys=True, limits=limits)
    with served(given) as client:
        store = Store.open(given.database_url)
        client.headers["Authorization"] = f"Bearer {store.keys.create('k', 'ann', ['write'])[1]}"
        meeting = brought(client, sound)["id"]
        for _ in range(10):
            time.sleep(0.3)
            found = client.get(f"/v1/meetings/{meeting}").json()
            if found["status"] == "failed":
                break
        assert found["error"]["code"] == "audio.too_long"
        answers = [client.get("/v1/meetings") for _ in range(25)]
        late = [a for a in answers if a.status_code == 429]
        assert late and late[0].json()["code"] == "limit.requests"
        assert 0 < int(late[0].headers["retry-after"]) <= 120
        store.close()


def test_uploads_nobody_went_on_with_are_removed(tmp_path: Path) -> None:
    from pipeline.blobs import Blobs
    from pipeline.store import Store

    given = settings(tmp_path / "data")
    given.data.mkdir()
    store, blobs = Store.open(given.database_url), Blobs.open(given.blobs_url)
    upload = store.uploads.create("local", length=9, metadata={}, expires=time.time() - 1)
    with blobs.write(f"uploads/{upload.id}/000000000000000") as out:
        out.write(b"piece")
    store.close()
    with served(given) as client:
        for _ in range(50):
            if client.head(f"/v1/uploads/{upload.id}").status_code == 404:
                break
            time.sleep(0.05)
        assert blobs.keys(f"uploads/{upload.id}") == []


def test_many_uploads_at_once_all_arrive(client: httpx.Client, tmp_path: Path) -> None:
    paths = [recording(tmp_path, f"{n}.wav", 5.0 + n) for n in range(8)]
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda p=p: found.append(brought(client, p)["id"])) for p in paths
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 8
    assert all(settled(client, m, 60)["status"] == "ready" for m in found)


def test_errors_are_problems_and_unknown_keys_are_refused(client: httpx.Client) -> None:
    for answer, status in [
        (client.get("/v1/nothing"), 404),
        (client.get("/v1/meetings/nothing"), 404),
        (client.post("/v1/tokens", json={"kind": "meeting", "id": "x", "more": 1}), 422),
        (client.get("/v1/meetings", params={"limit": 0}), 422),
        (client.get("/v1/meetings", params={"after": "nonsense"}), 400),
    ]:
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"code", "detail", "status"} <= answer.json().keys()
