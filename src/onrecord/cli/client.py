"""Questions to a running server: its query API, over HTTP with a key, or through the socket in its data directory.

Who may open that socket reads with the operator's right (docs/adr/0110); no key is asked for and none is kept. Answers
come back as the bytes that the server sent, or as values of ``query.results``.
"""

import http.client
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from onrecord.cli.errand import SOCKET, Local, nobody
from onrecord.cli.sender import Problem
from onrecord.errors import Denied, Missing, OnrecordError, Rejected, Unavailable

API: Final = "/api/v1"
TIMEOUT_S: Final = 60.0
"""Longer than the server lets a query run."""
_NEEDS_KEY: Final = (
    "On the server's machine `onrecord keys create --scope read` makes a key; set ONRECORD_API_KEY to it, "
    "or give --data to read as the operator."
)
T = TypeVar("T")
Values = Sequence[tuple[str, str]]


class Client:
    """Asks one server. The connection stays open between questions."""

    def __init__(
        self, *, url: str = "", key: str = "", data: Path | None = None, project: str = "", timeout_s: float = TIMEOUT_S
    ) -> None:
        """Where to ask: ``data`` is a data directory whose socket is used; else ``url``, with ``key``.

        Raises:
            Rejected: the address is no HTTP address. Denied: the key can not be one.
        """
        if not key.isascii() or (key and not key.isprintable()):
            raise Denied("The API key can not be one.", hint=_NEEDS_KEY, status=401)
        self._data = data
        self._key = key
        self._project = project
        self._timeout_s = timeout_s
        self._place = urlsplit(url)
        if data is None and (self._place.scheme not in ("http", "https") or not self._place.hostname):
            raise Rejected("The address of the server is not one.", hint="Give --url http://HOST:PORT.")
        self.url = url if data is None else str(data)
        """Whom it asks, as a person would say it."""
        self._open: http.client.HTTPConnection | None = None
        self._tls = False
        """Whether the socket speaks TLS, as a server with a certificate does; tried when it does not answer plainly."""
        self._answered = False

    def get(self, path: str, values: Values = (), *, scoped: bool = True) -> bytes:
        """The answer to ``GET /api/v1<path>``.

        Raises:
            Denied, Missing, Rejected: what the server says, with what helps. Unavailable: it does not answer.
        """
        named = [*values, *([("project", self._project)] if scoped and self._project else [])]
        target = f"{self._place.path.rstrip('/')}{API}{path}" + (f"?{urlencode(named)}" if named else "")
        status, said = self._ask(target)
        if status != http.client.OK:
            raise _refusal(status, said)
        return said

    def read(self, path: str, type_: type[T], values: Values = (), *, scoped: bool = True) -> T:
        """The answer as a value; raises as ``get``."""
        return decode(self.get(path, values, scoped=scoped), type_)

    def post(self, path: str, value: Mapping[str, Any]) -> bytes:
        """The answer to ``POST /api/v1<path>`` with a JSON body, which names the project; raises as ``get``."""
        body = msgspec.json.encode({**value, **({"project": self._project} if self._project else {})})
        status, said = self._ask(f"{self._place.path.rstrip('/')}{API}{path}", body)
        if status != http.client.OK:
            raise _refusal(status, said)
        return said

    def _ask(self, target: str, body: bytes | None = None) -> tuple[int, bytes]:
        """One request, sent again when it breaks: an idle connection may have been closed, a socket may speak TLS."""
        for last in (False, True):
            try:
                answer = self._request(target, body)
            except ssl.SSLCertVerificationError:
                raise Unavailable(
                    f"The certificate of {self.url} is not one that this machine trusts.",
                    hint="Name the file of its authority in SSL_CERT_FILE.",
                ) from None
            except (OSError, http.client.HTTPException) as fault:
                self.close()
                if last or isinstance(fault, TimeoutError | FileNotFoundError):
                    raise self._silent() from None
                self._tls = self._tls if self._answered else not self._tls
            else:
                self._answered = True
                return answer
        raise AssertionError

    def _request(self, target: str, body: bytes | None = None) -> tuple[int, bytes]:
        if self._open is None:
            self._open = self._connection()
        headers = {"x-api-key": self._key} if self._key else {}
        if body is not None:
            headers["content-type"] = "application/json"
        self._open.request("GET" if body is None else "POST", target, body, headers)
        answer = self._open.getresponse()
        return answer.status, answer.read()

    def _connection(self) -> http.client.HTTPConnection:
        if self._data is not None:
            return Local(self._data / SOCKET, tls=self._tls, timeout_s=self._timeout_s)
        kind = http.client.HTTPSConnection if self._place.scheme == "https" else http.client.HTTPConnection
        return kind(self._place.hostname or "", self._place.port, timeout=self._timeout_s)

    def close(self) -> None:
        """Hang up."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _silent(self) -> Unavailable:
        self.close()
        if self._data is not None:
            return nobody(self._data)
        return Unavailable(
            f"No server answers at {self.url}.",
            hint="Start it with `onrecord serve`, or say where it is with --url or --data.",
        )


def piece(text: str) -> str:
    """``text`` as one piece of a path."""
    return quote(text, safe="")


def decode(said: bytes, type_: type[T]) -> T:
    """What a server said, as a value.

    Raises:
        Unavailable: it is something else; most likely no server of ours, or one of another version.
    """
    try:
        return msgspec.json.decode(said, type=type_)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Unavailable(
            "The server's answer is not understood.",
            hint="Is it an onrecord server, and of this version? `onrecord doctor` looks at one on this machine.",
        ) from None


def _refusal(status: int, said: bytes) -> OnrecordError:
    try:
        problem = msgspec.json.decode(said, type=Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        problem = Problem()
    message = problem.detail or problem.title or f"The server refused with status {status}."
    match status:
        case 401:
            return Denied(message, hint=_NEEDS_KEY, status=401)
        case 403:
            return Denied(message, hint=problem.hint or _NEEDS_KEY)
        case 404:
            return Missing(message, hint=problem.hint)
        case _ if status < 500:  # noqa: PLR2004 - HTTP
            return Rejected(message, hint=_in_words_of_the_command(problem.hint), status=status)
        case _:
            return Unavailable(message, hint=problem.hint or "`onrecord doctor` looks at the server's machine.")


def _in_words_of_the_command(hint: str) -> str:
    """The server's hint, where it speaks of the API's own words."""
    if "/api/v1/projects" in hint:
        return "Name it with --project; `onrecord keys list` and the pages show the names."
    return "`onrecord search --help` shows how a search line is written." if "docs/api.md" in hint else hint
