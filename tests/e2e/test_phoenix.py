"""Clients of Phoenix and Arize, unchanged: they trace, annotate and read, and our own API shows the same."""

import json
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.compat import environments, plot
from tests.compat.fake_provider import fake_provider
from tests.e2e.reader import Reader, make_key, owner
from tests.e2e.server import onrecord, serving
from tests.recorded import span

pytestmark = [pytest.mark.chdb, pytest.mark.clients]

PAGE = (Path(__file__).parents[2] / "docs" / "doors" / "phoenix.md").read_text("utf-8")
TRACING, ARIZE, ANNOTATING, JUDGING, TRYING = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with serving(tmp_path_factory.mktemp("phoenix") / "data") as server:
        server.settle()
        yield owner(server)


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with fake_provider() as server:
        yield server.url


def run(reader: Reader, name: str, app: str, *arguments: str, **variables: str) -> Any:
    """What an application printed as its last line, after everything it sent is there to be read."""
    given = {"SERVER": reader.server.url, "KEY": reader.key, **variables}
    done = environments.run(name, app, *arguments, variables=given)
    reader.server.settle()
    return json.loads(done.stdout.splitlines()[-1])


def trace(reader: Reader, provider: str, how: str, **variables: str) -> tuple[str, str]:
    model = {"OPENAI_BASE_URL": f"{provider}/v1", "OPENAI_API_KEY": "none"}
    ((trace_id, span_id),) = run(reader, "phoenix", "phoenix_trace", how, **model, **variables)
    return trace_id, span_id


@pytest.mark.parametrize(
    ("how", "application"), [("endpoint", "shop"), ("variables", "by-variable"), ("header", "by-header")]
)
def test_register_and_an_instrumentor_trace_a_call_under_their_project(
    reader: Reader, provider: str, how: str, application: str
) -> None:
    variables = {
        "PHOENIX_COLLECTOR_ENDPOINT": reader.server.url,
        "PHOENIX_PROJECT_NAME": "by-variable",
        "PHOENIX_CLIENT_HEADERS": f"api_key={reader.key}",
    }
    trace_id, span_id = trace(reader, provider, how, **(variables if how == "variables" else {}))
    rows = {row["kind"]: row for row in reader.rows("/spans", trace=trace_id)}
    assert set(rows) == {"span", "llm"}
    assert {row["application"] for row in rows.values()} == {application}
    assert (rows["span"]["span_id"], rows["llm"]["parent_id"]) == (span_id, span_id)
    call = reader.exact(trace_id, rows["llm"]["span_id"])
    assert [part.text for one in (*call.input, *call.output) for part in one.parts] == [
        plot.SYSTEM,
        plot.QUESTION,
        plot.ANSWER,
    ]
    assert (call.source.receiver, call.source.dialect, call.application) == ("otlp", "openinference", application)
    assert reader.get("/projects")["rows"][-1]["name"] != application


@pytest.mark.parametrize("generation", ["arize", "phoenix_old"])
def test_arizes_register_traces_with_its_own_headers(reader: Reader, generation: str) -> None:
    trace_id, span_id = run(reader, generation, "arize_trace", PROJECT=f"arize-{generation}")
    (row,) = reader.rows("/spans", trace=trace_id)
    assert (row["span_id"], row["application"]) == (span_id, f"arize-{generation}")
    span = reader.exact(trace_id, span_id)
    assert [part.text for one in span.input for part in one.parts] == ["Arize?"]


