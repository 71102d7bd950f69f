"""A byte that the disk changed: what can not be read is named and set aside, everything else goes on."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from onrecord.vault.body import place_of
from tests.e2e.reader import Reader, owner
from tests.e2e.server import Server, onrecord, serving
from tests.recorded import span

pytestmark = pytest.mark.chdb


def flip_a_byte_of_the_body(data: Path, index: int) -> None:
    """Change one bit in the file of the vault of a stopped server: in the body of the record at ``index``."""
    (month,) = (data / "vault").glob("*.db")
    with closing(sqlite3.connect(f"file:{month}?mode=ro", uri=True)) as vault:
        bodies = {place_of(identifier): body for identifier, body in vault.execute("SELECT id, body FROM record")}
    (body,) = (body for (_, at), body in bodies.items() if at == index)
    content = month.read_bytes()
    at = content.index(body) + len(body) // 2
    with month.open("r+b") as file:
        file.seek(at)
        file.write(bytes([content[at] ^ 1]))


def export(reader: Reader, number: int, answer: str = "fine") -> None:
    body = span(number, trace=number, answer=answer).SerializeToString()
    assert reader.server.export(body, x_api_key=reader.key).status == 200


def is_set_aside_and_named(server: Server, project: str) -> None:
    report = server.settle()
    assert (report["set_aside"], report["status"], report["parts"]["store"]) == (1, "degraded", "ok")
    assert f"{project}/2" in report["parts"]["content"]
    assert report["parts"]["content"].endswith("/1 can not be read. Run onrecord verify.")


def test_a_later_part_of_a_damaged_record_is_set_aside_and_everything_else_goes_on(data: Path) -> None:
    with serving(data) as server:
        reader = owner(server)
        export(reader, 1)
        server.settle()
        assert server.end() == 0
        flip_a_byte_of_the_body(data, 1)
        (project,) = (path.name for path in (data / "ledger").iterdir() if path.name != "system")
        server.start()
        export(reader, 1, answer="a later part")
        export(reader, 2)
        is_set_aside_and_named(server, project)
        assert len(reader.rows("/spans", q="fine")) == 2, "the damaged one is shown as it was, the next one is there"
        export(reader, 3)
        server.settle()
        assert len(reader.rows("/spans", q="fine")) == 3
        assert "1 were set aside" in onrecord("rebuild", "--data", str(data)).stdout
        assert sorted(row["span_id"] for row in reader.rows("/spans")) == [f"{2:016x}", f"{3:016x}"]
        server.settle()
        assert server.end() == 0
    checked = onrecord("verify", str(data))
    assert (checked.returncode, "altered" in checked.stdout) == (1, True)
