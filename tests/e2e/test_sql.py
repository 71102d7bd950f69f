"""The SQL console of a real server: off until it is switched on, and every statement sealed on the record."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.reader import API, Reader, owner
from tests.e2e.server import Answer, Server, serving
from tests.e2e.test_access import accesses
from tests.recorded import span

pytestmark = pytest.mark.chdb
WORD = "kingfisherword"


def ask(reader: Reader, statement: str) -> Answer:
    headers = {"content-type": "application/json", "x-api-key": reader.key}
    return reader.server.ask("POST", f"{API}/sql", json.dumps({"statement": statement}).encode(), headers)


def sent(server: Server) -> Reader:
    reader = owner(server)
    assert server.export(span(1).SerializeToString(), x_api_key=reader.key).status == 200
    server.settle()
    return reader


def test_it_is_off_until_an_operator_switches_it_on(data: Path) -> None:
    with serving(data) as server:
        reader = sent(server)
        assert ask(reader, "SELECT 1").status == 403
        assert reader.ask("/sql/views").status == 403


def test_every_statement_is_an_entry_and_its_text_is_nowhere_in_the_clear(data: Path) -> None:
    with serving(data, "--sql-console") as server:
        reader = sent(server)
        before = accesses(server)
        statements: list[tuple[str, int, Any]] = [
            (f"SELECT count() FROM spans WHERE name != '{WORD}'", 200, [[1]]),
            (f"SELECT '{WORD}' FROM file('/etc/passwd')", 400, None),
            (f"SELECT {WORD} FROM spans", 400, None),
        ]
        for statement, status, rows in statements:
            answer = ask(reader, statement)
            assert (answer.status, answer.json().get("rows")) == (status, rows), answer.body
        assert accesses(server) == before + len(statements)
        assert server.end() == 0
    files = [path for path in data.rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        assert WORD.encode() not in path.read_bytes(), path