def test_annotations_of_the_client_are_scores_that_it_reads_back(reader: Reader, provider: str) -> None:
    trace_id, span_id = trace(reader, provider, "endpoint")
    said = run(reader, "phoenix", "phoenix_annotations", trace_id, span_id)
    scores = {one["name"]: one for one in reader.get(f"/traces/{trace_id}/spans/{span_id}")["scores"]}
    assert set(scores) == {
        "correct", "tone", "reviewed", "hallucination", "relevance", "note", "brief", "solved", "effort"
    }  # fmt: skip
    correct = scores["correct"]
    assert (correct["value"], correct["label"], correct["source"], correct["trace_id"]) == (
        1.0,
        "right",
        "evaluator",
        trace_id,
    )
    assert (correct["comment"], correct["id"]) == ("Compared with the reference.", said["single"]["id"])
    assert correct["metadata"] == {"judge": "gpt-4o", "phoenix.identifier": "run-1"}
    assert (scores["tone"]["source"], scores["reviewed"]["source"]) == ("code", "human")
    assert scores["relevance"]["metadata"] == {"phoenix.document_position": "2"}
    assert (scores["solved"]["span_id"], scores["solved"]["label"]) == ("", "yes")
    assert (scores["note"]["comment"], scores["note"]["id"]) == (
        "Ask the kitchen about this one.",
        said["note"]["id"],
    )
    read = {one["name"]: one for one in said["read"]}
    assert set(read) >= {"correct", "tone", "reviewed", "brief"}
    assert "note" not in read
    assert (read["correct"]["annotator_kind"], read["correct"]["identifier"]) == ("LLM", "run-1")
    assert read["correct"]["result"] == {
        "label": "right", "score": 1.0, "explanation": "Compared with the reference."
    }  # fmt: skip
    assert read["correct"]["metadata"] == {"judge": "gpt-4o"}
    assert [one["result"]["explanation"] for one in said["notes"]] == ["Ask the kitchen about this one."]
    assert {"annotation_name", "result.label", "result.score"} <= set(said["columns"])
    status, detail = said["unknown"]
    assert (status, "not on the record" in detail) == (404, True)


def test_feedback_that_comes_before_its_span_waits_for_it(reader: Reader) -> None:
    trace_id, span_id = run(reader, "phoenix", "phoenix_early")
    deadline = time.monotonic() + 30
    while not (scores := reader.get(f"/traces/{trace_id}/spans/{span_id}")["scores"]):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert [(one["label"], one["trace_id"], one["comment"]) for one in scores] == [
        ("thumbs-up", trace_id, "Said early.")
    ]


def test_spans_logged_by_hand_are_read_back_in_every_form(reader: Reader) -> None:
    said = run(reader, "phoenix", "phoenix_reading")
    assert said["logged"] == {"total_received": 2, "total_queued": 2}
    assert "Failed to queue 1 invalid spans" in said["bad"]
    assert "kitchen" in said["projects"]
    assert said["project"] == said["made"]
    spans = {one["name"]: one for one in said["spans"]}
    assert spans["ask"]["parent_id"] == spans["order"]["context"]["span_id"]
    asked = spans["ask"]["attributes"]
    assert (asked["llm.model_name"], asked["llm.token_count.prompt"], asked["openinference.span.kind"]) == (
        "gpt-4o",
        12,
        "LLM",
    )
    assert asked["llm.input_messages.0.message.content"] == "Which soup is on today?"
    assert json.loads(asked["metadata"]) == {"table": 4}
    assert (said["calls"], said["roots"], said["by_model"]) == (["ask"], ["order"], ["ask"])
    assert said["frame"] == ["ask", "Which soup is on today?", "Pumpkin soup."]
    assert {"context.trace_id", "span_kind", "attributes.llm.model_name"} <= set(said["columns"])
    assert said["seconds"] == [1.5, 1.5]
    assert len(said["trace"]["spans"]) == 2
    assert said["sessions"] == [1]
    (turn,) = said["turns"]
    assert (turn["input"]["value"], turn["output"]["value"]) == ("Soup?", "Soup.")
    assert [said[name][0] for name in ("deleted", "sorted", "missing")] == [501, 422, 404]
    assert "erase" in said["deleted"][1]
    row = next(row for row in reader.rows("/spans", application="kitchen") if row["kind"] == "llm")
    span = reader.exact(row["trace_id"], row["span_id"])
    assert (span.source.receiver, span.model_served, span.usage.input, span.metadata) == (
        "phoenix", "gpt-4o", 12, {"table": 4}
    )  # fmt: skip


def test_the_older_generation_traces_annotates_and_reads(reader: Reader) -> None:
    said = run(reader, "phoenix_old", "phoenix_old_trace", PHOENIX_CLIENT_HEADERS=f"api_key={reader.key}")
    trace_id, span_id = said["ids"]
    (row,) = reader.rows("/spans", application="older")
    assert (row["trace_id"], row["span_id"]) == (trace_id, span_id)
    assert [(one["name"], one["annotator_kind"], one["result"]["label"]) for one in said["read"]] == [
        ("helpful", "HUMAN", "yes")
    ]


def example(reader: Reader, environment: str, code: str, **names: str) -> None:
    """Run an example of the page as it stands there, but for address and key."""
    code = code.replace("http://127.0.0.1:4318", reader.server.url).replace("or_...", reader.key)
    environments.run(environment, "page", code, json.dumps(names), variables={})
    reader.server.settle()


