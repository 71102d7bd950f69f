"""One request to the server: what came of it, never an exception."""

import contextlib
import http.client
import json
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import urlsplit

from onrecord.limits import CLIENT_RETRY_AFTER_S, CLIENT_SEND_S

_READ_BYTES: Final = 64 * 1024
_LATER: Final = frozenset({401, 403, 404, 405, 407, 408, 421, 425, 429})
"""4xx that a change of the server, of its keys or of what stands before it can mend."""


@dataclass(frozen=True)
class Outcome:
    """What became of a request."""

    state: str
    """``kept``: the server has it. ``later``: send again. ``refused``: it will never be taken."""
    status: int = 0
    """0 when nobody answered."""
    retry_after_s: float = 0.0
    """How long the server asks to wait."""
    rejected: int = 0
    """Records inside that the server could not read (it keeps them for its operator)."""


class Connection:
    """A connection that is kept open between requests. One thread."""

    def __init__(self, endpoint: str, api_key: str, agent: str) -> None:
        place = urlsplit(endpoint)
        self._secure = place.scheme == "https"
        self._host, self._port = place.hostname or "", place.port
        self._path = place.path.rstrip("/")
        self._headers = {"content-type": "application/json", "content-encoding": "zstd", "user-agent": agent}
        if api_key:
            self._headers["authorization"] = f"Bearer {api_key}"
        self._open: http.client.HTTPConnection | None = None

    def send(self, signal: str, body: bytes) -> Outcome:
        """Send a compressed body; a connection that the server has closed meanwhile is opened anew, once."""
        for _ in range(2):
            reused = self._open is not None
            try:
                return self._exchange(signal, body)
            except (http.client.HTTPException, OSError, ValueError):
                self.close()
                if not reused:
                    break
        return Outcome("later")

    def close(self) -> None:
        """Close the connection."""
        if self._open is not None:
            with contextlib.suppress(Exception):
                self._open.close()
            self._open = None

    def _exchange(self, signal: str, body: bytes) -> Outcome:
        if self._open is None:
            kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            self._open = kind(self._host, self._port, timeout=CLIENT_SEND_S)
        self._open.request("POST", f"{self._path}/v1/{signal}", body, self._headers)
        answer = self._open.getresponse()
        said = answer.read(_READ_BYTES)
        if answer.will_close or answer.read(1):
            self.close()
        status = answer.status
        if status == 200:  # noqa: PLR2004
            return Outcome("kept", status, rejected=_rejected(said))
        if status < 400 or status >= 500 or status in _LATER:  # noqa: PLR2004
            return Outcome("later", status, _retry_after_s(answer.getheader("retry-after") or ""))
        return Outcome("refused", status)


def _rejected(said: bytes) -> int:
    """How many records the answer says could not be read."""
    with contextlib.suppress(ValueError, AttributeError, TypeError):
        partial = json.loads(said or b"{}").get("partialSuccess") or {}
        return int(partial.get("rejectedSpans") or partial.get("rejectedLogRecords") or 0)
    return 0


def _retry_after_s(text: str) -> float:
    """Seconds of a Retry-After header, which names seconds or a date; 0 when it names neither."""
    seconds = 0.0
    try:
        seconds = float(text)
    except ValueError:
        with contextlib.suppress(ValueError, TypeError, IndexError):
            seconds = parsedate_to_datetime(text).timestamp() - time.time()  # noqa: TID251 - a date of the wire
    return min(max(0.0, seconds), CLIENT_RETRY_AFTER_S) if seconds == seconds else 0.0  # noqa: PLR0124 - NaN
