"""Who gets in, what each sees, and that every exact read is on the record."""

import json
from collections.abc import Iterator
from itertools import pairwise

import pytest

from onrecord.api.openapi import document
from tests.e2e.reader import API, Reader, make_key, owner
from tests.e2e.server import Server, onrecord, serving
from tests.recorded import span

pytestmark = pytest.mark.chdb
TRACE, SPAN = f"{1:032x}", f"{1:016x}"
WORDS = "ring ann@example.org about the kingfisher"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with serving(tmp_path_factory.mktemp("access") / "data") as server:
        made = owner(server)
        sent = span(1, user="ann", messages=(("user", WORDS),)).SerializeToString()
        assert server.export(sent, x_api_key=made.key).status == 200
        server.settle()
        yield made


def accesses(server: Server) -> int:
    """Entries of exact reads, as verify counts them."""
    server.settle()
    told = onrecord("verify", str(server.data), "--json")
    assert told.returncode == 0, told.stdout
    return told.stdout.count('"access"') and int(told.stdout.split('"access": ')[1].split(",")[0].split("}")[0])


def test_no_address_of_the_api_answers_a_stranger(reader: Reader) -> None:
    asked = [path for path, methods in document()["paths"].items() if "get" in methods and path != "/openapi.json"]
    assert len(asked) > 15
    for path in asked:
        filled = path.replace("{", "").replace("}", "")
        assert reader.server.ask("GET", API + filled).status == 401, path
        assert reader.server.ask("GET", API + filled, headers={"x-api-key": "or_wrong"}).status == 401, path
    named = {"content-type": "application/json"}
    assert reader.server.ask("POST", f"{API}/scores", b'{"name": "good", "value": 1}', named).status == 401


def test_a_key_does_what_its_scope_says_and_no_more(reader: Reader) -> None:
    server = reader.server
    reads, writes = make_key(server, "read"), make_key(server, "write")
    body = span(2, trace=2).SerializeToString()
    assert server.export(body, x_api_key=reads).status == 403
    assert server.export(body, x_api_key=writes).status == 200
    assert Reader(server, writes).ask("/traces").status == 403
    assert Reader(server, reads).ask("/traces").status == 200


def test_a_key_that_may_only_rate_rates_for_end_users_and_opens_no_other_door(reader: Reader) -> None:
    server = reader.server
    rates = make_key(server, "rate")
    headers = {"content-type": "application/json", "x-api-key": rates, "origin": "https://shop.example"}

    def judge(**more: object) -> int:
        body = json.dumps({"name": "thumb", "trace_id": TRACE, "value": 1, **more}).encode()
        return server.ask("POST", f"{API}/scores", body, headers).status

    assert judge() == 201
    assert judge(source="human") == 403
    assert server.export(span(3, trace=3).SerializeToString(), x_api_key=rates).status == 403
    asked = [path for path, methods in document()["paths"].items() if "get" in methods and path != "/openapi.json"]
    for path in asked:
        assert Reader(server, rates).ask(path.replace("{", "").replace("}", "")).status == 403, path


def test_a_front_end_of_any_site_may_call_one_address_without_cookies_and_no_other(reader: Reader) -> None:
    asking = {"origin": "https://shop.example", "access-control-request-method": "POST"}
    allowed = reader.server.ask("OPTIONS", f"{API}/scores", b"", asking)
    assert (allowed.status, allowed.headers["access-control-allow-origin"]) == (204, "*")
    assert "access-control-allow-credentials" not in allowed.headers
    for path in (f"{API}/traces", "/v1/traces", f"{API}/compare", "/traces", "/login"):
        other = reader.server.ask("OPTIONS", path, b"", asking)
        assert "access-control-allow-origin" not in other.headers, path


def test_an_end_user_replaces_only_judgements_of_the_same_key(reader: Reader) -> None:
    server = reader.server
    first, second = make_key(server, "rate"), make_key(server, "rate")
    for key, value in ((first, 1), (second, 0), (first, 0.5)):
        body = json.dumps({"name": "stars", "trace_id": TRACE, "value": value, "id": "mine"}).encode()
        headers = {"content-type": "application/json", "x-api-key": key}
        assert server.ask("POST", f"{API}/scores", body, headers).status == 201
    server.settle()
    scores = reader.ask(f"/traces/{TRACE}").json()["scores"]
    assert sorted(one["value"] for one in scores if one["name"] == "stars") == [0, 0.5]


def test_exact_content_needs_the_right_and_a_purpose(reader: Reader) -> None:
    path = f"/traces/{TRACE}/spans/{SPAN}"
    assert reader.ask(path, content="exact").status in (400, 403)
    low = Reader(reader.server, make_key(reader.server, "read"))
    assert low.ask(path, content="exact", purpose="curious").status == 403
    assert b"ann@example.org" not in low.ask(path).body
    assert b"kingfisher" in low.ask(path).body
    assert b"kingfisher" not in low.ask(path, content="metadata").body


def test_each_exact_read_is_one_entry_of_the_ledger_and_no_other_read_is(reader: Reader) -> None:
    counts = [accesses(reader.server)]
    for _ in range(3):
        reader.exact(TRACE, SPAN)
        counts.append(accesses(reader.server))
    assert [after - before for before, after in pairwise(counts)] == [1, 1, 1]
    reader.get(f"/traces/{TRACE}/spans/{SPAN}")
    reader.rows("/search", q="kingfisher")
    assert accesses(reader.server) == counts[-1]


def test_guessing_a_password_is_slowed_down(reader: Reader) -> None:
    form = {"content-type": "application/x-www-form-urlencoded", "origin": reader.server.url}
    told = [reader.server.ask("POST", "/login", b"name=owner&password=wrong", form) for _ in range(12)]
    assert told[-1].status == 429, [one.status for one in told]
