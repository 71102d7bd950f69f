"""Nobody makes the gateway call what it was not configured to call, nor learns a key from it."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from onrecord.control import apikeys
from onrecord.control.roles import Scope
from onrecord.errors import OnrecordError
from onrecord.gateway.upstreams import Upstreams
from onrecord.model.time import SystemClock
from tests.gatewayrig import Rig, rig, split

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
CHAT = "/gateway/openai/v1/chat/completions"
JSON = "Content-Type: application/json"


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Rig]:
    """A gateway of each test's own: one that makes a key closes the door to callers without one."""
    with rig(tmp_path / "rig") as made:
        made.script = [OK]
        yield made


def asked(gateway: Rig, path: str, *lines: str) -> tuple[int, bool]:
    """The status, and whether the upstream was called."""
    before = len(gateway.requests)
    status, _, _ = split(gateway.post(path, b"{}", JSON, *lines))
    return status, len(gateway.requests) > before


@pytest.mark.parametrize(
    "path",
    [
        "/gateway/openai/../../etc/passwd",
        "/gateway/openai/v1/%2e%2e/%2e%2e/admin",
        "/gateway/openai/v1/%252e%252e/admin",
        "/gateway/openai/v1/..%2fadmin",
        "/gateway/openai/v1/..%5cadmin",
        "/gateway/openai/v1\\admin",
        "/gateway/openai/v1/a%00b",
        "/gateway/openai/v1/a%0d%0aX:%20y",
    ],
)
def test_a_path_that_climbs_or_breaks_out_is_refused(gateway: Rig, path: str) -> None:
    status, called = asked(gateway, path)
    assert (status in (400, 404), called) == (True, False)


@pytest.mark.parametrize(
    "path",
    [
        "/gateway/http://169.254.169.254/latest/meta-data",
        "/gateway/169.254.169.254/latest",
        "/gateway/localhost:22/x",
        "/gateway/nobody/v1/chat/completions",
        "/gateway/k/v1/chat/completions",
    ],
)
def test_an_address_that_nobody_configured_is_not_called(gateway: Rig, path: str) -> None:
    status, called = asked(gateway, path)
    assert (status in (401, 404), called) == (True, False)


@pytest.mark.parametrize("header", ["Helicone-Target-URL", "Helicone-OpenAI-Api-Base"])
@pytest.mark.parametrize(
    "target",
    ["http://169.254.169.254", "http://127.0.0.1:1", "https://api.openai.com.evil.example", "file:///etc/passwd", "x"],
)
def test_a_target_header_reaches_configured_upstreams_only(gateway: Rig, header: str, target: str) -> None:
    for path in ("/gateway/v1/chat/completions", CHAT):
        assert asked(gateway, path, f"{header}: {target}") == (403, False)
    assert asked(gateway, CHAT, f"{header}: http://127.0.0.1:{gateway.upstream_port}/v1") == (200, True)


def test_a_redirect_is_neither_followed_nor_passed_on(gateway: Rig) -> None:
    elsewhere = f"http://127.0.0.1:{gateway.upstream_port}/elsewhere".encode()
    gateway.script = [b"HTTP/1.1 307 Temporary Redirect\r\nLocation: " + elsewhere + b"\r\nContent-Length: 0\r\n\r\n"]
    before, kept = len(gateway.requests), len(gateway.memory.kept)
    status, headers, _ = split(gateway.post(CHAT, b"{}", JSON))
    gateway.script = [OK]
    assert (status, "location" in headers, len(gateway.requests)) == (307, False, before + 1)
    assert "redirect" in str(gateway.record(kept + 1).attributes["gateway.notes"])


