"""One command for a running server, through the socket in its data directory; ``client`` asks questions through it."""

import contextlib
import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from onrecord.errors import OnrecordError, Unavailable

SOCKET: Final = "control.sock"
_TIMEOUT_S: Final = 3_600.0


class Local(http.client.HTTPConnection):
    """HTTP over a socket file. A server with a certificate speaks TLS there too; who it is, the file's mode says."""

    def __init__(self, path: Path, *, tls: bool, timeout_s: float = _TIMEOUT_S) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path
        self._tls = tls

    def connect(self) -> None:
        """Open the socket file."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
        if self._tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            self.sock = context.wrap_socket(self.sock)


def ask(data: Path, command: str, **words: str) -> Mapping[str, Any]:
    """Have the running server do ``command`` and return what it answers.

    Raises:
        Unavailable: no server runs over this data directory.
        OnrecordError: what the server says went wrong.
    """
    try:
        status, said = _ask(data, command, words, tls=False)
    except (ConnectionError, http.client.BadStatusLine):  # it did not understand us: it speaks TLS, or is gone
        try:
            status, said = _ask(data, command, words, tls=True)
        except (OSError, ValueError, http.client.HTTPException):
            raise nobody(data) from None
    except (OSError, ValueError, http.client.HTTPException):
        raise nobody(data) from None
    if status != http.client.OK:
        raise OnrecordError(str(said.get("detail", "The server refused.")), hint=str(said.get("hint", "")))
    return said


def _ask(data: Path, command: str, words: Mapping[str, str], *, tls: bool) -> tuple[int, Mapping[str, Any]]:
    with contextlib.closing(Local(data / SOCKET, tls=tls)) as connection:
        connection.request("POST", f"/admin/{command}", json.dumps(words), {"content-type": "application/json"})
        answer = connection.getresponse()
        said: Mapping[str, Any] = json.loads(answer.read())
        return answer.status, said


def nobody(data: Path) -> Unavailable:
    """That no server runs over a data directory, and what starts one."""
    return Unavailable(f"No server runs over {data}.", hint="Start it with `onrecord serve`.")
