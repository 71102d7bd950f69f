"""What the content modes keep: in ``metadata`` no text anywhere, in ``pseudonymised`` nobody's address."""

from pathlib import Path

import pytest

from tests.e2e.reader import Reader, owner
from tests.e2e.server import serving
from tests.recorded import every_byte, span

pytestmark = pytest.mark.chdb
TRACE, SPAN = f"{1:032x}", f"{1:016x}"


def send(reader: Reader) -> None:
    sent = span(1, user="ann", messages=(("user", "ring ann@example.org about the kingfisher"),), answer="the halcyon")
    assert reader.server.export(sent.SerializeToString(), x_api_key=reader.key).status == 200
    reader.server.settle()


def test_in_metadata_mode_no_text_is_in_any_answer_or_file(data: Path) -> None:
    with serving(data, "--content-mode", "metadata") as server:
        reader = owner(server)
        send(reader)
        detail = reader.get(f"/traces/{TRACE}/spans/{SPAN}", content="exact", purpose="audit")
        assert detail["row"]["model_requested"] == "gpt-4o-mini"
        shown = str(detail) + str(reader.rows("/traces")) + str(reader.rows("/spans"))
        assert "kingfisher" not in shown
        assert "halcyon" not in shown
        assert reader.rows("/search", q="kingfisher") == []
        server.end()
    for word in (b"kingfisher", b"halcyon", b"ann@example.org"):
        assert word not in every_byte(data)


def test_in_pseudonymised_mode_even_an_exact_read_shows_a_token(data: Path) -> None:
    with serving(data, "--content-mode", "pseudonymised") as server:
        reader = owner(server)
        send(reader)
        said = str(reader.exact(TRACE, SPAN))
        assert "kingfisher" in said
        assert "<EMAIL_" in said
        assert "ann@example.org" not in said
