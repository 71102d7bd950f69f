"""The client of this process: spool, intake, courier and OpenTelemetry, put together.

A process has one. After a fork the child has a new producer, a new queue and threads of its own; what the parent has in
memory stays the parent's. At the end of the process what was taken is written, and sent for as long as is allowed.
"""

import atexit
import contextlib
import logging
import os
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import util
from typing import Any

from opentelemetry import trace as otel
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Tracer

from onrecord.sdk.courier import Courier
from onrecord.sdk.declare import Declarations
from onrecord.sdk.http import Connection
from onrecord.sdk.instrumentors import instrument
from onrecord.sdk.intake import Intake
from onrecord.sdk.mask import Mask
from onrecord.sdk.otlp import Judgement
from onrecord.sdk.processor import OnrecordProcessor
from onrecord.sdk.settings import ClientSettings
from onrecord.sdk.spool import Spool

_log = logging.getLogger(__name__)
NAME = "onrecord"
_TRY_S = 0.5
_WRITE_S = 1.0
"""However little time the end may take: what is in memory is written to the spool."""


class Client:
    """Build it once; it runs until the process ends or ``shutdown``."""

    def __init__(self, settings: ClientSettings, mask: Callable[[str], str] | None, provider: Any) -> None:
        """``provider`` is the tracer provider to add to; ``None`` takes OpenTelemetry's own, or makes it."""
        self.settings = settings
        self._mask_hook = mask
        self._version = _own_version()
        self._closed = False
        self._open()
        self._courier.start()
        self.provider = _provider(provider, settings)
        self.provider.add_span_processor(OnrecordProcessor(self._current, settings.sample_rate))
        self.tracer: Tracer = self.provider.get_tracer(NAME, self._version)
        self.instrumented: list[str] = []
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forked)
        atexit.register(self._exit)
        self._finalize()
        util.register_after_fork(self, Client._finalize)

    def instrument(self, wanted: bool | tuple[str, ...]) -> None:
        """Switch on instrumentors that are not on yet."""
        self.instrumented = sorted({*self.instrumented, *instrument(self.provider, wanted)})

    def judge(self, judgement: Judgement) -> None:
        """Take a score."""
        if not self._closed:
            self._intake.take(judgement)

    def flush(self, timeout_s: float) -> bool:
        """Write everything, send everything; whether the server has acknowledged it in time."""
        deadline = time.monotonic() + timeout_s
        if self._closed or not self._intake.write(timeout_s):
            return False
        while not self._courier.flush(deadline - time.monotonic()):
            if time.monotonic() + _TRY_S > deadline:
                return False
            time.sleep(_TRY_S)
        return True

    def shutdown(self, timeout_s: float) -> bool:
        """Flush, then end; what is not acknowledged stays in the spool. Whether everything was."""
        if self._closed:
            return True
        deadline = time.monotonic() + timeout_s
        done = self.flush(timeout_s)
        self._closed = True
        self._intake.stop(max(_WRITE_S, deadline - time.monotonic()))
        self._courier.stop(max(0.1, deadline - time.monotonic()))
        with contextlib.suppress(OSError):
            self._spool.close()
        return done

    def status(self) -> dict[str, int | str | bool]:
        """What became of this process's records, in numbers."""
        outboxes = self._spool.outboxes()
        own = self._spool.producer
        counter = outboxes[-1].counter if own and outboxes else None
        return {
            "producer": own,
            "taken": counter.given if counter else 0,
            "left_out": counter.sampled if counter else 0,
            "in_memory": self._intake.waiting,
            "in_spool": sum(batch.count for outbox in outboxes for batch in outbox.batches()),
            "acknowledged": self._courier.acknowledged,
            "dropped": self._intake.declarations.dropped_total,
            "refused": self._courier.refused,
            "rejected": self._courier.rejected,
            "withheld": self._mask.withheld,
            "away": self._courier.away,
        }

    def _current(self) -> Intake | None:
        return None if self._closed else self._intake

    def _open(self) -> None:
        settings = self.settings
        scope = (NAME, self._version)
        self._spool = Spool(settings)
        self._mask = Mask(self._mask_hook)
        named = {
            "service.name": settings.application,
            "deployment.environment.name": settings.environment,
            "service.version": settings.release,
        }
        resource = {name: value for name, value in named.items() if value}
        self._intake = Intake(self._spool, self._mask, resource=resource, scope=scope, sample_rate=settings.sample_rate)
        connection = Connection(settings.endpoint, settings.api_key, f"{NAME}-python/{self._version}")
        self._courier = Courier(self._spool, connection, lambda: Declarations(self._spool, scope, settings.sample_rate))
        self._intake.on_written = self._courier.poke
        self._intake.away = lambda: self._courier.away
        self._intake.on_started = self._courier.start

    def _forked(self) -> None:
        """In a forked child: begin anew. The parent's files are let go of, not touched."""
        if self._closed:
            return
        try:
            self._spool.abandon()
            self._open()
        except Exception as error:  # noqa: BLE001 - a fork must not fail for us
            self._closed = True
            _log.error("recording ends in this forked process (%s)", type(error).__name__)

    def _finalize(self) -> None:
        """The children of ``multiprocessing`` end without ``atexit``, but run its own finalizers."""
        util.Finalize(None, self._exit, exitpriority=0)

    def _exit(self) -> None:
        try:
            self.shutdown(self.settings.exit_seconds)
        except Exception as error:  # noqa: BLE001 - the end of the application is its own
            _log.error("the last records may wait in the spool (%s)", type(error).__name__)


def _own_version() -> str:
    with contextlib.suppress(PackageNotFoundError):  # run from its sources
        return version(NAME)
    return ""


def _provider(given: Any, settings: ClientSettings) -> Any:
    """The provider to add our processor to."""
    provider = given if given is not None else otel.get_tracer_provider()
    if hasattr(provider, "add_span_processor"):
        return provider
    named = {"service.name": settings.application} if settings.application else {}
    made = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
    otel.set_tracer_provider(made)
    return made
