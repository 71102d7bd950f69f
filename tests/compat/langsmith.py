"""A server for LangSmith's clients, and what its query API says of the runs that they sent."""

import json
from collections.abc import Mapping
from typing import Any

from onrecord.model.span import Span
from tests.compat import environments
from tests.e2e.reader import Reader, owner
from tests.e2e.server import Server

VERSIONS = ("langsmith_0_1", "langsmith_0_3", "langsmith_0_4", "langsmith_0_15")
APPLICATION = "shop"


class World:
    """One server, and a key that may do everything in its default project."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.reader: Reader = owner(server)

    def run(self, name: str, app: str, *arguments: str, **variables: str) -> Any:
        """Run an app against the server as its users do, two variables changed; what it printed."""
        done = environments.run(name, app, *arguments, variables=self.variables() | variables)
        return json.loads(done.stdout.splitlines()[-1])

    def variables(self) -> dict[str, str]:
        return {
            "LANGSMITH_TRACING": "true",
            "LANGSMITH_ENDPOINT": f"{self.server.url}/langsmith/api/v1",
            "LANGSMITH_API_KEY": self.reader.key,
            "LANGSMITH_PROJECT": APPLICATION,
        }

    def tree(self, trace_id: str) -> list[tuple[int, str, str, str]]:
        """Depth, name, kind and status of every span in reading order."""
        self.server.settle()
        nodes = self.reader.get(f"/traces/{trace_id}")["nodes"]
        return [(one["depth"], one["span"]["name"], one["span"]["kind"], one["span"]["status"]) for one in nodes]

    def trace(self, trace_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.reader.get(f"/traces/{trace_id}")
        return found

    def spans(self, trace_id: str) -> list[Span]:
        """Every span of a trace as it was sent, in reading order."""
        self.server.settle()
        nodes = self.reader.get(f"/traces/{trace_id}")["nodes"]
        return [self.reader.exact(trace_id, one["span"]["span_id"]) for one in nodes]

    def named(self, trace_id: str, name: str) -> Span:
        """The first span of a name."""
        return next(span for span in self.spans(trace_id) if span.name == name)

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        """One request below ``/langsmith/api/v1`` with the key."""
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        named = {"x-api-key": self.reader.key, "content-type": "application/json", **(headers or {})}
        return self.server.ask(method, f"/langsmith/api/v1{path}", sent, named)


def texts(span: Span, side: str) -> list[str]:
    """What was said on one side of a span, message by message."""
    return [part.text for message in getattr(span, side) for part in message.parts]
