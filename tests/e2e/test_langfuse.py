"""Langfuse's API beyond what its SDKs show: rights, faults, tickets, what is recorded and what an erasure takes."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from onrecord.limits import MEDIA_BYTES
from tests.e2e.reader import Reader, make_key, owner
from tests.e2e.server import Answer, Server, onrecord, serving
from tests.recorded import every_byte

pytestmark = pytest.mark.chdb
PICTURE = b"the likeness of ann " * 40
TRACE = "5" * 32


class Caller:
    """Whoever calls with one key."""

    def __init__(self, server: Server, key: str) -> None:
        self.server = server
        self.headers = {"authorization": f"Basic {b64encode(f'pk-lf-any:{key}'.encode()).decode()}"}

    def ask(self, method: str, path: str, body: Any = None) -> Answer:
        sent = b"" if body is None else json.dumps(body).encode()
        return self.server.ask(method, f"/api/public{path}", sent, self.headers | {"content-type": "application/json"})

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status == 200, answer.body
        return answer.json()

    def announce(self, data: bytes = PICTURE, trace: str = TRACE, **changed: Any) -> Answer:
        digest = b64encode(hashlib.sha256(data).digest()).decode()
        body = {
            "traceId": trace, "contentType": "image/png", "contentLength": len(data), "sha256Hash": digest,
            "field": "input", **changed,
        }  # fmt: skip
        return self.ask("POST", "/media", body)

    def upload(self, announced: Answer, data: bytes = PICTURE) -> int:
        return self.server.ask("PUT", announced.json()["uploadUrl"].removeprefix(self.server.url), data).status


@pytest.fixture(scope="module")
def reader(server: Server) -> Reader:
    return owner(server)


@pytest.fixture
def admin(reader: Reader) -> Caller:
    return Caller(reader.server, reader.key)


@pytest.fixture
def writer(reader: Reader) -> Caller:
    return Caller(reader.server, make_key(reader.server, "write"))


def test_a_wrong_key_is_refused_in_langfuses_own_words(reader: Reader) -> None:
    stranger = Caller(reader.server, "sk-lf-somebody")
    for method, path in (("GET", "/projects"), ("POST", "/ingestion"), ("GET", "/traces"), ("POST", "/media")):
        answer = stranger.ask(method, path, {} if method == "POST" else None)
        assert (answer.status, answer.json()["error"]) == (401, "UnauthorizedError"), path
    assert reader.server.ask("GET", "/api/public/health").json()["status"] == "OK"


def test_a_key_that_writes_has_the_configuration_but_not_the_records(writer: Caller) -> None:
    assert [project["name"] for project in writer.get("/projects")["data"]] == ["default"]
    assert writer.ask("POST", "/v2/prompts", {"name": "own", "prompt": "x", "labels": ["production"]}).status == 200
    assert writer.get("/v2/prompts/own")["prompt"] == "x"
    for path in ("/traces", "/observations", "/v2/observations", "/sessions", f"/traces/{TRACE}", "/media/abc"):
        answer = writer.ask("GET", path)
        assert (answer.status, answer.json()["error"]) == (403, "ForbiddenError"), path


def test_a_key_that_reads_changes_nothing(reader: Reader) -> None:
    caller = Caller(reader.server, make_key(reader.server, "read"))
    assert caller.get("/projects")["data"]
    for path in ("/v2/prompts", "/v2/datasets", "/ingestion", "/scores", "/media"):
        assert caller.ask("POST", path, {}).status == 403, path


def test_a_batch_names_what_it_could_not_keep_and_repeats_are_harmless(reader: Reader, writer: Caller) -> None:
    good = {
        "id": "e1",
        "type": "trace-create",
        "timestamp": "2026-11-25T00:00:00Z",
        "body": {"id": "batch-1", "name": "b"},
    }
    body = {"batch": [good, {"id": "e2", "type": "span-create", "timestamp": "", "body": {}}], "metadata": {}}
    for _ in range(2):
        answer = writer.ask("POST", "/ingestion", body)
        assert answer.status == 207
        assert answer.json()["successes"] == [{"id": "e1", "status": 201}]
        (fault,) = answer.json()["errors"]
        assert (fault["id"], fault["status"], fault["message"]) == ("e2", 400, "The observation has no id.")
    reader.server.settle()
    assert len(reader.rows("/spans", name="b")) == 1
    assert writer.ask("POST", "/ingestion", [1]).status == 400


def test_scores_answer_both_kinds_of_clients(writer: Caller) -> None:
    score = {"id": "sc", "traceId": TRACE, "name": "n", "value": 1}
    one = writer.ask("POST", "/scores", score)
    assert (one.status, one.json()) == (202, {"message": "Accepted", "id": "sc"})
    assert writer.ask("POST", "/scores", [score, score]).status == 202
    mixed = writer.ask("POST", "/scores", [score, {"name": "n"}])
    assert (mixed.status, mixed.json()["accepted"], mixed.json()["rejected"]) == (207, 1, 1)
    assert [fault["message"] for fault in mixed.json()["errors"]] == ["The score has no value."]
    assert writer.ask("POST", "/scores", {"name": "n"}).status == 400


def test_a_page_elsewhere_may_send_feedback_with_a_key_in_a_header(reader: Reader) -> None:
    allowed = reader.server.ask("OPTIONS", "/api/public/scores", headers={"origin": "https://shop.example"})
    assert (allowed.status, allowed.headers["access-control-allow-origin"]) == (204, "*")
    assert "access-control-allow-credentials" not in allowed.headers
    key, body = make_key(reader.server, "write"), json.dumps({"traceId": TRACE, "name": "thumb", "value": 1}).encode()
    sent = reader.server.ask("POST", "/api/public/scores", body, {"authorization": f"Bearer {key}"})
    assert (sent.status, sent.headers["access-control-allow-origin"]) == (202, "*")
    event = {"id": "e", "type": "trace-create", "timestamp": "2026-11-25T00:00:00Z", "body": {"id": TRACE}}
    score = {"id": "f", "type": "score-create", "timestamp": "2026-11-25T00:00:00Z",
             "body": {"id": "s", "traceId": TRACE, "name": "stars", "value": 4}}  # fmt: skip
    web = json.dumps({"batch": [score, event]}).encode()
    assert reader.server.ask("POST", "/api/public/ingestion", web, {"authorization": f"Bearer {key}"}).status == 207
    reader.server.settle()
    told = {one["name"]: one["source"] for one in reader.get(f"/traces/{TRACE}")["scores"]}
    assert (told["thumb"], told["stars"]) == ("end_user", "end_user")


def test_a_label_points_to_one_version_and_each_change_is_a_record(reader: Reader, writer: Caller) -> None:
    before = reader.server.settle()["committed"]
    for number in (1, 2, 3):
        made = writer.ask("POST", "/v2/prompts", {"name": "a/b", "prompt": f"p{number}", "labels": ["production"]})
        assert (made.json()["version"], made.json()["labels"]) == (number, ["production", "latest"])
    moved = writer.ask("PATCH", "/v2/prompts/a%2Fb/versions/1", {"newLabels": ["production", "old"]}).json()
    assert (moved["version"], moved["labels"]) == (1, ["production", "old"])
    assert writer.get("/v2/prompts/a%2Fb")["version"] == 1
    assert writer.get("/v2/prompts/a%2Fb?label=latest")["labels"] == ["latest"]
    assert writer.get("/v2/prompts/a%2Fb?version=2")["prompt"] == "p2"
    assert reader.server.settle()["committed"] - before >= 4
    listed = writer.get("/v2/prompts?label=old")
    assert [(one["name"], one["versions"]) for one in listed["data"]] == [("a/b", [1, 2, 3])]
    assert listed["meta"] == {"page": 1, "limit": 50, "totalItems": 1, "totalPages": 1}
    for path in ("/v2/prompts/none", "/v2/prompts/a%2Fb?version=9", "/v2/prompts/a%2Fb?label=none"):
        answer = writer.ask("GET", path)
        assert (answer.status, answer.json()["error"]) == (404, "LangfuseNotFoundError"), path
    assert writer.ask("PATCH", "/v2/prompts/a%2Fb/versions/1", {"newLabels": ["latest"]}).status == 400
    assert writer.ask("PATCH", "/v2/prompts/a%2Fb/versions/9", {"newLabels": ["x"]}).status == 404
    assert writer.ask("DELETE", "/v2/prompts/a%2Fb").status == 204
    assert writer.ask("GET", "/v2/prompts/a%2Fb").status == 404


def test_versions_that_are_made_at_once_are_numbered_apart(writer: Caller) -> None:
    def make(number: int) -> int:
        made = writer.ask("POST", "/v2/prompts", {"name": "many", "prompt": f"p{number}", "labels": ["production"]})
        return int(made.json()["version"])

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(make, range(16))) == list(range(1, 17))
    kept = [writer.get(f"/v2/prompts/many?version={number}") for number in range(1, 17)]
    assert [one["labels"] for one in kept].count([]) == 15
    assert kept[-1]["labels"] == ["production", "latest"]


def test_a_prompt_may_name_others(writer: Caller) -> None:
    writer.ask("POST", "/v2/prompts", {"name": "tone", "prompt": "Be brief.", "labels": ["production"]})
    whole = "@@@langfusePrompt:name=tone|label=production@@@ Hello. @@@langfusePrompt:name=none|version=1@@@"
    chat = {"name": "whole", "type": "chat", "prompt": [{"role": "system", "content": whole}], "labels": ["production"]}
    writer.ask("POST", "/v2/prompts", chat)
    kept = "Hello. @@@langfusePrompt:name=none|version=1@@@"
    assert writer.get("/v2/prompts/whole")["prompt"][0]["content"] == f"Be brief. {kept}"
    assert writer.get("/v2/prompts/whole?resolve=false")["prompt"][0]["content"] == whole


@pytest.mark.parametrize(
    "bad", [{}, {"name": ""}, {"name": "x"}, {"name": "x", "prompt": 1}, {"name": "x", "prompt": "y", "type": "chat"}]
)
def test_what_is_no_prompt_is_refused(writer: Caller, bad: dict[str, Any]) -> None:
    assert writer.ask("POST", "/v2/prompts", bad).status == 400


def test_what_is_not_served_says_so(admin: Caller) -> None:
    for path in ("/metrics", "/v2/metrics", "/comments", "/score-configs", "/annotation-queues", "/scores", "/models"):
        answer = admin.ask("GET", path)
        assert answer.status == 501, path
        assert len(answer.json()["message"]) > 20
    for path in ("/v2/observations?filter=%5B%5D", "/traces?orderBy=name.asc", "/dataset-items?version=2026-01-01"):
        assert admin.ask("GET", path).status == 501, path
    assert admin.ask("GET", "/traces?page=0").status == 400


def test_media_takes_exactly_what_was_announced(admin: Caller, writer: Caller) -> None:
    announced = writer.announce(trace="6" * 32)
    assert announced.status == 201
    assert writer.upload(announced, PICTURE[:-1] + b"x") == 400
    assert writer.upload(announced, PICTURE + b"x") == 400
    address = announced.json()["uploadUrl"].removeprefix(writer.server.url)
    assert writer.server.ask("PUT", address[:-4] + "AAAA", PICTURE).status == 403
    assert admin.ask("GET", f"/media/{announced.json()['mediaId']}").status == 404, "announced is not there yet"
    assert writer.upload(announced) == 200
    assert writer.ask("PATCH", f"/media/{announced.json()['mediaId']}", {"uploadHttpStatus": 200}).status == 200
    again = writer.announce(trace="6" * 32)
    assert again.json() == {"mediaId": announced.json()["mediaId"], "uploadUrl": None}
    shown = admin.get(f"/media/{announced.json()['mediaId']}")
    content = admin.server.ask("GET", shown["url"].removeprefix(admin.server.url))
    assert (content.body, content.headers["content-disposition"]) == (PICTURE, "attachment")
    assert "sandbox" in content.headers["content-security-policy"]
    assert admin.server.ask("GET", shown["url"].removeprefix(admin.server.url)[:-4] + "AAAA").status == 404


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"contentLength": MEDIA_BYTES + 1}, 413), ({"contentLength": 0}, 400), ({"sha256Hash": "x"}, 400),
        ({"traceId": ""}, 400), ({"contentType": None}, 400), ({"contentLength": "9"}, 400),
    ],
)  # fmt: skip
def test_an_announcement_that_can_not_be_is_refused(writer: Caller, changed: dict[str, Any], status: int) -> None:
    assert writer.announce(**changed).status == status


def test_items_and_their_run_are_told_as_often_as_one_likes(admin: Caller, writer: Caller) -> None:
    writer.ask("POST", "/v2/datasets", {"name": "d/1", "description": "first"})
    again = writer.ask("POST", "/v2/datasets", {"name": "d/1", "metadata": {"m": 1}}).json()
    assert (again["description"], again["metadata"]) == ("first", {"m": 1})
    told = {"runName": "r 1", "datasetItemId": "i1", "traceId": TRACE, "observationId": "9" * 16}
    for _ in range(2):
        item = writer.ask("POST", "/dataset-items", {"datasetName": "d/1", "id": "i1", "input": {"q": 1}}).json()
        assert (item["input"], item["status"], item["datasetName"]) == ({"q": 1}, "ACTIVE", "d/1")
        assert writer.ask("POST", "/dataset-run-items", told).status == 200
    assert [one["id"] for one in writer.get("/dataset-items?datasetName=d%2F1")["data"]] == ["i1"]
    run = admin.get("/datasets/d%2F1/runs/r%201")
    assert [one["traceId"] for one in run["datasetRunItems"]] == [TRACE]
    assert len(admin.get("/datasets/d%2F1/runs")["data"]) == 1
    assert writer.ask("DELETE", "/datasets/d%2F1/runs/r%201").status == 200
    assert admin.ask("GET", "/datasets/d%2F1/runs/r%201").status == 404
    assert writer.ask("DELETE", "/dataset-items/i1").status == 200
    assert writer.ask("GET", "/dataset-items/i1").status == 404
    assert writer.ask("POST", "/dataset-items", {"datasetName": "none"}).status == 404


@pytest.fixture
def own(data: Path) -> Iterator[Reader]:
    with serving(data) as server:
        server.settle()
        yield owner(server)


def test_erasing_a_person_takes_pictures_items_and_lines_of_runs(own: Reader) -> None:
    admin = Caller(own.server, own.key)
    when = "2026-11-25T00:00:00Z"
    people = {"t-ann": "ann@mail.test", "t-bob": "bob@mail.test"}
    admin.ask("POST", "/v2/datasets", {"name": "d"})
    for trace, user in people.items():
        body = {"id": trace, "name": "talk", "userId": user, "input": f"words of {user}"}
        batch = {"batch": [{"id": f"e-{trace}", "type": "trace-create", "timestamp": when, "body": body}]}
        assert admin.ask("POST", "/ingestion", batch).json()["errors"] == []
        assert admin.upload(admin.announce(PICTURE + user.encode(), trace), PICTURE + user.encode()) == 200
        item = {"datasetName": "d", "id": f"i-{trace}", "input": f"said by {user}", "sourceTraceId": trace}
        admin.ask("POST", "/dataset-items", item)
        admin.ask("POST", "/dataset-run-items", {"runName": "r", "datasetItemId": f"i-{trace}", "traceId": trace})
    own.server.settle()
    erased = onrecord("erase", "--data", str(own.server.data), "--user", people["t-ann"], "--yes")
    assert (erased.returncode, "Erased 2 records" in erased.stdout) == (0, True), erased.stdout + erased.stderr
    media = [hashlib.sha256(PICTURE + user.encode()).digest() for user in people.values()]
    ids = [b64encode(digest).decode().replace("+", "-").replace("/", "_")[:22] for digest in media]
    assert [admin.ask("GET", f"/media/{one}").status for one in ids] == [404, 200]
    assert [one["id"] for one in admin.get("/dataset-items?datasetName=d")["data"]] == ["i-t-bob"]
    assert [one["traceId"] for one in admin.get("/datasets/d/runs/r")["datasetRunItems"]] == ["t-bob"]
    own.server.settle()
    own.server.end()
    assert b"ann@mail.test" not in every_byte(own.server.data)
    assert b"likeness" not in every_byte(own.server.data)
    assert onrecord("verify", str(own.server.data)).returncode == 0


def test_an_upload_goes_on_after_a_restart(own: Reader) -> None:
    announced = Caller(own.server, own.key).announce()
    before = own.server.url
    own.server.end()
    own.server.start()
    address = announced.json()["uploadUrl"].removeprefix(before)
    assert own.server.ask("PUT", address, PICTURE).status == 200
    assert Caller(own.server, own.key).get(f"/media/{announced.json()['mediaId']}")["contentLength"] == len(PICTURE)
    assert onrecord("verify", str(own.server.data)).returncode == 0
