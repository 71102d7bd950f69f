"""``/api/v1/sql`` over the real console and the real store: forms, refusals, and who may ask."""

import csv
import io
from collections.abc import Iterator
from typing import Any, cast

import msgspec
import pytest
from starlette.applications import Starlette

from onrecord.api.app import routes
from onrecord.api.port import Services
from onrecord.api.sql import BODY_BYTES
from onrecord.query.sql.console import Console
from onrecord.store.client import Store
from tests.attack.sqlworld import Den, den
from tests.contract.query_world import OURS, THEIRS
from tests.unit.api.test_answers import Client, Door

pytestmark = pytest.mark.chdb

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def lair(engine: Store, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Den]:
    with den(engine, tmp_path_factory.mktemp("sql")) as made:
        yield made


def over(lair: Den, console: Console | None = None, *, role: str = "reader") -> Client:
    """The API with a console; everything else of it is not asked."""
    door = Door()
    door.projects = (OURS,)
    not_asked = cast("Any", None)
    given = dict.fromkeys(Services.__struct_fields__, not_asked)
    services = Services(**{**given, "gate": cast("Any", door), "console": console or lair.console})
    return Client(Starlette(routes=routes(services)), **({"x-role": role} if role else {}))


def asked(client: Client, statement: str, **more: str) -> Any:
    """What the API says to a statement."""
    return client.request("POST", "/api/v1/sql", msgspec.json.encode({"statement": statement, **more}), JSON)


def test_rows_are_answered_and_on_the_record(lair: Den) -> None:
    answer = asked(over(lair), "SELECT count() AS n FROM spans")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    result = answer.json()
    assert (result["columns"][0]["name"], result["rows"], result["more"]) == ("n", [[3]], False)
    assert lair.recorded[-1][1].statement == "SELECT count() AS n FROM spans"


def test_a_file_is_csv_or_parquet_and_runs_nothing_in_a_spreadsheet(lair: Den) -> None:
    client = over(lair)
    table = asked(client, "SELECT '=1+1' AS cell, name FROM spans", format="csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(table.text)))
    assert (rows[0], len(rows)) == (["cell", "name"], 4)
    assert not any(row[0].startswith("=") for row in rows[1:])
    parquet = asked(client, "SELECT name FROM spans", format="parquet")
    assert (parquet.content[:4], parquet.content[-4:]) == (b"PAR1", b"PAR1")


@pytest.mark.parametrize(
    ("statement", "title"),
    [("SELECT * FROM file('/etc/passwd')", "refused"), ("SELECT nothing FROM spans", "failed")],
)
def test_a_statement_that_is_not_answered_is_a_problem_and_on_the_record(lair: Den, statement: str, title: str) -> None:
    answer = asked(over(lair), statement)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert title in answer.json()["title"]
    kept = lair.recorded[-1][1]
    assert (kept.statement, kept.outcome) == (statement, title)


def test_a_console_that_is_off_is_refused_at_both_doors(lair: Den) -> None:
    before = len(lair.recorded)
    client = over(lair, lair.made(enabled=False))
    assert client.get("/api/v1/sql/views").status_code == 403
    assert len(lair.recorded) == before
    assert asked(client, "SELECT 1").status_code == 403
    assert lair.recorded[-1][1].outcome == "turned away"


def test_nobody_and_another_project_get_nothing(lair: Den) -> None:
    before = len(lair.recorded)
    assert asked(over(lair, role=""), "SELECT 1").status_code == 401
    assert asked(over(lair), "SELECT 1", project=THEIRS.id).status_code == 404
    assert len(lair.recorded) == before


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"statement": "SELECT 1"}', {"content-type": "text/plain"}, 415),
        (b"{", JSON, 400),
        (b'{"statement": "SELECT 1", "format": "xml"}', JSON, 400),
        (b'{"statement": "SELECT 1", "readonly": "0"}', JSON, 400),
        (b" " * (BODY_BYTES + 1), JSON, 413),
    ],
    ids=("not JSON", "half", "no such form", "no such field", "too long"),
)  # fmt: skip
def test_a_body_that_is_no_statement_is_refused(lair: Den, body: bytes, headers: dict[str, str], status: int) -> None:
    before = len(lair.recorded)
    assert over(lair).request("POST", "/api/v1/sql", body, headers).status_code == status
    assert len(lair.recorded) == before


def test_the_views_are_listed_for_who_may_ask(lair: Den) -> None:
    rows = over(lair).get("/api/v1/sql/views").json()["rows"]
    assert {"spans", "traces", "scores"} <= {row["name"] for row in rows}