def test_the_examples_of_the_page_do_what_it_says(reader: Reader, provider: str) -> None:
    ask = (
        "\nimport openai\n"
        f"openai.OpenAI(base_url='{provider}/v1', api_key='none', max_retries=0).chat.completions.create("
        f"model={plot.MODEL!r}, messages=[{{'role': 'user', 'content': {plot.QUESTION!r}}}])\n"
    )
    example(reader, "phoenix", TRACING + ask)
    row = reader.rows("/spans", application="shop", kind="llm")[0]
    example(
        reader, "arize", ARIZE + "\nfrom opentelemetry import trace\ntrace.get_tracer('app').start_span('page').end()\n"
    )
    assert reader.rows("/spans", application="shop", name="page")
    example(reader, "phoenix", ANNOTATING + JUDGING, trace_id=row["trace_id"], span_id=row["span_id"])
    scores: dict[str, Any] = {}
    deadline = time.monotonic() + 30
    while set(scores) != {"helpful", "solved", "note", "length"}:
        assert time.monotonic() < deadline, sorted(scores)
        found = reader.get(f"/traces/{row['trace_id']}/spans/{row['span_id']}")["scores"]
        scores = {one["name"]: one for one in found}
    example(reader, "phoenix", TRYING)
    said = [one for row in reader.rows("/traces") for one in row["scores"] if one["name"] == "exact"]
    assert [one["value"] for one in said] == [1.0]
    assert (scores["length"]["value"], scores["helpful"]["source"]) == (len(plot.ANSWER), "human")


