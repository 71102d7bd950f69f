"""Routes whose modules are imported beside the start, not before it: what nobody needs who sends records.

Pages bring a template engine and a renderer of prose, which take as long to import as a good part of the server.
They are imported once the port answers; who asks for one sooner waits for that import, and for nothing else.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Final

from starlette.routing import BaseRoute, Match, NoMatchFound
from starlette.types import Receive, Scope, Send

_FOUND: Final = "onrecord.route"


class LaterRoutes(BaseRoute):
    """Routes that are made when they are first needed. Stand last: whatever no other route takes makes them."""

    def __init__(self, make: Callable[[], Sequence[BaseRoute]]) -> None:
        self._make = make
        self._made: Sequence[BaseRoute] | None = None
        self._lock = threading.Lock()

    def start(self) -> None:
        """Make them now, in a thread of their own."""
        threading.Thread(target=self.routes, name="pages", daemon=True).start()

    def routes(self) -> Sequence[BaseRoute]:
        """The routes."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The first of them that takes the request, else the first whose path fits."""
        partly: tuple[Match, Scope] = (Match.NONE, {})
        for route in self.routes():
            match, more = route.matches(scope)
            found = (match, {**more, _FOUND: route})
            if match is Match.FULL:
                return found
            if match is Match.PARTIAL and partly[0] is Match.NONE:
                partly = found
        return partly

    def url_path_for(self, name: str, /, **path_params: object) -> "NoMatchFound":  # type: ignore[override]
        """No address is made from a name here."""
        raise NoMatchFound(name, dict(path_params))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route that was found answer; it is the one that the access log names."""
        scope["route"] = found = scope.pop(_FOUND)
        await found.handle(scope, receive, send)
