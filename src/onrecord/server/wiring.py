"""The composition root: the one place that knows every concrete class and puts them together.

``installation`` builds what a data directory needs and nothing that runs; ``serve`` in ``server.run`` starts it.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
from sqlalchemy import Engine
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp

from onrecord.config import Settings
from onrecord.control import apikeys, projects, users
from onrecord.control.keyring import Keyring
from onrecord.control.logins import Logins
from onrecord.control.roles import ALL_PROJECTS, Role
from onrecord.control.schema import open_control
from onrecord.control.secrets import Passwords
from onrecord.errors import Rejected
from onrecord.model.time import Clock, SystemClock
from onrecord.receive.http import Receiver
from onrecord.receive.inflight import Inflight
from onrecord.receive.tally import Tally
from onrecord.server import app, figures, health, ledgerfiles, metrics
from onrecord.server.figures import Figure
from onrecord.server.gate import Gate
from onrecord.server.lifecycle import Part, Parts
from onrecord.server.standin import StandIn

FIRST_USER = "owner"


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """A data directory, put together."""

    settings: Settings
    control: Engine
    logins: Logins
    health: health.Health
    parts: Parts
    app: ASGIApp

    def first_link(self) -> str:
        """A login token while nobody has ever logged in, else an empty string."""
        known = users.every(self.control)
        if any(user.last_login_us for user in known):
            return ""
        return self.logins.make_link(FIRST_USER) if any(user.name == FIRST_USER for user in known) else ""


def installation(settings: Settings, clock: Clock | None = None) -> Installation:
    """Put together what ``settings`` describe.

    Raises:
        Rejected: the server would listen beyond loopback and anybody could write.
    """
    clock = clock or SystemClock()
    control = _control(settings, clock)
    keyring = Keyring(control, settings.control_file)
    logins = Logins(control, Passwords(), clock)
    gate = Gate(logins, keyring)
    inflight = Inflight(settings.bounds.inflight_bytes, settings.bounds.inflight_requests)
    tally = Tally()
    workers = ThreadPoolExecutor(2, thread_name_prefix="body")
    receiver = Receiver(
        intake=StandIn(),
        keyring=keyring,
        inflight=inflight,
        tally=tally,
        workers=workers,
        body_bytes=settings.bounds.body_bytes,
    )
    shown = (*figures.receiving(tally, inflight),)
    state = health.Health(figures=shown, warning=lambda: warning(settings))
    parts = Parts([Part("receive", lambda: None, lambda _: workers.shutdown())])
    routes = [
        *receiver.routes(),
        *_own_routes(state, shown, tally, gate.may_see_figures),
        *ledgerfiles.routes(settings.data / "ledger"),
    ]
    return Installation(
        settings=settings, control=control, logins=logins, health=state, parts=parts, app=app.build(routes)
    )


def _control(settings: Settings, clock: Clock) -> Engine:
    """The control database, with the projects and the first user that every installation has."""
    control = open_control(settings.control_file)
    projects.ensure_first(control, settings.project, clock, demo=settings.demo)
    if not users.every(control):
        users.add(control, Passwords(), clock, name=FIRST_USER, password="", role=Role.OWNER, project=ALL_PROJECTS)
    if not settings.listen.loopback and not apikeys.count(control):
        raise Rejected(
            "Beyond loopback the server does not start without an API key.",
            hint="Make one with `onrecord keys create`, then start again.",
        )
    return control


def warning(settings: Settings) -> str:
    """The red banner: what makes this installation unsafe, as a sentence; empty when nothing does."""
    if settings.listen.private:
        return ""
    return (
        "This server listens beyond this machine without TLS: keys, logins and content can be read on the way. "
        "Give --tls-cert and --tls-key, or declare the proxy that ends TLS with --trusted-proxies."
    )


def _own_routes(
    state: health.Health, shown: Sequence[Figure], tally: Tally, trusted: Callable[[Request], bool]
) -> list[Route]:
    return [
        Route("/health", health.endpoint(state, trusted), methods=["GET"]),
        Route("/metrics", metrics.endpoint(shown, tally, trusted), methods=["GET"]),
    ]
