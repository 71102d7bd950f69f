"""The API over a stand-in engine: parameters, errors, levels, headers. What the engine answers is tested elsewhere."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any, cast

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request

from onrecord.api.allowance import Allowance
from onrecord.api.app import routes
from onrecord.api.port import Services
from onrecord.api.table import OPERATIONS
from onrecord.buckets import Rate
from onrecord.control.caller import Caller
from onrecord.control.roles import Role
from onrecord.errors import Corrupt, Denied, Missing, Pushback, Unavailable
from onrecord.model.access import Level
from onrecord.model.media import Media
from onrecord.model.project import Project
from onrecord.model.score import Score
from onrecord.query.engine import Engine as AskedEngine
from onrecord.query.filters import And, Compare, Text
from onrecord.query.results import Page, PageRequest, StatusCounts
from onrecord.receive.port import Ack

OURS = Project(id="aaaa000000000001", number=1, name="ours")
OTHER = Project(id="bbbb000000000002", number=2, name="other")
SECRET = "jan.jansen@example.com"
PURPOSE = "a complaint of a customer"


class Engine:
    """Remembers what it was asked; answers with nothing, or raises what it was told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.error: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        def answer(*given: Any, **named: Any) -> Any:
            self.asked.append((name, given, named))
            if self.error is not None:
                raise self.error
            if name == "tlog_proof":
                return b"c2sp.org/tlog-proof@v1"
            if name in ("aggregate", "facets", "heads", "step_media", "ledgers"):
                return ()
            if name == "step_medium":
                return Media(id="face", trace_id="t1", media_type="image/png", data=b"bytes")
            return StatusCounts(traces=1, spans=1, errors=0, running=0) if name == "counts" else Page(rows=())

        return answer


class Door:
    """Everybody who says a role is believed; a key may write when it says so."""

    def __init__(self) -> None:
        self.kept: list[tuple[Project, Score]] = []
        self.contents: list[bytes] = []
        self.projects: tuple[Project, ...] = (OURS,)

    def identify(self, request: Request) -> Caller:
        role = request.headers.get("x-role")
        if role is None:
            raise Denied("Reading needs a login or an API key.", status=401)
        roles = {project.id: Role(role) for project in self.projects}
        return Caller(actor="actor", name="n", roles=roles, projects=self.projects, is_person=True)

    def rater(self, key: str) -> tuple[Project, str]:
        if key not in ("or_writes", "or_rates"):
            raise Denied("This key is not known.", status=401)
        return OURS, "key1" if key == "or_rates" else ""

    def score(self, project: Project, score: Score, *, content: bytes, door: bytes) -> Future[Ack]:
        self.kept.append((project, score))
        self.contents.append(content)
        done: Future[Ack] = Future()
        done.set_result(Ack(accepted=1))
        return done


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def door() -> Door:
    return Door()


