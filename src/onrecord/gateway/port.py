"""What the gateway stands on, and what it counts. Put together in ``server.wiring``."""

from collections.abc import Callable

import msgspec

from onrecord.control.keyring import Keyring
from onrecord.gateway.recorder import Recorder
from onrecord.gateway.upstream import Client
from onrecord.gateway.upstreams import Upstreams
from onrecord.model.project import Project
from onrecord.model.time import Clock
from onrecord.receive.inflight import Inflight


class Tally(msgspec.Struct):
    """Counts since the start. Kept on one event loop only."""

    calls: int = 0
    """Calls that were made."""
    failed: int = 0
    """Calls without a whole answer of the provider."""
    cancelled: int = 0
    """Calls whose client left before the answer was whole."""
    blocked: int = 0
    """Calls that were not made because they could not be recorded."""
    unrecorded: int = 0
    """Calls that were made and are not on the record."""
    failure: str = ""
    """Why the last record failed; empty when it did not."""


def added(one: Tally, other: Tally) -> Tally:
    """The counts of two; why a record failed as whoever of them says it."""
    return Tally(
        calls=one.calls + other.calls,
        failed=one.failed + other.failed,
        cancelled=one.cancelled + other.cancelled,
        blocked=one.blocked + other.blocked,
        unrecorded=one.unrecorded + other.unrecorded,
        failure=one.failure or other.failure,
    )


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the gateway needs."""

    upstreams: Upstreams
    client: Client
    recorder: Recorder
    keyring: Keyring
    inflight: Inflight
    clock: Clock
    tally: Tally
    body_bytes: int
    """The largest request body."""
    key_of: Callable[[Project], bytes]
    """The key under which a provider's key is digested."""
