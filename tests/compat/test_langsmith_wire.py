"""LangSmith's protocol where clients can not show it: what does not parse, what comes twice, late or without its trace.

And the JavaScript client, which compresses, frames and dates in its own way.
"""

import gzip
import json
import sqlite3
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import zstandard

from tests.compat.langsmith import World, texts
from tests.e2e.reader import make_key
from tests.e2e.server import serving
from tests.recorded import span

pytestmark = [pytest.mark.chdb, pytest.mark.slow]
BOUNDARY = "d4b9f1"
MULTIPART = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
START, END = "2026-11-25T03:16:40.982332+00:00", "2026-11-25T03:16:42.982332+00:00"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with serving(tmp_path_factory.mktemp("langsmith") / "data") as server:
        server.settle()
        yield World(server)


def part(name: str, value: Any, media: str = "application/json") -> bytes:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\nContent-Type: {media}\r\n\r\n'
    return head.encode() + body + b"\r\n"


def frames(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def run(**values: Any) -> dict[str, Any]:
    identity = str(uuid.uuid4())
    known = {"id": identity, "trace_id": identity, "name": "step", "run_type": "chain", "start_time": START}
    return known | {"session_name": "shop"} | values


def send(world: World, body: bytes, **headers: str) -> int:
    named = MULTIPART | {name.replace("_", "-"): value for name, value in headers.items()}
    return int(world.ask("POST", "/runs/multipart", body, named).status)


def reasons(world: World) -> list[str]:
    """Why each dead letter of this door is one."""
    found: list[str] = []
    for file in sorted((world.server.data / "vault").glob("*.db")):
        month = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        found += [
            why for (why,) in month.execute("SELECT reason FROM dead WHERE signal LIKE 'langsmith.%' ORDER BY id")
        ]
        month.close()
    return found


@pytest.mark.parametrize(
    ("body", "headers", "reason"),
    [
        (b"no multipart at all", {}, "not multipart: the boundary that the header names is not in the body"),
        (b"", {}, "not multipart: the boundary that the header names is not in the body"),
        (part("post.1", run()), {}, "not multipart: the body ends within a part"),
        (frames(part("post.2", b"{no json")), {}, "a part that is not JSON"),
        (frames(part("post.3", [1])), {}, "a run that is no JSON object"),
        (frames(part("who.4", run())), {}, "a part whose name is none that runs, feedback or attachments have"),
        (frames(part("post.5.outputs", {"a": 1})), {}, "a run of which only fields came, without the run itself"),
        (frames(part("feedback.6", "good")), {}, "feedback that is no JSON object"),
        (frames(part("feedback.7", {"key": "ok"})), {}, "feedback that is about no run and no project"),
        (b"\x28\xb5\x2f\xfd broken", {"content_encoding": "zstd"}, "The zstd stream is damaged."),
        (b"anything", {"content_encoding": "snappy"}, "The content coding is not one that this server reads."),
    ],
    ids=["text", "empty", "cut", "json", "list", "name", "orphan", "feedback", "nothing", "zstd", "coding"],
)
def test_what_does_not_parse_is_accepted_and_is_a_dead_letter(
    world: World, body: bytes, headers: dict[str, str], reason: str
) -> None:
    before = reasons(world)
    assert send(world, body, **headers) == 202
    assert reasons(world)[len(before) :] == [reason]


def test_one_bad_part_costs_itself_only(world: World) -> None:
    good = run(outputs={"answer": 42}, end_time=END)
    before = len(reasons(world))
    body = frames(part("post.x", b"{"), part(f"post.{good['id']}", good), part(f"post.{good['id']}.inputs", b"[1,"))
    assert send(world, body) == 202
    assert world.tree(good["id"]) == [(0, "step", "chain", "ok")]
    assert len(reasons(world)) - before == 2


@pytest.mark.parametrize("path", ["/runs/batch", "/runs", "/feedback"])
def test_the_other_ways_in_refuse_nothing_either(world: World, path: str) -> None:
    before = len(reasons(world))
    bodies = (b"{", b"[]", b"3", b'{"post": [%s%s]}' % (b"[" * 900, b"]" * 900))
    for body in bodies:
        assert world.ask("POST", path, body).status in (200, 202)
    assert len(reasons(world)) - before == len(bodies)


@pytest.mark.clients
@pytest.mark.parametrize("client", ["langsmith_0_1", "langsmith_0_4", "langsmith_0_15"])
def test_a_run_of_forty_megabytes_arrives_whole_however_it_is_sent(world: World, client: str) -> None:
    application = f"large-{client}"
    before = reasons(world)
    world.run(client, "langsmith_large", "40", LANGSMITH_PROJECT=application)
    world.server.settle()
    rows = {row["name"]: row for row in world.reader.rows("/spans", application=application)}
    assert sorted(rows) == ["after", "before", "large"]
    large = world.spans(rows["large"]["trace_id"])[0]
    assert len(json.loads(texts(large, "input")[0])["pieces"]) == 40
    assert texts(large, "output") == ["done"]
    assert reasons(world) == before


@pytest.mark.parametrize("coding", ["", "zstd"])
def test_of_a_body_beyond_every_bound_what_came_first_is_kept(world: World, coding: str) -> None:
    first, last = run(name="first", end_time=END), run(name="last", end_time=END)
    body = frames(
        part(f"post.{first['id']}", first),
        *(part(f"post.{first['id']}.x{number}", json.dumps("x" * 9_000_000).encode()) for number in range(8)),
        part(f"post.{last['id']}", last),
    )
    before = reasons(world)
    packed = zstandard.compress(body)
    assert len(body) > 64 * 1024 * 1024 > 1000 * len(packed)
    assert (send(world, packed, content_encoding=coding) if coding else send(world, body)) == 202
    assert world.tree(first["id"]) == [(0, "first", "chain", "ok")]
    assert reasons(world)[len(before) :] == ["not multipart: the body ends within a part"]
    assert world.reader.ask(f"/traces/{last['id']}").status == 404


def test_a_wrong_key_is_told_so(world: World) -> None:
    reader = make_key(world.server, "read")
    for key, status in (("or_wrong", 401), ("", 401), (reader, 403)):
        answer = world.ask("POST", "/runs/multipart", frames(), MULTIPART | {"x-api-key": key})
        assert answer.status == status
        assert "detail" in answer.json()


@pytest.mark.parametrize("prefix", ["/langsmith", "/langsmith/api", "/langsmith/api/v1"])
def test_the_same_is_served_below_every_prefix(world: World, prefix: str) -> None:
    info = world.server.ask("GET", f"{prefix}/info").json()
    assert info["batch_ingest_config"]["use_multipart_endpoint"] is True
    one = run(end_time=END)
    headers = MULTIPART | {"x-api-key": world.reader.key}
    answer = world.server.ask("POST", f"{prefix}/runs/multipart", frames(part(f"post.{one['id']}", one)), headers)
    assert (answer.status, world.tree(one["id"])) == (202, [(0, "step", "chain", "ok")])


@pytest.mark.parametrize("coding", ["zstd", "gzip"])
def test_compressed_bodies_are_read(world: World, coding: str) -> None:
    one = run(end_time=END)
    body = frames(part(f"post.{one['id']}", one, "application/json; length=318"))
    stream = zstandard.ZstdCompressor().compressobj()  # a stream says no size in its head
    packed = gzip.compress(body) if coding == "gzip" else stream.compress(body) + stream.flush()
    assert send(world, packed, content_encoding=coding) == 202
    assert world.tree(one["id"]) == [(0, "step", "chain", "ok")]


def halves() -> tuple[dict[str, Any], bytes, bytes]:
    """A run, and the two bodies in which it is posted and patched."""
    whole = run(run_type="llm", inputs={"messages": [{"role": "user", "content": "hello"}]})
    same = {key: whole[key] for key in ("id", "trace_id")} | {"end_time": END}
    posted = frames(
        part(f"post.{whole['id']}", whole),
        part(f"post.{whole['id']}.outputs", {}),
        part(f"post.{whole['id']}.events", []),
    )
    usage = {"input_tokens": 3, "output_tokens": 5}
    patched = frames(
        part(f"patch.{whole['id']}", same),
        part(f"patch.{whole['id']}.outputs", {"messages": [{"role": "assistant", "content": "hi"}]}),
        part(f"patch.{whole['id']}.extra", {"metadata": {"usage_metadata": usage}}),
    )
    return whole, posted, patched


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 1, 0), (1, 0, 1, 0)], ids=str)
def test_post_and_patch_are_one_span_in_whichever_order_and_how_often_they_come(
    world: World, order: tuple[int, ...]
) -> None:
    whole, *bodies = halves()
    for which in order:
        assert send(world, bodies[which]) == 202
    (merged,) = world.spans(whole["id"])
    assert (merged.name, merged.kind, merged.status, merged.running) == ("step", "llm", "ok", False)
    assert (texts(merged, "input"), texts(merged, "output")) == (["hello"], ["hi"])
    assert (merged.usage.input, merged.usage.output, merged.usage.aggregate) == (3, 5, False)
    assert (merged.end_unix_nano - merged.start_unix_nano) == 2_000_000_000
    tokens = world.trace(whole["id"])["trace"]["tokens"]
    assert (tokens["input"], tokens["output"]) == (3, 5)


