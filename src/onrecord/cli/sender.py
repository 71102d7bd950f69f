"""Bodies to a running server, one after another: compressed, and sent again when it is busy or away for a moment."""

import contextlib
import gzip
import http.client
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

import msgspec

from onrecord.cli.parcels import Parcel
from onrecord.errors import Denied, Rejected, Unavailable
from onrecord.receive.port import Ack

_TIMEOUT_S: Final = 120.0
_TRIES: Final = 8
_LONGEST_S: Final = 30.0


class Problem(msgspec.Struct, frozen=True):
    """What RFC 9457 problem details say."""

    detail: str = ""
    title: str = ""
    hint: str = ""


class Sender:
    """Sends to one server."""

    def __init__(self, url: str, key: str, sleep: Callable[[float], None] = time.sleep) -> None:
        """Where to, and with which key; nothing is sent yet.

        Raises:
            Rejected: the address is no HTTP address.
        """
        self._place = urlsplit(url)
        if self._place.scheme not in ("http", "https") or not self._place.hostname:
            raise Rejected("The address of the server is not one.", hint="Give --url http://HOST:PORT.")
        self.url = url
        self._key = key
        self._sleep = sleep

    def send(self, parcel: Parcel) -> Ack:
        """Send one body until it is acknowledged.

        Raises:
            Denied: the key may not write. Rejected: the server will never take this.
            Unavailable: it does not answer; what was acknowledged before is kept.
        """
        body = gzip.compress(parcel.body, 3)
        wait_s = 0.5
        for left in reversed(range(_TRIES)):
            try:
                status, retry_after, said = self._post(parcel, body)
            except (OSError, http.client.HTTPException):
                status, retry_after, said = 0, "", b""
            if status == http.client.OK:
                return msgspec.json.decode(said, type=Ack)
            if status and status not in (429, 502, 503, 504):
                raise _refusal(status, said)
            if left:
                self._sleep(min(float(retry_after) if retry_after.isdecimal() else wait_s, _LONGEST_S))
                wait_s *= 2
        raise Unavailable(
            f"The server at {self.url} does not answer.", hint="Run the same command again: it goes on where it was."
        )

    def _post(self, parcel: Parcel, body: bytes) -> tuple[int, str, bytes]:
        kind = http.client.HTTPSConnection if self._place.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._place.hostname or "", self._place.port, timeout=_TIMEOUT_S)
        headers = {"content-type": parcel.media_type, "content-encoding": "gzip"}
        if self._key:
            headers["x-api-key"] = self._key
        with contextlib.closing(connection):
            connection.request("POST", f"{self._place.path.rstrip('/')}/import/{parcel.kind}", body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheader("retry-after") or "", answer.read()


def _refusal(status: int, said: bytes) -> Rejected | Denied:
    try:
        problem = msgspec.json.decode(said, type=Problem)
    except msgspec.MsgspecError:
        problem = Problem()
    message = problem.detail or problem.title or f"The server refused with status {status}."
    if status in (401, 403):
        return Denied(message, hint=problem.hint or "Give --key, or ONRECORD_API_KEY.", status=status)
    return Rejected(message, hint=problem.hint, status=status)