class Client:
    """Speaks to the application without a socket."""

    def __init__(self, app: Starlette, **headers: str) -> None:
        self._transport = httpx.ASGITransport(app)
        self.headers = dict(headers)

    def request(
        self, method: str, path: str, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        async def sent() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://localhost") as client:
                return await client.request(method, path, content=content, headers={**self.headers, **(headers or {})})

        return asyncio.run(sent())

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.request("GET", path, headers=headers)


@pytest.fixture
def client(engine: Engine, door: Door) -> Client:
    anybody = cast("Any", engine)
    services = Services(
        engine=cast("AskedEngine", engine),
        gate=door,
        raters=door,
        allowance=Allowance(address=Rate(burst=3, per_s=0.5)),
        scores=door,
        health=lambda: {"pending": 3},
        letters=anybody,
        erasures=anybody,
        selftest=anybody,
        storage=anybody,
        console=anybody,
    )
    return Client(Starlette(routes=routes(services)), **{"x-role": "reader"})


def test_filters_pages_and_times_reach_the_engine(client: Client, engine: Engine) -> None:
    answer = client.get("/api/v1/traces?model=gpt-4o&q=late&limit=7&after=abc&from=2026-11-23")
    assert answer.status_code == 200
    ((name, (access, project, where, page), _),) = engine.asked
    assert (name, project, page) == ("traces", OURS.id, PageRequest(limit=7, after="abc"))
    assert (access.actor, access.projects, access.level) == ("actor", frozenset((OURS.id,)), Level.PSEUDONYMISED)
    filters = And((Compare("model", "=", "gpt-4o"), Text("words", "late")))
    assert where == And((filters, Compare("time", ">=", 1_795_392_000_000_000)))


def path_of(path: str) -> str:
    for name, value in {
        "trace_id": "t1",
        "span_id": "s1",
        "session_id": "x",
        "shard": "2026",
        "index": "12",
        "number": "1",
        "letter_id": "2026-11.1",
    }.items():
        path = path.replace(f"{{{name}}}", value)
    return f"/api/v1{path}"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_every_address_needs_somebody_and_names_a_parameter_that_it_has_not(
    client: Client, operation: Any, engine: Engine
) -> None:
    required = "".join(f"{one.name}=status&" for one in operation.parameters if one.required)
    refused = client.request(operation.method, f"{path_of(operation.path)}?{required}modle={SECRET}")
    assert refused.status_code == 400
    assert "'modle'" in refused.json()["detail"]
    assert SECRET not in refused.text
    client.headers.pop("x-role")
    nobody = client.request(operation.method, f"{path_of(operation.path)}?{required}")
    assert (nobody.status_code, nobody.headers["www-authenticate"]) == (401, 'Bearer realm="onrecord"')
    assert engine.asked == []


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_every_address_answers_and_says_that_it_is_not_to_be_kept(client: Client, operation: Any) -> None:
    required = "&".join(f"{one.name}=a/b" for one in operation.parameters if one.required)
    answer = client.request(operation.method, f"{path_of(operation.path)}?{required}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == ("private, no-cache" if operation.immutable else "no-store")
    assert answer.headers["content-type"] == operation.media_type


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("limit=x", "'limit' is a whole number"),
        ("limit=1&limit=2", "'limit' is given more than once"),
        (f"latency__gt={SECRET}", "'latency__gt' is not understood"),
        (f"q=nofield:{SECRET}", "character 1"),
        (f"{SECRET}=1", "no parameter of that name"),
        (f"from={SECRET}", "not understood"),
        ("&".join(f"tag=a{number}" for number in range(201)), "more than 200"),
    ],
)
def test_a_parameter_that_is_not_understood_is_a_problem_without_its_value(
    client: Client, query: str, sentence: str
) -> None:
    answer = client.get(f"/api/v1/traces?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert sentence in answer.json()["detail"]
    assert SECRET not in answer.text
    assert answer.json()["status"] == 400


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Missing("gone"), 404), (Denied("no"), 403), (Unavailable("down"), 503), (Corrupt("altered"), 500),
        (Pushback("busy", retry_after_s=3), 503), (ValueError(SECRET), 500),
    ],
)  # fmt: skip
def test_errors_are_problem_details(client: Client, engine: Engine, error: Exception, status: int) -> None:
    engine.error = error
    answer = client.get("/api/v1/traces")
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers.get("retry-after") == ("3" if isinstance(error, Pushback) else None)
    assert SECRET not in answer.text


def test_exact_content_is_asked_for_with_a_purpose_by_who_may(client: Client, engine: Engine) -> None:
    address = "/api/v1/traces/t1/spans/s1?content=exact"
    assert client.get(address).status_code == 403
    owner = {"x-role": "owner"}
    assert client.get(address, headers=owner).status_code == 403
    assert engine.asked == []
    assert client.get(f"{address}&purpose={PURPOSE}", headers=owner).status_code == 200
    ((_, (access, _, trace, span, level), _),) = engine.asked
    assert (access.level, access.purpose, level, trace, span) == (Level.EXACT, PURPOSE, Level.EXACT, "t1", "s1")
    assert client.get("/api/v1/traces/t1/spans/s1?content=all").status_code == 400


def test_an_auditor_is_given_metadata_only(client: Client, engine: Engine) -> None:
    client.get("/api/v1/traces", headers={"x-role": "auditor"})
    assert engine.asked[0][1][0].level is Level.METADATA


def test_of_several_projects_one_is_named(client: Client, engine: Engine, door: Door) -> None:
    door.projects = (OURS, OTHER)
    refused = client.get("/api/v1/traces")
    assert (refused.status_code, "'project'" in refused.json()["detail"]) == (400, True)
    for name in ("other", OTHER.id):
        assert client.get(f"/api/v1/traces?project={name}").status_code == 200
        assert engine.asked[-1][1][1] == OTHER.id
        assert engine.asked[-1][1][0].projects == frozenset((OTHER.id,))
    assert client.get("/api/v1/traces?project=secret").status_code == 404
    assert [one["name"] for one in client.get("/api/v1/projects").json()["rows"]] == ["ours", "other"]


