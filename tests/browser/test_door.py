"""The door as a program sees it: headers, cookies, forms from elsewhere. Needs no browser but the same server."""

from collections.abc import Iterator

import httpx
import pytest

from tests.browser.conftest import Server
from tests.browser.seed import trace_id

pytestmark = pytest.mark.browser


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, cookies={"onrecord_session": server.session}) as one:
        yield one


@pytest.mark.parametrize("path", ["/traces", "/login", "/status", "/settings", "/nothing", "/proof/2026/99999999"])
def test_every_answer_carries_the_policy_and_is_not_stored(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/traces?q=nofield:1", 400), ("/traces?from=x", 400), ("/traces?after=garbage", 400), ("/traces/nope", 404),
        ("/proof/2026/99999999", 404), ("/proof/x/1", 400), ("/traces?project=nope", 404), ("/sessions/nope", 404),
        (f"/traces/{trace_id('plain')}/text?s=0000000000000000&path=x", 404),
        (f"/traces/{trace_id('plain')}/rows?from=-1", 400),
    ],
)  # fmt: skip
def test_a_wrong_address_is_answered_with_a_page_that_says_what_to_do(
    client: httpx.Client, path: str, status: int
) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert "<h1>" in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "path", ["/traces", "/sessions", "/status", "/settings", "/proof/2026/1", "/traces/x/step?s=y"]
)
def test_nothing_is_shown_to_whoever_is_not_logged_in(server: Server, path: str) -> None:
    answer = httpx.get(server.url + path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=")


def test_a_fragment_sends_whoever_was_logged_out_to_the_login(server: Server) -> None:
    answer = httpx.get(f"{server.url}/traces/x/step", headers={"hx-request": "true"})
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login")


@pytest.mark.parametrize("path", ["/settings/keys", "/settings/keys/revoke", "/welcome", "/traces/x/exact?s=y"])
def test_a_form_without_its_token_changes_nothing(client: httpx.Client, path: str) -> None:
    assert client.post(path, data={"csrf": "0" * 64, "scope_write": "1"}).status_code == 403


def test_a_form_from_another_site_is_refused_even_with_the_token(client: httpx.Client) -> None:
    token = client.get("/settings").text.partition('name="csrf" value="')[2].partition('"')[0]
    elsewhere = {"sec-fetch-site": "cross-site"}
    answer = client.post("/settings/keys", data={"csrf": token, "scope_write": "1"}, headers=elsewhere)
    assert answer.status_code == 403


def test_logging_in_with_a_link_that_is_none_says_so(server: Server) -> None:
    answer = httpx.post(f"{server.url}/login/once", data={"token": "guess"})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_looking_at_a_link_does_not_use_it_up(server: Server) -> None:
    answer = httpx.get(f"{server.url}/login", params={"token": '"><script>'})
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert '"><script>' not in answer.text