def test_a_run_is_visible_while_it_runs(world: World) -> None:
    whole, posted, _ = halves()
    send(world, posted)
    world.server.settle()
    assert world.trace(whole["id"])["trace"]["running"] is True


def test_runs_that_name_no_trace_find_it(world: World) -> None:
    root, child = (run(name=name) for name in ("root", "child"))
    del root["trace_id"], child["trace_id"]
    child["parent_run_id"] = root["id"]
    for one in (root, child):
        assert world.ask("POST", "/runs", one).status == 202
    for one in (child, root):
        assert world.ask("PATCH", f"/runs/{one['id']}", {"outputs": {"output": "done"}, "end_time": END}).status == 202
    assert world.tree(root["id"]) == [(0, "root", "chain", "ok"), (1, "child", "chain", "ok")]
    assert [texts(one, "output") for one in world.spans(root["id"])] == [["done"], ["done"]]


def test_feedback_may_come_before_its_run_and_may_change_and_go(world: World) -> None:
    one = run(end_time=END)
    given = {"id": str(uuid.uuid4()), "run_id": one["id"], "key": "helpful", "score": 0.2, "comment": "meh"}
    assert world.ask("POST", "/feedback", given).status == 200
    send(world, frames(part(f"post.{one['id']}", one)))
    world.server.settle()
    assert [score["value"] for score in world.trace(one["id"])["scores"]] == [0.2]
    assert world.ask("PATCH", f"/feedback/{given['id']}", {"score": 0.9}).status == 200
    world.server.settle()
    (changed,) = world.trace(one["id"])["scores"]
    assert (changed["value"], changed["comment"]) == (0.9, "meh")
    assert world.ask("DELETE", f"/feedback/{given['id']}").status == 200
    world.server.settle()
    (gone,) = world.trace(one["id"])["scores"]
    assert (gone["value"], gone["label"], gone["comment"]) == (None, "withdrawn", "")
    assert world.ask("PATCH", f"/feedback/{given['id']}", {"score": 1}).status == 404