def test_measures_groups_and_interval_reach_the_engine(client: Client, engine: Engine) -> None:
    client.get("/api/v1/aggregate?measure=tokens&measure=count&group_by=model&interval=5m&status=error")
    _, (_, _, measures), named = engine.asked[0]
    assert measures == ("tokens", "count")
    assert named == {"group_by": ("model",), "interval_s": 300, "where": Compare("status", "=", "error")}
    assert client.get("/api/v1/aggregate?measure=sum").status_code == 400
    assert client.get("/api/v1/aggregate?interval=x").status_code == 400


@pytest.mark.parametrize("place", ["x/1", "2026/x", "2026/-1", "99999/1", f"2026/{1 << 63}"])
def test_a_place_that_can_not_be_is_a_problem(client: Client, place: str) -> None:
    assert client.get(f"/api/v1/records/{place}/proof").status_code in (400, 404)


def test_a_proof_file_has_an_entity_tag(client: Client) -> None:
    address = "/api/v1/records/2026/12/proof.tlog-proof"
    first = client.get(address)
    assert first.content.startswith(b"c2sp.org/tlog-proof@v1")
    again = client.get(address, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "nothing", 404), ("POST", "traces", 405), ("GET", "scores", 405)]
)
def test_an_address_that_is_not_there_is_a_problem_too(client: Client, method: str, path: str, status: int) -> None:
    answer = client.request(method, f"/api/v1/{path}")
    assert (answer.status_code, answer.json()["status"]) == (status, status)


def post(client: Client, body: Any, **headers: str) -> Any:
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return client.request("POST", "/api/v1/scores", content, {"content-type": "application/json", **headers})


def test_a_key_and_a_person_can_judge(client: Client, door: Door) -> None:
    body = {"name": "helpful", "value": 1, "trace_id": "t1", "comment": "good", "source": "human"}
    answer = post(client, body, **{"x-api-key": "or_writes"})
    assert (answer.status_code, answer.json()["accepted"]) == (201, 1)
    assert post(client, body).status_code == 201
    (_, by_key), (project, by_person) = door.kept
    assert (by_key.author, by_person.author, project, by_key.value) == ("", "actor", OURS, 1.0)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "a", "value": 1}, 400),
        ({"name": "", "value": 1, "trace_id": "t"}, 400),
        ({"name": "a", "trace_id": "t"}, 400),
        ({"name": "a", "value": 1, "trace_id": "t", "source": SECRET}, 400),
        ({"name": "a", "value": 1, "trace_id": "t", "extra": SECRET}, 400),
        ({"name": "a", "value": SECRET, "trace_id": "t"}, 400),
        ({"name": "a", "value": 1, "trace_id": "t" * 300}, 400),
        (b"\xff", 400),
        (b'{"name":"' + b"a" * 70_000 + b'"}', 413),
    ],
)
def test_what_is_no_score_is_refused_without_repeating_it(client: Client, door: Door, body: Any, status: int) -> None:
    answer = post(client, body, **{"x-api-key": "or_writes"})
    assert answer.status_code == status
    assert SECRET not in answer.text
    assert door.kept == []


def test_who_may_not_write_may_not_judge(client: Client, door: Door) -> None:
    body = {"name": "a", "value": 1, "trace_id": "t"}
    assert post(client, body, **{"x-api-key": "or_unknown"}).status_code == 401
    assert post(client, body, **{"x-role": "auditor"}).status_code == 403
    assert client.request("POST", "/api/v1/scores", b"name=a").status_code == 415
    assert door.kept == []


def test_two_people_may_say_the_same_and_an_id_says_that_it_is_the_same(client: Client, door: Door) -> None:
    body = {"name": "a", "value": 1, "trace_id": "t"}
    for one in (body, body, {**body, "id": "i"}, {**body, "id": "i"}):
        assert post(client, one, **{"x-api-key": "or_writes"}).status_code == 201
    alone, again, named, repeated = door.contents
    assert alone != again
    assert named == repeated
