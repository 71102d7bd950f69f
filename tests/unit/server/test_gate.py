"""Who is at the door of the query API: a key, a login, or the operator who came through the socket."""

from typing import Any

import pytest
from starlette.requests import Request

from onrecord.control.caller import Caller
from onrecord.control.roles import Role
from onrecord.errors import Denied
from onrecord.model.access import Level
from onrecord.model.project import SYSTEM_PROJECT, Project
from onrecord.server.gate import SESSION_COOKIE, Gate, came_through_socket

PROJECTS = (Project(id=SYSTEM_PROJECT, number=1, name="system"), Project(id="aaaa000000000001", number=2, name="ours"))
TCP = {"client": ("127.0.0.1", 5), "server": ("127.0.0.1", 4318)}
SOCKET = {"client": None, "server": ("/srv/data/control.sock", None)}


class Known:
    """A keyring and logins that know one key and nobody."""

    def reader(self, key: str) -> Caller:
        if key != "or_known":
            raise Denied("The API key is not known.", status=401)
        return Caller(actor="k1", name="key", roles={PROJECTS[1].id: Role.READER}, projects=PROJECTS[1:])

    def caller(self, session: str) -> Caller:
        if session != "logged-in":
            raise Denied("There is no such login.", status=401)
        return Caller(actor="u1", name="ada", roles={PROJECTS[1].id: Role.OWNER}, projects=PROJECTS[1:], is_person=True)

    def every_project(self) -> tuple[Project, ...]:
        return PROJECTS


def request(scope: dict[str, Any], **headers: str) -> Request:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "GET", "headers": named, **scope})


def gate() -> Gate:
    known: Any = Known()
    return Gate(logins=known, keyring=known)


def identify(scope: dict[str, Any], **headers: str) -> Caller:
    return gate().identify(request(scope, **headers))


@pytest.mark.parametrize(
    ("scope", "is_socket"),
    [
        (SOCKET, True),
        ({"client": ("127.0.0.1", 5), "server": ("/srv/data/control.sock", None)}, False),
        ({"client": None, "server": ("127.0.0.1", 4318)}, False),
        ({"client": ("127.0.0.1", 5), "server": ("127.0.0.1", 4318)}, False),
        ({"client": None, "server": None}, False),
        ({}, False),
    ],
    ids=["socket", "with a peer", "a peer that is gone", "TCP", "nothing known", "nothing said"],
)
def test_only_a_connection_without_peer_and_port_is_the_socket(scope: dict[str, Any], is_socket: bool) -> None:
    assert came_through_socket(scope) is is_socket


def test_the_operator_may_see_everything_and_exact_content_with_a_purpose() -> None:
    operator = identify(SOCKET)
    assert (operator.actor, operator.projects) == ("operator", PROJECTS)
    assert operator.access("ours").level is Level.PSEUDONYMISED
    with pytest.raises(Denied, match="purpose"):
        operator.access("ours", level=Level.EXACT)
    assert operator.access("ours", level=Level.EXACT, purpose="a complaint").actor == "operator"


def test_a_key_that_is_sent_through_the_socket_counts_as_that_key() -> None:
    assert identify(SOCKET, x_api_key="or_known").actor == "k1"
    with pytest.raises(Denied):
        identify(SOCKET, x_api_key="or_wrong")


def test_nothing_that_a_client_writes_makes_it_the_operator() -> None:
    far = {"client": ("203.0.113.9", 5), "server": ("127.0.0.1", 4318)}
    with pytest.raises(Denied):
        identify(far, x_forwarded_for="", host="localhost", forwarded="for=unix")


def test_what_programs_ask_is_not_opened_by_a_login() -> None:
    cookie = f"{SESSION_COOKIE}=logged-in"
    assert identify(TCP, cookie=cookie).actor == "u1"
    with pytest.raises(Denied) as refused:
        gate().identify_program(request(TCP, cookie=cookie))
    assert refused.value.status == 401
    assert gate().identify_program(request(TCP, cookie=cookie, x_api_key="or_known")).actor == "k1"
    assert gate().identify_program(request(SOCKET)).actor == "operator"