def test_an_attachment_is_kept_with_its_run(world: World) -> None:
    one = run(end_time=END)
    picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
    body = frames(
        part(f"post.{one['id']}", one), part(f"attachment.{one['id']}.face", picture, "image/png; length=2056")
    )
    assert send(world, body) == 202
    (kept,) = world.spans(one["id"])
    (attached,) = kept.attributes["attachments"]
    assert (attached["name"], attached["media_type"], attached["size"]) == ("face", "image/png", len(picture))


def test_any_exporter_may_name_the_project_in_a_header(world: World) -> None:
    headers = {
        "x-api-key": world.reader.key,
        "content-type": "application/x-protobuf",
        "langsmith-project": "elsewhere",
    }
    sent = span(1, trace=77).SerializeToString()
    assert world.server.ask("POST", "/langsmith/otel/v1/traces", sent, headers).status == 200
    assert world.spans(f"{77:032x}")[0].application == "elsewhere"


def test_what_is_not_served_says_so(world: World) -> None:
    answer = world.ask("GET", "/annotation-queues")
    assert answer.status == 501
    assert "onrecord does not serve" in answer.json()["detail"]


@pytest.mark.node
def test_the_javascript_client_sends_trees_with_tools_errors_and_feedback(world: World) -> None:
    seen = world.run("langsmith_js", "langsmith_js")
    assert world.tree(seen["trace"]) == [
        (0, "assistant", "chain", "ok"),
        (1, "get_weather", "tool", "ok"),
        (1, "streamed", "chain", "ok"),
        (1, "fragile", "chain", "error"),
        (1, "model", "llm", "ok"),
    ]
    root, tool, _, fragile, model = world.spans(seen["trace"])
    assert (root.user_id, root.session_id, root.tags) == ("ada@example.org", "s-js", ("golden",))
    assert (root.source.sdk, root.source.language) == ("langsmith-js", "nodejs")
    assert root.end_unix_nano > root.start_unix_nano
    assert tool.tool is not None
    assert (tool.tool.arguments, tool.tool.result) == ({"city": "Lisbon"}, {"temperature": 21, "city": "Lisbon"})
    assert fragile.error is not None
    assert (fragile.error.type, fragile.error.message) == ("TypeError", "no such order: A-17")
    assert (texts(model, "output"), model.usage.input, model.finish_reasons) == (
        ["It is 21 °C in Lisbon."],
        121,
        ("stop",),
    )
    trace = world.trace(seen["trace"])
    assert (trace["trace"]["tokens"]["total"], trace["scores"][0]["value"]) == (134, 1)
