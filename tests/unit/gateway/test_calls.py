"""What the headers of a call say stands in its record, and what its caller asked to leave out does not."""

import gzip
import hashlib
import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.errors import Rejected
from onrecord.gateway.tee import Tee
from onrecord.model.message import text_of
from onrecord.model.project import OnLogFailure
from onrecord.model.span import Span
from onrecord.normalize.merge import merge
from onrecord.receive.exchanges import SIGNAL, unpack
from tests.gatewayrig import NEVER, Rig, rig, split

ASKED = json.dumps({"model": "m", "user": "bob", "messages": [{"role": "user", "content": "my question"}]}).encode()
SAID = json.dumps(
    {
        "id": "c-1", "model": "m-1",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "my answer"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 0}},
    }
).encode()  # fmt: skip
CHAT = "/gateway/openai/v1/chat/completions"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
ROOT, CHILD = "0195d2c2-7a1b-7000-8000-000000000001", "0195d2c2-7a1b-7000-8000-000000000002"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig(tmp_path_factory.mktemp("rig")) as made:
        yield made


def answer(body: bytes, *lines: str) -> bytes:
    head = ("HTTP/1.1 200 OK", "Content-Type: application/json", f"Content-Length: {len(body)}", *lines)
    return "\r\n".join((*head, "", "")).encode() + body


def call(gateway: Rig, *lines: str, script: bytes = answer(SAID), body: bytes = ASKED) -> tuple[Span, dict[str, str]]:
    before = len(gateway.memory.kept)
    gateway.script = [script]
    _, headers, _ = split(gateway.post(CHAT, body, "Content-Type: application/json", *lines))
    return gateway.record(before + 1), headers


def test_helicones_headers_say_who_and_what(gateway: Rig) -> None:
    span, headers = call(
        gateway,
        "Helicone-User-Id: ada", "Helicone-Session-Id: s-1", "Helicone-Session-Name: Trip",
        "Helicone-Session-Path: /plan/book",
        "Helicone-Property-Tier: gold", "Helicone-Prompt-Id: greeting", f"Helicone-Request-Id: {ROOT}",
    )  # fmt: skip
    assert (span.user_id, span.session_id, span.workflow, span.name) == ("ada", "s-1", "Trip", "book")
    assert span.prompt is not None
    assert span.prompt.name == "greeting"
    assert (span.metadata["tier"], span.metadata["helicone.session_path"]) == ("gold", "/plan/book")
    assert headers["helicone-id"] == ROOT == span.metadata["helicone.request_id"]
    assert headers["x-onrecord-id"] == f"{span.trace_id}/{span.span_id}"


def test_our_own_headers_go_before_helicones_and_before_the_body(gateway: Rig) -> None:
    span, _ = call(
        gateway,
        "X-Onrecord-User: Zoë", "Helicone-User-Id: ada", "X-Onrecord-Session: s", "X-Onrecord-Tags: a, b",
        "X-Onrecord-Environment: prod", "X-Onrecord-Application: shop", "X-Onrecord-Property-Plan: pro",
        "X-Onrecord-Name: ask",
    )  # fmt: skip
    assert (span.user_id, span.session_id, span.tags) == ("Zoë", "s", ("a", "b"))
    assert (span.environment, span.application, span.metadata["plan"], span.name) == ("prod", "shop", "pro", "ask")
    assert call(gateway)[0].user_id == "bob"


def test_what_helicone_would_have_done_is_noted_and_not_done(gateway: Rig) -> None:
    span, _ = call(gateway, "Helicone-Cache-Enabled: true", 'Helicone-Fallbacks: [{"key":"sk-other"}]')
    assert span.attributes["gateway.notes"] == [
        "helicone-cache-enabled was not obeyed",
        "helicone-fallbacks was not obeyed",
    ]
    assert "sk-other" not in repr(span)
    assert b"helicone" not in gateway.requests[-1].lower()