def test_an_answer_can_not_speak_for_our_address_in_a_browser(gateway: Rig) -> None:
    evil = b'Set-Cookie: session=x\r\nAccess-Control-Allow-Origin: *\r\nClear-Site-Data: "*"\r\nRefresh: 0;url=/x\r\n'
    gateway.script = [OK.replace(b"\r\n\r\n", b"\r\n" + evil + b"\r\n", 1)]
    _, headers, _ = split(gateway.post(CHAT, b"{}", JSON))
    gateway.script = [OK]
    assert not {"set-cookie", "access-control-allow-origin", "clear-site-data", "refresh"} & headers.keys()
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_a_web_page_uses_nobodys_model_server(gateway: Rig) -> None:
    assert asked(gateway, CHAT) == (200, True)
    assert asked(gateway, CHAT, "Origin: https://evil.example") == (401, False)
    assert asked(gateway, CHAT, "Sec-Fetch-Site: cross-site") == (401, False)


def test_smuggled_and_private_headers_stay_here(gateway: Rig) -> None:
    private = (
        "Cookie: onrecord=session",
        "X-Forwarded-User: a",
        "Baggage: user.id=ada",
        "Connection: X-Mine",
        "X-Mine: 1",
    )
    gateway.post(CHAT, b"{}", JSON, *private, "Helicone-Property-Case: secret", "X-Onrecord-User: ada", "X-Theirs: 2")
    sent = gateway.requests[-1].lower()
    for word in (b"cookie", b"baggage", b"x-mine", b"helicone", b"onrecord", b"secret"):
        assert word not in sent
    assert b"x-theirs: 2" in sent


def test_our_key_never_reaches_the_provider_wherever_it_stands(gateway: Rig, caplog: pytest.LogCaptureFixture) -> None:
    clock = SystemClock()
    made, key = apikeys.create(gateway.keyring.engine, gateway.project, [Scope.WRITE], clock, "")
    try:
        with caplog.at_level(logging.DEBUG):
            assert asked(gateway, CHAT) == (401, False)
            places: list[tuple[str, tuple[str, ...]]] = [
                (CHAT, (f"X-Onrecord-Key: {key}",)),
                (CHAT, (f"Helicone-Auth: Bearer {key}",)),
                (f"/gateway/k/{key}/openai/v1/chat/completions", ()),
                (CHAT, (f"Authorization: Bearer {key}",)),
                (CHAT, (f"x-api-key: {key}",)),
                (f"/gateway/openai/v1beta/models/g:generateContent?key={key}&alt=sse", ()),
            ]
            for path, lines in places:
                assert asked(gateway, path, *lines) == (200, True), path
                assert key.encode() not in gateway.requests[-1]
                assert key not in repr(gateway.memory.kept[-1])
            assert b"alt=sse" in gateway.requests[-1]
            wrong = key[:-4] + "0000"
            answer = gateway.post(f"/gateway/k/{wrong}/openai/v1/chat/completions", b"{}", JSON)
        assert split(answer)[0] == 401
        assert wrong.encode() not in answer
        ours = [record.getMessage() for record in caplog.records if record.name.startswith("onrecord")]
        assert ours  # the rig's own uvicorn logs paths, the server's does not: tests/e2e looks at its log
        assert not [line for line in ours if key in line or wrong in line]
    finally:
        apikeys.revoke(gateway.keyring.engine, made.id, clock)


def test_a_refusal_has_the_shape_that_the_sdk_knows(gateway: Rig) -> None:
    _, headers, body = split(gateway.post("/gateway/nobody/v1/messages", b"{}", JSON))
    assert json.loads(body)["type"] == "error"
    assert headers["x-onrecord-error"]
    _, _, body = split(gateway.post("/gateway/nobody/v1/chat/completions", b"{}", JSON))
    assert "onrecord" in json.loads(body)["error"]["message"]


@pytest.mark.parametrize(
    "text",
    ["x", "x=", "x=ftp://a", "x=http://", "x=http://u:p@a", "x=http://a?b", "x=http://a#b", "v1=http://a", "k=http://a",
     "X Y=http://a", "x=http://a:99999", "x=//a"],
)  # fmt: skip
def test_an_upstream_that_is_none_stops_the_start(text: str) -> None:
    with pytest.raises(OnrecordError):
        Upstreams([text])
