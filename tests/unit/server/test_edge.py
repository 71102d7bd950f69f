"""The edge of every answer: headers, log lines, and faults that nobody foresaw."""

import logging

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from onrecord.errors import Missing, Pushback
from onrecord.server.app import build
from tests.asgi import ask

PAYLOAD = "alice@example.org"


def fine(_: Request) -> Response:
    return PlainTextResponse("fine", headers={"cache-control": "max-age=60"})


def missing(_: Request) -> Response:
    raise Missing("There is no such thing.", hint="Look elsewhere.")


def busy(_: Request) -> Response:
    raise Pushback("Busy.", retry_after_s=3)


def bug(_: Request) -> Response:
    raise ValueError(PAYLOAD)


def half(_: Request) -> Response:
    return StreamingResponse(iter(_Breaking()))


class _Breaking:
    def __init__(self) -> None:
        self._left = 1

    def __iter__(self) -> "_Breaking":
        return self

    def __next__(self) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise ValueError(PAYLOAD)
        return b"half"


APP = build([Route(f"/{view.__name__}/{{name}}", view) for view in (fine, missing, busy, bug, half)])


def test_headers_are_added_and_an_answers_own_are_kept() -> None:
    answer = ask(APP, "GET", "/fine/x")
    assert answer.headers["cache-control"] == "max-age=60"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_our_errors_become_problem_details_with_headers() -> None:
    answer = ask(APP, "GET", "/missing/x")
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["detail"].startswith("There is no such thing.")
    assert answer.headers["cache-control"] == "no-store"
    assert ask(APP, "GET", "/busy/x").headers["retry-after"] == "3"


def test_a_fault_is_a_500_that_says_nothing_of_the_payload(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        answer = ask(APP, "GET", "/bug/x")
    assert answer.status == 500
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert PAYLOAD not in answer.body.decode() + caplog.text
    assert "ValueError" in caplog.text


def test_an_answer_that_breaks_half_way_is_cut_off(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ConnectionAbortedError):
        ask(APP, "GET", "/half/x")
    assert PAYLOAD not in caplog.text


def test_a_log_line_has_the_route_and_never_what_was_asked(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "onrecord.access"):
        ask(APP, "GET", "/fine/alice?q=secret")
        ask(APP, "GET", "/nothing/bob")
    assert "GET /fine/{name} 200" in caplog.text
    assert not {word for word in ("alice", "secret", "bob") if word in caplog.text}