@pytest.mark.parametrize("whose", ["Helicone", "X-Onrecord"])
def test_an_omitted_body_leaves_its_length_its_digest_and_its_tokens(gateway: Rig, whose: str) -> None:
    span, _ = call(gateway, f"{whose}-Omit-Request: true", f"{whose}-Omit-Response: true")
    assert "my question" not in repr(span)
    assert "my answer" not in repr(span)
    assert (span.usage.input, span.usage.output, span.usage.cache_read, span.model_served) == (3, 5, 0, "m-1")
    for side, body in (("request", ASKED), ("response", SAID)):
        assert span.attributes[f"gateway.{side}.kept"] == "omitted"
        assert span.attributes[f"gateway.{side}.bytes"] == len(body)
        assert span.attributes[f"gateway.{side}.sha256"] == hashlib.sha256(body).hexdigest()


def test_a_call_nests_under_the_trace_of_its_caller(gateway: Rig) -> None:
    span, _ = call(gateway, f"traceparent: 00-{TRACE}-{PARENT}-01", "tracestate: a=b")
    assert (span.trace_id, span.parent_id, span.flags, span.trace_state) == (TRACE, PARENT, 1, "a=b")
    dotted = f"20260101T000000000000Z{ROOT}.20260101T000000000001Z{CHILD}"
    baggage = f"langsmith-project=geo,langsmith-metadata={quote(json.dumps({'tier': 'gold'}))},langsmith-tags=x"
    span, _ = call(gateway, f"langsmith-trace: {dotted}", f"baggage: {baggage}", f"traceparent: 00-{TRACE}-{PARENT}-01")
    assert (span.trace_id, span.parent_id, span.application) == (ROOT, CHILD, "geo")
    assert (span.metadata, span.tags) == ({"tier": "gold"}, ("x",))
    span, _ = call(gateway, "X-Onrecord-Trace: my trace", "X-Onrecord-Parent: my step")
    assert (span.trace_id, span.parent_id) == ("my trace", "my step")


@pytest.mark.parametrize("header", ["", "00-0", f"00-{'0' * 32}-{PARENT}-01", "\x80"])
def test_a_trace_header_that_is_none_is_no_trace(gateway: Rig, header: str) -> None:
    first, second = (call(gateway, f"traceparent: {header}")[0] for _ in range(2))
    assert len({first.trace_id, second.trace_id, first.span_id, second.span_id}) == 4
    assert first.parent_id == ""


def test_two_attempts_of_one_call_are_two_records(gateway: Rig) -> None:
    same = (f"traceparent: 00-{TRACE}-{PARENT}-01", f"Helicone-Request-Id: {ROOT}")
    first, _ = call(
        gateway, *same, "x-stainless-retry-count: 0", script=b"HTTP/1.1 429 Too Many\r\nContent-Length: 0\r\n\r\n"
    )
    second, _ = call(gateway, *same, "x-stainless-retry-count: 1")
    assert first.span_id != second.span_id
    assert first.error is not None
    assert (first.error.http_status, first.error.retry_count) == (429, 0)
    assert (second.error, second.attributes["gateway.retry_count"]) == (None, 1)


@pytest.mark.parametrize("cut", [False, True])
def test_a_compressed_answer_passes_as_it_is_and_is_read_for_the_record(gateway: Rig, *, cut: bool) -> None:
    body = gzip.compress(SAID)
    told = len(body) + 9 if cut else len(body)
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {told}\r\n\r\n"
    )
    gateway.script = [head.encode() + body]
    before = len(gateway.memory.kept)
    _, headers, rest = split(gateway.post(CHAT, ASKED, "Accept-Encoding: br, gzip;q=0.5"))
    span = gateway.record(before + 1)
    assert (rest, headers["content-encoding"]) == (body, "gzip")
    assert b"accept-encoding: gzip;q=0.5\r\n" in gateway.requests[-1].lower()
    assert text_of(span.output[0]) == "my answer"
    assert span.attributes["gateway.response.sha256"] == hashlib.sha256(body).hexdigest()
    assert span.attributes.get("gateway.failure") == ("broken" if cut else None)


