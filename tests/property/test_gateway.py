"""Broken streams, cut chunks, failing upstreams, clients that leave: no byte lost or invented, all on the record."""

import hashlib
import json
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onrecord.model.message import text_of
from tests.gatewayrig import Rig, Step, rig, split, unchunked

ASKED = json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}).encode()
STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
PATH = "/gateway/openai/v1/chat/completions"
fuzz = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
TEXTS = st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig(tmp_path_factory.mktemp("rig")) as made:
        yield made


def event(delta: str) -> bytes:
    chunk = {"id": "c", "model": "m-1", "choices": [{"index": 0, "delta": {"content": delta}}]}
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"


END = (
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
    b'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":5}}\n\n'
    b"data: [DONE]\n\n"
)


@st.composite
def cut(draw: st.DrawFn, body: bytes) -> list[bytes]:
    """The same bytes in pieces that end anywhere, also within a character."""
    places = sorted(set(draw(st.lists(st.integers(0, len(body)), max_size=6))))
    ends = [0, *places, len(body)]
    return [body[start:end] for start, end in pairwise(ends) if start < end]


def chunked(pieces: list[bytes]) -> list[Step]:
    return [f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces]


def asked(gateway: Rig, script: list[Step]) -> tuple[int, dict[str, str], bytes, int]:
    """Run a script; status, headers, raw rest, and how many records there were before."""
    before = len(gateway.memory.kept)
    gateway.script = script
    status, headers, rest = split(gateway.post(PATH, ASKED, "Content-Type: application/json"))
    return status, headers, rest, before


@fuzz
@given(texts=TEXTS, data=st.data())
def test_a_stream_passes_byte_for_byte_however_it_is_cut(gateway: Rig, texts: list[str], data: st.DataObject) -> None:
    body = b"".join(map(event, texts)) + END
    pieces = data.draw(cut(body))
    script = [STREAM_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *chunked(pieces), b"0\r\n\r\n"]
    status, _, rest, before = asked(gateway, script)
    assert (status, unchunked(rest)) == (200, (body, True))
    span = gateway.record(before + 1)
    assert text_of(span.output[0]) == "".join(texts)
    assert (span.usage.input, span.usage.output, span.finish_reasons, span.error) == (3, 5, ("stop",), None)
    assert span.attributes["gateway.response.sha256"] == hashlib.sha256(body).hexdigest()
    assert span.model_served == "m-1"


@fuzz
@given(texts=TEXTS, data=st.data(), ending=st.sampled_from(["closed", "reset", "garbage"]))
def test_a_stream_that_breaks_arrives_up_to_the_break_and_is_never_ended(
    gateway: Rig, texts: list[str], data: st.DataObject, ending: str
) -> None:
    body = b"".join(map(event, texts))
    sent = body[: data.draw(st.integers(1, len(body)))]
    pieces = data.draw(cut(sent))
    # A reset may overtake what was sent before it on its way to the gateway; a close does not.
    script: list[Step] = [STREAM_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *chunked(pieces)]
    script += {"closed": [], "reset": [0.05, None], "garbage": []}[ending]
    if ending == "garbage":  # in the same packet as the last piece: what came before the fault must not be lost to it
        script = [script[0], 0.02, b"".join(step for step in script[1:] if isinstance(step, bytes)) + b"no length\r\n"]
    status, headers, rest, before = asked(gateway, script)
    span = gateway.record(before + 1)
    assert (span.status, span.attributes["gateway.failure"]) == ("error", "broken")
    assert (status, unchunked(rest)) == (200, (sent, False)), headers
    assert span.attributes["gateway.response.sha256"] == hashlib.sha256(sent).hexdigest()
    told = text_of(span.output[0]) if span.output else ""
    assert "".join(texts).startswith(told)


@fuzz
@given(body=st.binary(max_size=3000), data=st.data())
def test_bytes_that_nobody_understands_pass_and_are_kept(gateway: Rig, body: bytes, data: st.DataObject) -> None:
    pieces = data.draw(cut(body))
    media = data.draw(
        st.sampled_from([b"text/event-stream", b"application/json", b"application/x-ndjson", b"x/y", b""])
    )
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n" % (media, len(body))
    status, headers, rest, before = asked(gateway, [head, *pieces])
    assert (status, rest, headers["content-length"]) == (200, body, str(len(body)))
    span = gateway.record(before + 1)
    assert span.attributes["gateway.response.bytes"] == len(body)
    assert span.attributes["gateway.response.sha256"] == hashlib.sha256(body).hexdigest()


@fuzz
@given(body=st.binary(min_size=1, max_size=3000), data=st.data())
def test_a_body_that_is_shorter_than_its_length_is_not_made_whole(
    gateway: Rig, body: bytes, data: st.DataObject
) -> None:
    pieces = data.draw(cut(body))
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (len(body) + 7)
    status, headers, rest, before = asked(gateway, [head, *pieces])
    span = gateway.record(before + 1)
    assert span.attributes["gateway.failure"] == "broken"
    assert (status, rest) == (200, body)
    assert int(headers["content-length"]) == len(body) + 7
    assert span.attributes["gateway.response.bytes"] == len(body)


@fuzz
@given(head=st.binary(max_size=200))
def test_what_is_no_answer_is_recorded_as_none(gateway: Rig, head: bytes) -> None:
    status, _, rest, before = asked(gateway, [b"\0" + head])
    span = gateway.record(before + 1)
    assert (status, span.status, span.attributes["gateway.failure"]) == (502, "error", "broken")
    assert b"onrecord" in rest
    assert "http.response.status_code" not in span.attributes


@settings(fuzz, max_examples=15)
@given(texts=st.lists(st.text(min_size=1, max_size=12), min_size=3, max_size=8), data=st.data())
def test_when_the_client_leaves_the_rest_is_read_and_counted(
    gateway: Rig, texts: list[str], data: st.DataObject
) -> None:
    body = b"".join(map(event, texts)) + END
    half = len(event(texts[0]))
    before = len(gateway.memory.kept)
    script: list[Step] = [STREAM_HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *chunked([body[:half]]), 0.1]
    gateway.script = [*script, *chunked(data.draw(cut(body[half:]))), b"0\r\n\r\n"]
    gateway.post(PATH, ASKED, leave_after=10)
    span = gateway.record(before + 1)
    assert span.attributes["gateway.cancelled"] is True
    assert (span.usage.input, span.usage.output) == (3, 5)
    assert text_of(span.output[0]) == "".join(texts)
    assert span.attributes["gateway.response.sha256"] == hashlib.sha256(body).hexdigest()
