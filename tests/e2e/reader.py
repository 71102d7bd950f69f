"""A reader of a running server: the query API over the socket, with a key or a login."""

from typing import Any
from urllib.parse import urlencode

import msgspec

from onrecord.model.span import Span
from tests.e2e.server import Answer, Server, onrecord

API = "/api/v1"


def make_key(server: Server, *scopes: str) -> str:
    """A key of the default project; the server learns of it by itself."""
    wanted = [word for scope in scopes for word in ("--scope", scope)]
    made = onrecord("keys", "create", "--data", str(server.data), *wanted)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


class Reader:
    """Asks with one API key."""

    def __init__(self, server: Server, key: str) -> None:
        self.server = server
        self.key = key

    def ask(self, path: str, **values: Any) -> Answer:
        """One question, whatever comes of it."""
        named = [(name, one) for name, value in values.items() for one in (value if type(value) is list else [value])]
        return self.server.ask("GET", f"{API}{path}?{urlencode(named)}", headers={"x-api-key": self.key})

    def get(self, path: str, **values: Any) -> Any:
        """The answer to a question that must have one."""
        answer = self.ask(path, **values)
        assert answer.status == 200, (path, values, answer.status, answer.body[:300])
        return answer.json()

    def rows(self, path: str, **values: Any) -> list[dict[str, Any]]:
        """The rows of a page."""
        found: list[dict[str, Any]] = self.get(path, **values)["rows"]
        return found

    def exact(self, trace_id: str, span_id: str) -> Span:
        """A span as it was sent."""
        path = f"/traces/{trace_id}/spans/{span_id}"
        detail = self.get(path, content="exact", purpose="an end to end test")
        assert (detail["state"], detail["level"]) == ("present", 2), detail["reason"]
        return msgspec.convert(detail["content"], Span, strict=False)


def owner(server: Server) -> Reader:
    """A reader with every right in the default project, who also writes."""
    return Reader(server, make_key(server, "admin", "read", "write"))
