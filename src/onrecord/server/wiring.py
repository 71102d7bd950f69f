"""The composition root: the one place that knows every concrete class and puts them together.

``installation`` opens what a data directory holds and starts nothing; ``server.run`` starts and stops the parts.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
from sqlalchemy import Engine
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp

from onrecord.api import app as api
from onrecord.api.port import Services
from onrecord.config import Settings
from onrecord.control import apikeys, projects, users
from onrecord.control.keyring import Keyring
from onrecord.control.library import Library
from onrecord.control.logins import Logins
from onrecord.control.roles import ALL_PROJECTS, Role
from onrecord.control.schema import open_control
from onrecord.control.secrets import Passwords
from onrecord.doors import app as doors
from onrecord.doors.port import Desk
from onrecord.errors import OnrecordError, Rejected
from onrecord.ingest.rows import RowFeed
from onrecord.ingest.spool import Spool
from onrecord.ledger.ledgers import CrashPoint, no_crash
from onrecord.model.time import Clock, SystemClock
from onrecord.receive.bodies import Bodies
from onrecord.receive.http import Receiver
from onrecord.receive.inflight import Inflight
from onrecord.receive.tally import Tally
from onrecord.server import administration, app, calling, figures, health, ledgerfiles, metrics, reading
from onrecord.server.administration import Administration
from onrecord.server.figures import Figure
from onrecord.server.gate import Gate, KeyOffice
from onrecord.server.identity import identity
from onrecord.server.intake import ProjectIntake
from onrecord.server.lifecycle import Part, Parts
from onrecord.server.projection import Projection
from onrecord.server.recording import Recording
from onrecord.server.state import State
from onrecord.web import app as web
from onrecord.web.port import Site

FIRST_USER = "owner"
_logger = logging.getLogger(__name__)


class Installation(msgspec.Struct, frozen=True, kw_only=True):
    """A data directory, put together."""

    settings: Settings
    control: Engine
    logins: Logins
    recording: Recording
    projection: Projection
    health: health.Health
    gateway: calling.Calling
    parts: Parts
    app: ASGIApp

    def first_link(self) -> str:
        """A login token while nobody has ever logged in, else an empty string."""
        known = users.every(self.control)
        if any(user.last_login_us for user in known) or all(user.name != FIRST_USER for user in known):
            return ""
        return self.logins.make_link(FIRST_USER)


def installation(settings: Settings, clock: Clock | None = None, crash_point: CrashPoint = no_crash) -> Installation:
    """Put together what ``settings`` describe. The caller holds the data directory.

    Raises:
        Rejected: the server would listen beyond loopback and nobody has made a key, or the key-encryption key is
            missing or does not fit.
        Corrupt: what is on disk contradicts itself.
    """
    clock = clock or SystemClock()
    control = _control(settings, clock)
    keyring = Keyring(control, settings.control_file)
    logins = Logins(control, Passwords(), clock)
    recording = _recording(settings, keyring, clock, crash_point)
    projection = _projection(settings, recording, clock)
    bodies = _bodies(settings)
    receiver = Receiver(intake=ProjectIntake(recording), keyring=keyring, bodies=bodies, tally=bodies.tally)
    called = calling.calling(settings, receiver.intake, keyring, recording, clock)
    shown = (*figures.receiving(bodies), *figures.recording(recording, projection), *figures.calling(called.tally))
    conditions = _conditions(recording, projection) | {"gateway": called.condition}
    state = health.Health(figures=shown, warning=lambda: warning(settings), parts=conditions)
    gate = Gate(logins, keyring)
    asked = reading.engine(recording, projection, keyring, clock)
    library = _library(control, recording, clock)
    operator = Administration(recording, projection, keyring, library, clock)
    services = Services(
        engine=asked,
        gate=gate,
        writers=keyring,
        scores=recording.pipeline,
        health=lambda: state.report(figures=True),
    )
    site = Site(
        engine=asked, gate=gate, keyring=KeyOffice(keyring, clock), state=State(state, keyring, clock), clock=clock
    )
    desk = Desk(
        intake=receiver.intake, bodies=bodies, keyring=keyring, pipeline=recording.pipeline, library=library,
        engine=asked, clock=clock,
    )  # fmt: skip
    routes = [
        *receiver.routes(),
        *called.routes(),
        *_own_routes(state, shown, bodies.tally, gate.may_see_figures),
        *ledgerfiles.routes(settings.data / "ledger"),
        *administration.routes(operator),
        *api.routes(services),
        *doors.routes(desk),
        *web.routes(site),
    ]
    return Installation(
        settings=settings,
        control=control,
        logins=logins,
        recording=recording,
        projection=projection,
        health=state,
        gateway=called,
        parts=_parts(receiver, recording, projection, operator, keyring),
        app=app.build(routes),
    )


def warning(settings: Settings) -> str:
    """The red banner: what makes this installation unsafe, as a sentence; empty when nothing does."""
    if settings.listen.private:
        return ""
    return (
        "This server listens beyond this machine without TLS: keys, logins and content can be read on the way. "
        "Give --tls-cert and --tls-key, or declare the proxy that ends TLS with --trusted-proxies."
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


def _recording(settings: Settings, keyring: Keyring, clock: Clock, crash_point: CrashPoint) -> Recording:
    named = identity(settings.data, settings.origin_host)
    return Recording(
        data=settings.data,
        keys=settings.keys_directory,
        kek_text=settings.kek,
        kek_command=settings.kek_command,
        host=named.host,
        node=named.node,
        clock=clock,
        projects=keyring.every_project,
        workers=settings.workers,
        crash_point=crash_point,
    )


def _bodies(settings: Settings) -> Bodies:
    return Bodies(
        inflight=Inflight(settings.bounds.inflight_bytes, settings.bounds.inflight_requests),
        tally=Tally(),
        workers=ThreadPoolExecutor(2, thread_name_prefix="body"),
        body_bytes=settings.bounds.body_bytes,
    )


def _library(control: Engine, recording: Recording, clock: Clock) -> Library:
    return Library(control, lambda project, name: recording.keys.project_key(project.number, name), clock)


def _projection(settings: Settings, recording: Recording, clock: Clock) -> Projection:
    def feed() -> RowFeed:
        spool = Spool(settings.data / "vault")
        return RowFeed(spool, recording.content, recording.runtimes, recording.published_entry)

    projection = Projection(
        settings.store_url, settings.data / "projector.json", feed, clock, lambda: recording.staging.settled
    )
    recording.staging.followers.append(projection.position)
    recording.commits.on_commit.append(projection.wake)
    return projection


def _parts(
    receiver: Receiver, recording: Recording, projection: Projection, operator: Administration, keyring: Keyring
) -> Parts:
    """In the order in which a record passes them, which is also the order of a stop: each drains into the next."""

    def drain(within_s: float) -> None:
        recording.finish()
        projection.settle(recording.commits_position(), within_s)

    def resume() -> None:
        """Finish, beside the start, what a crash cut off."""
        threading.Thread(target=_resumed(operator), name="erasures", daemon=True).start()

    def close(_: float) -> None:
        recording.close()
        keyring.close()
        keyring.engine.dispose()

    return Parts(
        [
            Part("receive", lambda: None, lambda _: receiver.bodies.workers.shutdown()),
            Part("recording", recording.start, drain),
            Part("store", projection.start, projection.stop),
            Part("erasures", resume, lambda _: None),
            Part("files", lambda: None, close),
        ]
    )


def _resumed(operator: Administration) -> Callable[[], None]:
    def run() -> None:
        try:
            if operator.restore():
                _logger.info("the store was lost and has been made again")
            finished = operator.resume()
        except OnrecordError as error:
            _logger.error("what was cut off could not be finished: %s", error.message)
        else:
            if finished:
                _logger.info("finished %d erasures that were cut off", finished)

    return run


def _conditions(recording: Recording, projection: Projection) -> dict[str, Callable[[], str]]:
    def commit() -> str:
        failure = recording.commits.failure
        return f"The last commit failed ({failure})." if failure else "ok"

    def ledger() -> str:
        fault = recording.sequencer.fault
        return "ok" if fault is None else f"The ledger is not written: {fault}"

    return {"commit": commit, "ledger": ledger, "store": projection.condition}


def _own_routes(
    state: health.Health, shown: Sequence[Figure], tally: Tally, trusted: Callable[[Request], bool]
) -> list[Route]:
    return [
        Route("/health", health.endpoint(state, trusted), methods=["GET"]),
        Route("/metrics", metrics.endpoint(shown, tally, trusted), methods=["GET"]),
    ]