def test_a_provider_that_can_not_be_reached_is_a_record_too(gateway: Rig) -> None:
    before = len(gateway.memory.kept)
    status, _, body = split(gateway.post("/gateway/closed/v1/chat/completions", ASKED))
    span = gateway.record(before + 1)
    assert (status, b"could not be reached" in body) == (502, True)
    assert span.error is not None
    assert (span.status, span.error.type, text_of(span.input[0])) == ("error", "refused", "my question")


def test_the_request_arrives_as_it_was_sent(gateway: Rig) -> None:
    odd = b'{ "model":"m",\n "messages" : [], "x":1.0 }'
    span, _ = call(gateway, "Authorization: Bearer sk-theirs", "X-Custom: a  b", body=odd)
    head, _, body = gateway.requests[-1].partition(b"\r\n\r\n")
    assert body == odd
    assert b"Authorization: Bearer sk-theirs" in head or b"authorization: Bearer sk-theirs" in head
    assert head.lower().count(b"user-agent") == 0
    assert "sk-theirs" not in repr(span)
    assert len(span.attributes["gateway.account"]) == 16
    other, _ = call(gateway, "Authorization: Bearer sk-other")
    assert other.attributes["gateway.account"] != span.attributes["gateway.account"]


def test_a_failing_log_lets_pass_and_is_counted(gateway: Rig) -> None:
    gateway.script = [answer(SAID)]
    before = gateway.tally.unrecorded
    gateway.memory.fails_from = 0
    try:
        status, _, body = split(gateway.post(CHAT, ASKED))
    finally:
        gateway.memory.fails_from = NEVER
    assert (status, body) == (200, SAID)
    assert (gateway.tally.unrecorded, bool(gateway.tally.failure)) == (before + 1, True)


def test_a_blocking_project_has_the_intent_before_the_call_and_releases_nothing_unrecorded(gateway: Rig) -> None:
    gateway.script = [answer(SAID)]
    gateway.block(OnLogFailure.BLOCK)
    try:
        before, asked = len(gateway.memory.kept), len(gateway.requests)
        status, _, body = split(gateway.post(CHAT, ASKED))
        assert (status, body, gateway.memory.kinds[before:]) == (200, SAID, ["intent", "span"])
        intent, span = gateway.memory.kept[before:]
        assert (intent.span_id, intent.running, span.running) == (span.span_id, True, False)
        assert merge(intent, span) == merge(merge(intent, span), span)
        assert merge(span, intent).output == span.output

        gateway.memory.fails_from = before + 3  # the intent is kept, the record of the answer is not
        status, _, body = split(gateway.post(CHAT, ASKED))
        assert (status, b"my answer" in body, gateway.memory.kinds[before + 2 :]) == (503, False, ["intent"])
        gateway.memory.fails_from = 0
        status, _, body = split(gateway.post(CHAT, ASKED))
        assert (status, b"not made" in body) == (503, True)
        assert len(gateway.requests) == asked + 2
    finally:
        gateway.memory.fails_from = NEVER
        gateway.block(OnLogFailure.PASS)


@given(pieces=st.lists(st.binary(max_size=20), max_size=10), bound=st.integers(0, 60), room=st.integers(0, 200))
def test_a_tee_knows_all_and_keeps_the_first_of_it(pieces: list[bytes], bound: int, room: int) -> None:
    granted = 0

    def grow(size: int) -> bool:
        nonlocal granted
        if granted + size > room:
            return False
        granted += size
        return True

    tee, whole = Tee(grow, bound=bound), b"".join(pieces)
    for piece in pieces:
        tee.add(piece, 1)
    kept = tee.kept("a/b", "")
    assert (kept.size, kept.sha256) == (len(whole), hashlib.sha256(whole).digest())
    assert whole.startswith(kept.data)
    assert len(kept.data) == granted <= min(bound, room)
    assert (kept.state == "whole") == (kept.data == whole)


@pytest.mark.parametrize("body", [b"", b"\x91\x80", b"no exchanges"])
def test_a_delivery_that_no_gateway_made_is_refused(body: bytes) -> None:
    with pytest.raises(Rejected):
        unpack(body, SIGNAL)
