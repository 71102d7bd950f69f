"""The composition root: the one place that knows every concrete class and puts them together.

``installation`` opens what a data directory holds and starts nothing; ``server.run`` starts and stops the parts.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
from sqlalchemy import Engine
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from onrecord.api import app as api
from onrecord.api.allowance import Allowance
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
from onrecord.governance.selftest import SelfTest
from onrecord.ingest.rows import RowFeed
from onrecord.ingest.spool import Spool
from onrecord.ledger.ledgers import CrashPoint, no_crash
from onrecord.model.time import Clock, SystemClock
from onrecord.query.engine import Engine as Queries
from onrecord.query.erasures import Erasures
from onrecord.query.letters import Letters
from onrecord.query.sql.console import Console
from onrecord.receive.bodies import Bodies
from onrecord.receive.http import Receiver
from onrecord.receive.inflight import Inflight
from onrecord.receive.port import Intake
from onrecord.receive.tally import Tally
from onrecord.server import administration, app, calling, console, figures, health, ledgerfiles, reading, upkeep
from onrecord.server.administration import Administration
from onrecord.server.completeness import CompletenessFigures
from onrecord.server.figures import Figure
from onrecord.server.gate import Gate, KeyOffice
from onrecord.server.identity import identity
from onrecord.server.later import LaterRoutes
from onrecord.server.lifecycle import Part, Parts
from onrecord.server.projection import Projection
from onrecord.server.recording import Recording
from onrecord.server.state import State
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
    ground = _ground(settings, clock or SystemClock(), crash_point)
    recording, projection, tally = ground.recording, ground.projection, ground.bodies.tally
    receiver = Receiver(intake=ground.intake, keyring=ground.keyring, bodies=ground.bodies, tally=tally)
    called = calling.calling(settings, ground.keyring, recording, ground.clock)
    shown = (
        *figures.receiving(ground.bodies),
        *figures.rating(ground.allowance),
        *figures.recording(recording, projection),
        *figures.completing(CompletenessFigures(settings.data / "vault", ground.clock)),
        *figures.calling(called),
    )
    conditions = {"journal": called.journal} | _conditions(recording, projection) | {"gateway": called.condition}
    state = health.Health(figures=shown, warning=lambda: warning(settings), parts=conditions)
    operator = Administration(
        recording=recording,
        projection=projection,
        keyring=ground.keyring,
        library=ground.library,
        clock=ground.clock,
        empty_journals=called.empty,
    )
    later = LaterRoutes(lambda: _later_routes(ground, shown, state))
    routes = [
        *receiver.routes(),
        *called.routes(),
        Route("/health", health.endpoint(state, ground.gate.may_see_figures), methods=["GET"]),
        *ledgerfiles.routes(settings.data / "ledger"),
        *administration.routes(operator),
        *api.routes(_services(ground, state)),
        *doors.routes(_desk(ground)),
        later,
    ]
    return Installation(
        settings=settings,
        control=ground.control,
        logins=ground.logins,
        recording=recording,
        projection=projection,
        health=state,
        gateway=called,
        parts=_parts(ground, called, operator, later),
        app=app.build(routes),
    )


class _Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What everything that listens stands on."""

    settings: Settings
    clock: Clock
    control: Engine
    keyring: Keyring
    logins: Logins
    gate: Gate
    recording: Recording
    projection: Projection
    intake: Intake
    bodies: Bodies
    allowance: Allowance
    library: Library
    queries: Queries
    letters: Letters
    erasures: Erasures
    selftest: SelfTest
    console: Console


def _ground(settings: Settings, clock: Clock, crash_point: CrashPoint) -> _Ground:
    control = _control(settings, clock)
    keyring = Keyring(control, settings.control_file)
    logins = Logins(control, Passwords(), clock)
    recording = _recording(settings, keyring, clock, crash_point)
    projection = _projection(settings, recording, clock)
    library = Library(control, lambda project, name: recording.keys.project_key(project.number, name), clock)
    return _Ground(
        settings=settings,
        clock=clock,
        control=control,
        keyring=keyring,
        logins=logins,
        gate=Gate(logins, keyring),
        recording=recording,
        projection=projection,
        intake=recording,
        bodies=_bodies(settings),
        allowance=Allowance(),
        library=library,
        queries=reading.engine(recording, projection, keyring, clock),
        letters=upkeep.letters(recording, keyring, clock),
        erasures=upkeep.erasures(recording, keyring),
        selftest=upkeep.selftest(settings, recording, keyring, library, clock),
        console=console.console(settings, recording, projection, keyring),
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


def _services(ground: _Ground, state: health.Health) -> Services:
    return Services(
        engine=ground.queries,
        gate=ground.gate,
        raters=ground.keyring,
        allowance=ground.allowance,
        scores=ground.recording.pipeline,
        letters=ground.letters,
        erasures=ground.erasures,
        selftest=ground.selftest,
        storage=upkeep.storage(ground.settings, ground.projection),
        console=ground.console,
        health=lambda: state.report(figures=True),
    )


def _desk(ground: _Ground) -> Desk:
    return Desk(
        intake=ground.intake,
        bodies=ground.bodies,
        keyring=ground.keyring,
        pipeline=ground.recording.pipeline,
        library=ground.library,
        engine=ground.queries,
        clock=ground.clock,
        identify=ground.gate.identify,
    )


def _bodies(settings: Settings) -> Bodies:
    return Bodies(
        inflight=Inflight(settings.bounds.inflight_bytes, settings.bounds.inflight_requests),
        tally=Tally(),
        workers=ThreadPoolExecutor(2, thread_name_prefix="body"),
        body_bytes=settings.bounds.body_bytes,
    )


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


def _parts(ground: _Ground, called: calling.Calling, operator: Administration, later: LaterRoutes) -> Parts:
    """In the order in which a record passes them, which is also the order of a stop: each drains into the next."""
    recording, projection, keyring = ground.recording, ground.projection, ground.keyring

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
            Part("statements", lambda: None, lambda _: ground.console.close()),
            Part("receive", lambda: None, lambda _: ground.bodies.workers.shutdown()),
            Part("gateway", lambda: None, called.stop),
            Part("recording", recording.start, drain),
            Part("store", projection.start, projection.stop),
            Part("erasures", resume, lambda _: None),
            Part("pages", later.start, lambda _: None),
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

    return {
        "commit": commit,
        "ledger": ledger,
        "store": projection.condition,
        "content": projection.content,
    }


def _later_routes(ground: _Ground, shown: Sequence[Figure], state: health.Health) -> list[BaseRoute]:
    """What is imported beside the start."""
    from onrecord.mcp import app as mcp  # noqa: PLC0415 - see LaterRoutes
    from onrecord.server import metrics  # noqa: PLC0415 - see LaterRoutes
    from onrecord.web import app as web  # noqa: PLC0415

    site = Site(
        engine=ground.queries,
        gate=ground.gate,
        keyring=KeyOffice(ground.keyring, ground.clock),
        state=State(state, ground.keyring, ground.clock),
        letters=ground.letters,
        erasures=ground.erasures,
        selftest=ground.selftest,
        storage=upkeep.storage(ground.settings, ground.projection),
        console=ground.console,
        clock=ground.clock,
        scores=ground.recording.pipeline,
        library=ground.library,
    )
    figures_endpoint = metrics.endpoint(shown, ground.bodies.tally, ground.gate.may_see_figures)
    agents = mcp.routes(mcp.Door(engine=ground.queries, identify=ground.gate.identify_program))
    return [Route("/metrics", figures_endpoint, methods=["GET"]), *agents, *web.routes(site)]
