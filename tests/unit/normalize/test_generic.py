"""What every span says, whatever instrumented it."""

from typing import Any

import pytest

from onrecord.model.otlp import OtlpContext, OtlpLink, OtlpSpan
from onrecord.model.span import Error, Link, Scope, Source
from onrecord.normalize.registry import normalize
from tests.unit.normalize.reading import SPAN, START, TRACE, event, read

EXCEPTION = {"exception.type": "ValueError", "exception.message": "no", "exception.stacktrace": "Traceback"}


def test_a_plain_span_is_a_step_and_keeps_everything() -> None:
    attributes: dict[str, Any] = {"http.request.method": "GET", "mine": [1, {"a": b"\x00"}], "none": None}
    otlp = OtlpSpan(
        TRACE, SPAN, "0" * 15 + "1", "k=v", 257, "GET /", 2, START, START + 7, attributes,
        (event("mine", {"k": 1}),), (OtlpLink("a" * 32, "b" * 16, "x=y", {"l": 1}),), 1, "fine", 1, 2, 3,
    )  # fmt: skip
    context = OtlpContext({"host.name": "h", "telemetry.sdk.language": "go"}, "", "lib", "2", {"s": 1}, "https://x")
    span = normalize(otlp, context)
    assert (span.kind, span.source) == (
        "span",
        Source(receiver="otlp", dialect="otel", sdk="lib", sdk_version="2", language="go"),
    )
    assert (span.trace_id, span.span_id, span.parent_id) == (TRACE, SPAN, "0" * 15 + "1")
    assert (span.name, span.otel_kind, span.flags, span.trace_state) == ("GET /", 2, 257, "k=v")
    assert (span.start_unix_nano, span.end_unix_nano, span.status, span.status_message) == (
        START,
        START + 7,
        "ok",
        "fine",
    )
    assert (span.attributes, span.resource) == (attributes, context.resource)
    assert span.scope == Scope("lib", "2", "https://x", {"s": 1})
    assert span.links == (Link("a" * 32, "b" * 16, "x=y", {"l": 1}),)
    assert [(one.name, one.time_unix_nano, one.attributes) for one in span.events] == [("mine", START, {"k": 1})]
    assert span.dropped == {"attributes": 1, "events": 2, "links": 3}


def test_reading_changes_nothing_of_what_was_decoded() -> None:
    attributes = {"openinference.span.kind": "LLM", "metadata": '{"a": 1}', "gen_ai.request.model": "m", "user.id": "u"}
    before = dict(attributes)
    read(attributes)
    assert attributes == before


@pytest.mark.parametrize(
    ("attributes", "user", "session"),
    [
        ({"user.id": "a", "enduser.id": "b", "session.id": "s", "gen_ai.conversation.id": "c"}, "a", "c"),
        ({"enduser.id": "b", "session.id": "s"}, "b", "s"),
        ({"enduser.pseudo.id": "p"}, "p", ""),
        ({"openinference.span.kind": "LLM", "metadata": '{"user_id": "m", "session_id": 7}'}, "m", "7"),
        ({"openinference.span.kind": "LLM", "metadata": '{"user_id": "m"}', "user.id": "a"}, "a", ""),
    ],
)
def test_people_by_precedence(attributes: dict[str, Any], user: str, session: str) -> None:
    span = read(attributes)
    assert (span.user_id, span.session_id) == (user, session)


def test_where_it_ran_is_in_the_resource() -> None:
    resource = {"service.name": "shop", "service.version": "1.2", "deployment.environment": "old"}
    span = read({}, resource=resource)
    assert (span.application, span.release, span.environment) == ("shop", "1.2", "old")
    named = {**resource, "openinference.project.name": "p", "deployment.environment.name": "new"}
    span = read({}, resource=named)
    assert (span.application, span.environment, span.resource) == ("p", "new", named)


def test_an_exception_event_is_the_error_and_no_event() -> None:
    span = read({}, event("exception", {**EXCEPTION, "exception.escaped": "False"}))
    assert (span.status, span.events) == ("error", ())
    assert span.error == Error(type="ValueError", message="no", stack="Traceback")


def test_a_second_exception_and_what_else_an_exception_says_stay_events() -> None:
    span = read({}, event("exception", {**EXCEPTION, "mine": 1}), event("exception", EXCEPTION))
    assert [one.attributes for one in span.events] == [{"mine": 1}, EXCEPTION]


def test_an_error_type_alone_is_an_error() -> None:
    span = read({"error.type": "timeout", "http.response.status_code": 504})
    assert (span.status, span.error) == ("error", Error(type="timeout", http_status=504))
    assert span.attributes == {"http.response.status_code": 504}


def test_an_exception_that_was_handled_leaves_a_span_that_says_it_is_ok() -> None:
    span = read({}, event("exception", EXCEPTION), status_code=1)
    assert span.status == "ok"
    assert span.error is not None


def test_the_message_of_the_status_is_the_message_of_the_error() -> None:
    span = read({}, status_code=2, status_message="broke")
    assert (span.status, span.error) == ("error", Error(message="broke"))


def test_a_finish_reason_is_no_error() -> None:
    span = read({"gen_ai.request.model": "m", "gen_ai.response.finish_reasons": ["content_filter"]})
    assert (span.status, span.error, span.finish_reasons) == ("unset", None, ("content_filter",))


def test_a_span_without_an_end_is_running() -> None:
    assert read({}, end_unix_nano=0).running
    assert not read({}).running


def test_a_served_request_keeps_its_own_address_as_an_attribute() -> None:
    here = {"server.address": "shop.example.org", "server.port": 443}
    assert read(here, kind=2).attributes == here
    assert read(here, kind=3).endpoint == "shop.example.org:443"


def test_a_page_that_was_not_found_is_no_error_of_the_server() -> None:
    span = read({"http.response.status_code": 404}, kind=2)
    assert (span.status, span.error) == ("unset", None)


def test_status_and_request_of_a_failure_are_found_in_the_words_of_the_python_sdks() -> None:
    message = "Error code: 429 - {'error': {'message': 'slow down'}, 'request_id': 'req_7'}"
    span = read({"http.request.resend_count": 2}, event("exception", {**EXCEPTION, "exception.message": message}))
    assert span.error is not None
    assert (span.error.http_status, span.error.request_id, span.error.retry_count) == (429, "req_7", 2)


@pytest.mark.parametrize("message", ["Error code: abc", "Error code: ", "'request_id': '", "x"])
def test_other_words_are_only_a_message(message: str) -> None:
    span = read({}, status_code=2, status_message=message)
    assert span.error == Error(message=message)
