"""One command for a running server, through the socket in its data directory."""

import http.client
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from onrecord.errors import OnrecordError, Unavailable

SOCKET: Final = "control.sock"
_TIMEOUT_S: Final = 3_600.0


class _Local(http.client.HTTPConnection):
    """HTTP over a socket file."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        """Open the socket file."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_TIMEOUT_S)
        self.sock.connect(str(self._path))


def ask(data: Path, command: str, **words: str) -> Mapping[str, Any]:
    """Have the running server do ``command`` and return what it answers.

    Raises:
        Unavailable: no server runs over this data directory.
        OnrecordError: what the server says went wrong.
    """
    connection = _Local(data / SOCKET)
    try:
        connection.request("POST", f"/admin/{command}", json.dumps(words), {"content-type": "application/json"})
        answer = connection.getresponse()
        said: Mapping[str, Any] = json.loads(answer.read())
    except (OSError, ValueError, http.client.HTTPException):
        raise Unavailable(f"No server runs over {data}.", hint="Start it with `onrecord serve`.") from None
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise OnrecordError(str(said.get("detail", "The server refused.")), hint=str(said.get("hint", "")))
    return said
