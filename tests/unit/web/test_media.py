"""What a medium is answered with: a plain picture is drawn, everything else is saved, nothing is ever run."""

import pytest

from onrecord.model.media import Media
from onrecord.web.views.media import answer_with

PNG = b"\x89PNG\r\n\x1a\n rest"


def headers(media_type: str, data: bytes) -> dict[str, str]:
    return dict(answer_with(Media(id="a", trace_id="t", media_type=media_type, data=data), 3).headers)


def test_a_picture_of_a_plain_kind_is_shown_in_a_sandbox() -> None:
    told = headers("image/PNG; charset=x", PNG)
    assert (told["content-type"], told["content-disposition"]) == ("image/png", "inline")
    assert told["content-security-policy"].startswith("sandbox; default-src 'none';")
    assert (told["x-content-type-options"], told["cache-control"]) == ("nosniff", "no-store")


@pytest.mark.parametrize(
    ("media_type", "data"),
    [
        ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("text/html", b"<script>alert(1)</script>"),
        ("image/png", b"<script>alert(1)</script>"),
        ("text/html", PNG),
        ("application/pdf", b"%PDF-1.7"),
        ("image/png\r\nset-cookie: a=b", PNG),
        ("", PNG),
    ],
)
def test_everything_else_is_a_download_of_no_kind(media_type: str, data: bytes) -> None:
    told = headers(media_type, data)
    assert told["content-type"] == "application/octet-stream"
    assert told["content-disposition"] == 'attachment; filename="medium-3"'
    assert "set-cookie" not in told
    assert told["content-security-policy"].startswith("sandbox;")
