"""The SQL console of a real server: off by default; on, over HTTP and on the command line, for readers, recorded."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.e2e.reader import Reader, make_key, owner
from tests.e2e.server import Answer, Server, onrecord, serving
from tests.e2e.test_access import accesses
from tests.recorded import span

pytestmark = pytest.mark.chdb
WORDS = "ring ann@example.org about the kingfisher"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with serving(tmp_path_factory.mktemp("sql") / "data", "--sql-console") as server:
        made = owner(server)
        sent = ExportTraceServiceRequest()
        sent.MergeFrom(span(1, user="ann", messages=(("user", WORDS),)))
        sent.MergeFrom(span(2, parent=1, messages=(("user", "and then?"),)))
        assert server.export(sent.SerializeToString(), x_api_key=made.key).status == 200
        server.settle()
        yield made


def session(server: Server) -> str:
    """The cookie of the owner, who is logged in by the link of the first start."""
    form = {"content-type": "application/x-www-form-urlencoded", "origin": server.url}
    answer = server.ask("POST", "/login/once", f"token={server.login}".encode(), form)
    return answer.headers["set-cookie"].partition("onrecord_session=")[2].partition(";")[0]


def post(reader: Reader, key: str, **body: str) -> Answer:
    headers = {"content-type": "application/json"} | ({"x-api-key": key} if key else {})
    return reader.server.ask("POST", "/api/v1/sql", json.dumps(body).encode(), headers)


def test_a_statement_is_answered_as_rows_as_csv_and_as_parquet(reader: Reader) -> None:
    key = make_key(reader.server, "read")
    answer = post(reader, key, statement="SELECT input, user FROM spans WHERE user != '' LIMIT 1")
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json()
    assert [one["name"] for one in found["columns"]] == ["input", "user"]
    assert "kingfisher" in found["rows"][0][0]
    assert b"ann@example.org" not in answer.body
    assert found["rows"][0][1].startswith("usr_")
    asked = "SELECT count() AS n FROM spans"
    assert post(reader, key, statement=asked, format="csv").body == b"n\r\n2\r\n"
    assert post(reader, key, statement=asked, format="parquet").body[:4] == b"PAR1"
    for form in ("csv", "parquet"):
        headers = post(reader, key, statement=asked, format=form).headers
        assert headers["content-disposition"] == f'attachment; filename="result.{form}"'
        assert headers["x-content-type-options"] == "nosniff"
    views = reader.server.ask("GET", "/api/v1/sql/views", headers={"x-api-key": key}).json()["rows"]
    assert [one["name"] for one in views] == ["spans", "scores", "traces", "sessions", "users"]


def test_what_is_wrong_is_said_and_nobody_asks_without_the_right(reader: Reader) -> None:
    key = make_key(reader.server, "read")
    refused = post(reader, key, statement="SELECT hostName()")
    assert (refused.status, refused.json()["title"]) == (400, "The statement is refused")
    assert "hostName" in refused.json()["detail"]
    failed = post(reader, key, statement="SELECT nothing FROM spans")
    assert (failed.status, failed.json()["title"]) == (400, "The statement failed")
    assert post(reader, key, statement="SELECT 1", format="xml").status == 400
    assert post(reader, key, sql="SELECT 1").status == 400
    assert post(reader, "", statement="SELECT 1").status == 401
    assert post(reader, make_key(reader.server, "write"), statement="SELECT 1").status == 403
    assert post(reader, key, statement="SELECT 1", project="system").status == 404
    assert reader.server.ask("POST", "/api/v1/sql", b"SELECT 1", {"x-api-key": key}).status == 415
    assert "kingfisher" not in reader.server.said()


def test_every_statement_is_a_record_with_its_text_sealed(reader: Reader) -> None:
    key = make_key(reader.server, "read")
    text = "SELECT name FROM spans WHERE output LIKE '%nightingale%'"
    before = accesses(reader.server)
    assert post(reader, key, statement=text).status == 200
    assert post(reader, key, statement=f"{text} SETTINGS readonly = 0").status == 400
    assert accesses(reader.server) == before + 2
    files = [file for file in reader.server.data.rglob("*") if file.is_file()]
    assert not [file for file in files if b"nightingale" in file.read_bytes()]
    assert "nightingale" not in reader.server.said()


def test_a_form_of_another_site_runs_nothing_and_leaves_no_entry(reader: Reader) -> None:
    cookie = {"cookie": f"onrecord_session={session(reader.server)}"}
    page = reader.server.ask("GET", "/sql", headers=cookie).body.decode()
    token = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
    before = accesses(reader.server)
    form = {"content-type": "application/x-www-form-urlencoded"} | cookie
    asked = {"statement": "SELECT input FROM spans", "as": "csv"}
    for sent, headers in (
        (asked, form),
        ({**asked, "csrf": "x" * len(token)}, form),
        ({**asked, "csrf": token}, {**form, "sec-fetch-site": "cross-site"}),
    ):
        answer = reader.server.ask("POST", "/sql", urlencode(sent).encode(), headers)
        assert (answer.status, b"kingfisher" in answer.body) == (403, False)
    page = reader.server.ask("GET", f"/sql?{urlencode(asked)}", headers=cookie).body.decode()
    assert "kingfisher" not in page
    assert accesses(reader.server) == before
    answer = reader.server.ask("POST", "/sql", urlencode({**asked, "csrf": token}).encode(), form)
    assert (answer.status, answer.headers["x-content-type-options"]) == (200, "nosniff")
    assert answer.headers["content-disposition"] == 'attachment; filename="result.csv"'
    assert accesses(reader.server) == before + 1


def test_the_command_line_asks_through_the_socket(reader: Reader) -> None:
    def ask(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "onrecord.cli", "sql", "--data", str(reader.server.data), *words]
        return subprocess.run(command, input=text, capture_output=True, text=True, check=False)

    rows = ask("SELECT kind, count() AS n FROM spans GROUP BY kind")
    assert (rows.returncode, [json.loads(one)["n"] for one in rows.stdout.splitlines()]) == (0, [2]), rows.stderr
    assert ask("-", "--csv", text="SELECT 1 AS one").stdout.split() == ["one", "1"]
    assert ask("SELECT 1 FROM spans WHERE 0").returncode == 1
    refused = ask("SELECT version()")
    assert refused.returncode == 64
    assert "version" in refused.stderr


def test_the_console_is_off_unless_somebody_switched_it_on(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("off") / "data") as server:
        made = owner(server)
        server.settle()
        before = accesses(server)
        for _ in range(49):
            post(made, made.key, statement="SELECT 'nightingale'")
        answer = post(made, made.key, statement="SELECT 'nightingale'")
        assert accesses(server) == before + 1
        assert (answer.status, "--sql-console" in answer.json()["hint"]) == (403, True)
        assert server.ask("GET", "/api/v1/sql/views", headers={"x-api-key": made.key}).status == 403
        assert server.end() == 0
        told = onrecord("verify", str(server.data), "--json")
        assert told.stdout.count('"access"'), told.stdout
        assert int(told.stdout.split('"access": ')[1].split(",")[0].split("}")[0]) == before + 2
        assert not [file for file in server.data.rglob("*") if file.is_file() and b"nightingale" in file.read_bytes()]