def test_an_annotation_goes_with_the_person_of_its_span(reader: Reader) -> None:
    trace_id, span_id = run(reader, "phoenix", "phoenix_early")
    address = f"/traces/{trace_id}/spans/{span_id}"
    deadline = time.monotonic() + 30
    while not reader.get(address)["scores"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    data = str(reader.server.data)
    done = onrecord("erase", "--data", data, "--user", "customer-17", "--reason", "asked on paper", "--yes")
    assert done.returncode == 0, done.stderr
    assert reader.ask(address).status == 404
    headers = {"authorization": f"Bearer {reader.key}"}
    read = reader.server.ask("GET", f"/v1/projects/early/span_annotations?span_ids={span_id}", headers=headers)
    assert read.json() == {"data": [], "next_cursor": None}
    held = [path for path in Path(data).rglob("*") if path.is_file() and b"Said early." in path.read_bytes()]
    assert held == []


def test_datasets_have_versions_and_experiments_leave_scores_on_the_record(reader: Reader) -> None:
    said = run(reader, "phoenix", "phoenix_experiment")
    assert said["first"][:3] == [2, "capitals", "Capitals of Europe"]
    assert (said["grown"], said["versions"], said["then"]) == ([3, True, True], 2, 2)
    assert said["framed"] == [["Bread?", "No, sorry"], ["Soup?", "Yes"]]
    assert ({"capitals", "menu"} <= set(said["names"]), said["replaced"]) == (True, [1, True])
    assert said["runs"] == ["", "Barcelona", "Lisbon"]
    assert said["evaluations"] == said["again"]
    assert {name for name, _ in said["again"]} == {"right", "wordy"}
    listed = said["listed"]
    counts = ("example_count", "successful_run_count", "failed_run_count", "missing_run_count")
    assert [listed[name] for name in counts] == [3, 2, 1, 0]
    assert (listed["name"], listed["metadata"]) == ("by heart", {"model": "none"})
    (lisbon,) = [trace for trace, output in said["traces"].items() if output == {"capital": "Lisbon"}]
    (row,) = reader.rows("/traces", trace=lisbon)
    assert row["application"] == listed["project_name"]
    assert {one["name"]: one["value"] for one in row["scores"]} == {"right": 1.0, "wordy": 0.6}
    assert "not found" in said["gone"]
    link = reader.server.ask("GET", said["link"].removeprefix(reader.server.url))
    assert (link.status, link.headers["location"]) == (307, f"/traces?q=application:{listed['project_name']}")


def test_prompts_have_versions_and_tags_and_their_changes_are_records(reader: Reader) -> None:
    before = reader.get("/ledgers")["rows"]
    first = before[-1]["size"] if before else 0
    said = run(reader, "phoenix", "phoenix_prompts")
    assert (said["latest"], said["first"], said["tagged"]) == (
        "Answer this in one sentence.",
        "Answer this.",
        "Answer this.",
    )
    assert (said["tags"], said["moved"]) == (["production"], "Answer this in one sentence.")
    assert (said["changed"]["description"], said["changed"]["metadata"]) == ("Speaks to guests", {"team": "floor"})
    assert "not found" in said["gone"]
    head = reader.get("/ledgers")["rows"][-1]
    places = [f"/records/{head['shard']}/{index}/proof" for index in range(first, head["size"])]
    assert [reader.get(place)["facts"]["kind"] for place in places].count("prompt") == 6


def said_to(reader: Reader, method: str, path: str, body: Any = None, key: str = "") -> tuple[int, Any]:
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
    answer = reader.server.ask(method, path, b"" if body is None else json.dumps(body).encode(), headers)
    return answer.status, answer.json()


def test_a_key_that_only_writes_annotates_and_reads_no_records(reader: Reader) -> None:
    writing, reading = make_key(reader.server, "write"), make_key(reader.server, "read")
    judged = {"data": [{"name": "tone", "annotator_kind": "CODE", "trace_id": "ab" * 16, "result": {"score": 1}}]}
    assert said_to(reader, "POST", "/v1/trace_annotations", judged, writing)[0] == 200
    assert said_to(reader, "GET", "/v1/projects/shop/spans", key=writing)[0] == 403
    assert said_to(reader, "GET", "/v1/datasets", key=writing)[0] == 200
    assert said_to(reader, "POST", "/v1/trace_annotations", judged, reading)[0] == 403
    assert said_to(reader, "GET", "/v1/projects/shop/spans?limit=1", key=reading)[0] == 200
    for path in ("/v1/projects/shop/spans", "/v1/projects", "/v1/datasets", "/v1/sessions/x"):
        status, said = said_to(reader, "GET", path)
        assert (status, type(said["detail"])) == (401, str)
    assert said_to(reader, "GET", "/v1/datasets", key="or_wrong")[0] == 401


def test_a_span_whose_id_is_a_word_can_be_annotated(reader: Reader) -> None:
    times = {"start_time": "2026-11-24T10:00:00Z", "end_time": "2026-11-24T10:00:01Z"}
    named = {"name": "ask", "span_kind": "LLM", "context": {"trace_id": "cd" * 16, "span_id": "step one"}, **times}
    assert said_to(reader, "POST", "/v1/projects/words/spans", {"data": [named]}, reader.key)[0] == 202
    reader.server.settle()
    judged = {"name": "tone", "annotator_kind": "CODE", "span_id": "step one", "result": {"score": 1}}
    assert said_to(reader, "POST", "/v1/span_annotations?sync=true", {"data": [judged]}, reader.key)[0] == 200
    (row,) = reader.rows("/traces", trace="cd" * 16)
    assert [(one["name"], one["trace_id"]) for one in row["scores"]] == [("tone", "cd" * 16)]


@pytest.mark.parametrize(
    "query",
    ["sort=latency_ms", "error=true", "start_time=yesterday", "limit=none", "limit=0", "span_kind=secret", "secret=1"],
)
def test_a_parameter_that_is_not_understood_is_refused(reader: Reader, query: str) -> None:
    found = "spans" if "span_kind" in query else "traces"
    status, said = said_to(reader, "GET", f"/v1/projects/shop/{found}?{query}", key=reader.key)
    assert status == 422
    assert query.partition("=")[2] not in said["detail"] or query == "limit=0"


def test_an_annotation_that_waits_survives_a_kill(reader: Reader) -> None:
    early = {"name": "early", "annotator_kind": "HUMAN", "span_id": f"{77:016x}", "result": {"label": "kept"}}
    assert said_to(reader, "POST", "/v1/span_annotations", {"data": [early]}, reader.key)[0] == 200
    reader.server.end(signal.SIGKILL)
    reader.server.start()
    assert reader.server.export(span(77, trace=7_700).SerializeToString(), x_api_key=reader.key).status == 200
    reader.server.settle()
    other = early | {"name": "later"}
    assert said_to(reader, "POST", "/v1/span_annotations?sync=true", {"data": [other]}, reader.key)[0] == 200
    assert said_to(reader, "POST", "/v1/span_annotations", {"data": [other]}, reader.key)[0] == 200
    deadline = time.monotonic() + 30
    named: set[str] = set()
    while named != {"early", "later"}:
        assert time.monotonic() < deadline, named
        named = {one["name"] for one in reader.get(f"/traces/{7_700:032x}/spans/{77:016x}")["scores"]}
