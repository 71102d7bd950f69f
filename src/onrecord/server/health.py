"""/health: whether the server does what it promises, and the figures behind the answer.

Anybody gets the one word; the figures go to whoever may read, or sits on the same machine. 200 while records are
accepted, 503 while they are not, so that a load balancer needs no second address.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse

from onrecord.server.figures import Figure


class Health(msgspec.Struct, kw_only=True):
    """The state of the server and of its parts."""

    figures: Sequence[Figure]
    accepting: bool = False
    """Records are accepted now."""
    parts: Mapping[str, Callable[[], str]] = {}
    """By name of the part, how it does: ``ok``, ``opening``, or a sentence that says what is wrong."""
    warning: Callable[[], str] = lambda: ""
    """The red banner."""

    def status(self) -> str:
        """``ok``, ``not accepting`` or ``degraded``."""
        if not self.accepting:
            return "not accepting"
        broken = any(state not in {"ok", "opening"} for state in self.conditions().values())
        bad = any(figure.state(figure.value()) == "bad" for figure in self.figures)
        return "degraded" if broken or bad else "ok"

    def conditions(self) -> dict[str, str]:
        """How each part does, now."""
        return {name: condition() for name, condition in self.parts.items()}

    def report(self, *, figures: bool) -> dict[str, Any]:
        """What /health answers."""
        report: dict[str, Any] = {"status": self.status()}
        if figures:
            report["warning"] = self.warning()
            report["parts"] = self.conditions()
            report |= {figure.name: figure.value() for figure in self.figures}
        return report


def endpoint(health: Health, trusted: Callable[[Request], bool]) -> Callable[[Request], JSONResponse]:
    """The /health endpoint; ``trusted`` says who sees figures."""

    def answer(request: Request) -> JSONResponse:
        return JSONResponse(health.report(figures=trusted(request)), 200 if health.accepting else 503)

    return answer
