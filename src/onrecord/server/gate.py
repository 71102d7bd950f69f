"""The gate: who is at the door, for the pages and for the API.

A person is known by a session cookie, a program by an API key in a header; a request that carries both is the key's.
The operator of the machine is known by the socket in the data directory (docs/adr/0110).
What either may see is decided in ``control.caller``, once for both. Changing something with a cookie needs a request
that this site's own page made: pages carry the token of ``csrf``, the API looks at ``Origin``.
"""

import hashlib
import hmac
from typing import Final

from starlette.requests import Request
from starlette.types import Scope

from onrecord.control import apikeys
from onrecord.control.apikeys import ApiKey
from onrecord.control.caller import Caller
from onrecord.control.keyring import Keyring
from onrecord.control.logins import Logins
from onrecord.control.roles import Scope as KeyScope
from onrecord.errors import Denied, Missing
from onrecord.model.project import Project
from onrecord.model.time import Clock
from onrecord.receive import keyless
from onrecord.receive.auth import presented_key

SESSION_COOKIE: Final = "onrecord_session"
_SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")


class Gate:
    """Logins and callers. A session is an opaque random text; only its digest is kept."""

    def __init__(self, logins: Logins, keyring: Keyring) -> None:
        self._logins = logins
        self._keyring = keyring

    def login(self, name: str, password: str, peer: str) -> str:
        """A session for a person; raises ``Denied`` 401, or 429 beyond the rate limit."""
        return self._logins.by_password(name, password, peer).token

    def redeem(self, token: str, peer: str) -> str:
        """A session for a one-time link; raises ``Denied`` when it is unknown, used or too old."""
        return self._logins.by_link(token, peer).token

    def caller(self, session: str) -> Caller | None:
        """Who the session belongs to; ``None`` when it is unknown or has ended."""
        try:
            return self._logins.caller(session) if session else None
        except Denied:
            return None

    def csrf(self, session: str) -> str:
        """The token that every form of this session carries; nothing of the session can be learned from it."""
        return hmac.new(session.encode(), b"onrecord/csrf/v1", hashlib.sha256).hexdigest()

    def logout(self, session: str) -> None:
        """End a session; an unknown one is no error."""
        self._logins.end(session)

    def identify(self, request: Request) -> Caller:
        """Who makes this API request.

        Raises:
            Denied: 401 when nobody is known by it, 403 when the key may not read or another site made the request.
        """
        known = self._program(request)
        if known is not None:
            return known
        caller = self.caller(request.cookies.get(SESSION_COOKIE, ""))
        if caller is None:
            raise Denied("Reading needs a login or an API key.", hint="Send x-api-key, or log in.", status=401)
        if request.method not in _SAFE_METHODS and not _same_origin(request):
            raise Denied("This request was not made by a page of this server.")
        return caller

    def identify_program(self, request: Request) -> Caller:
        """Who makes a request that no browser makes: as ``identify``, without logins."""
        known = self._program(request)
        if known is None:
            raise Denied("Reading needs an API key.", hint="Send it as Authorization: Bearer KEY.", status=401)
        return known

    def _program(self, request: Request) -> Caller | None:
        key = presented_key(request.headers)
        if key:
            return self._keyring.reader(key)
        return Caller.operator(self._keyring.every_project()) if came_through_socket(request.scope) else None

    def may_see_figures(self, request: Request) -> bool:
        """Whether this request may see health figures: from this machine itself, or by anybody who may read."""
        if not keyless.refusal(request.client.host if request.client else "", request.headers):
            return True
        try:
            self.identify(request)
        except Denied:
            return False
        return True


def came_through_socket(scope: Scope) -> bool:
    """Whether a request came through the socket in the data directory: it has no peer, and its server no port.

    A TCP connection that is gone may have lost its peer, but its server has a port; what is not known is no socket.
    """
    server = scope.get("server")
    return scope.get("client") is None and server is not None and server[1] is None


def _same_origin(request: Request) -> bool:
    """Whether a page of this server made the request; browsers send ``Origin`` with everything that is not a GET."""
    return request.headers.get("origin", "") == f"{request.url.scheme}://{request.headers.get('host', '')}"


class KeyOffice:
    """API keys of one project, for its owners, over the pages."""

    def __init__(self, keyring: Keyring, clock: Clock) -> None:
        self._engine = keyring.engine
        self._clock = clock

    def keys(self, caller: Caller, project: Project) -> list[ApiKey]:
        """Every key that was ever made for the project, oldest first; raises ``Denied`` but for owners."""
        caller.require_owner(project.id)
        return [key for key in apikeys.every(self._engine) if key.project_id == project.id]

    def make(self, caller: Caller, project: Project, scopes: frozenset[KeyScope], note: str) -> str:
        """A new key; the answer is the key itself, shown once."""
        caller.require_owner(project.id)
        return apikeys.create(self._engine, project, scopes, self._clock, note)[1]

    def revoke(self, caller: Caller, project: Project, id_: str) -> None:
        """End a key; raises ``Missing`` when the project has no such living key."""
        if id_ not in {key.id for key in self.keys(caller, project)}:
            raise Missing("The project has no such key.")
        apikeys.revoke(self._engine, id_, self._clock)
