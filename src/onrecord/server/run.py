"""Run the server until a signal says stop."""

import gc
import logging
from collections.abc import Callable

from onrecord.config import Settings
from onrecord.limits import GC_ALLOCATIONS
from onrecord.server.directory import control_socket, held
from onrecord.server.lifecycle import bind, stopping_on_signals
from onrecord.server.wiring import Installation, installation

_logger = logging.getLogger(__name__)


def serve(settings: Settings, ready: Callable[[str, Installation], None]) -> None:
    """Serve until SIGINT or SIGTERM, then drain.

    Args:
        settings: where and what.
        ready: called once the port answers, with the URL and the installation.

    Raises:
        Rejected: the port or the data directory is taken, or the settings are not safe.
    """
    with bind(settings.listen) as taken, held(settings.data), control_socket(settings.data) as control:
        running = installation(settings)
        server = running.gateway.http_server(running.app)

        def stop() -> None:
            running.health.accepting = False
            server.should_exit = True

        with stopping_on_signals(stop):
            running.parts.start()
            try:
                gc.freeze()  # what the start made lives as long as the process: never walk it again
                gc.set_threshold(GC_ALLOCATIONS, 10, 10)
                running.health.accepting = True
                ready(settings.listen.url(taken.getsockname()[1]), running)
                server.run(sockets=[taken, *([control] if control else [])])
            finally:
                running.health.accepting = False
                running.parts.stop(settings.bounds.drain_seconds)
                _logger.info("Stopped.")
