"""What the doors of other products stand on. Put together in ``server.wiring``."""

from collections.abc import Callable

import msgspec
from starlette.requests import Request

from onrecord.control.caller import Caller
from onrecord.control.keyring import Keyring
from onrecord.control.library import Library
from onrecord.ingest.pipeline import Pipeline
from onrecord.model.time import Clock
from onrecord.query.engine import Engine
from onrecord.receive.bodies import Bodies
from onrecord.receive.port import Intake


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a door needs."""

    intake: Intake
    bodies: Bodies
    keyring: Keyring
    pipeline: Pipeline
    """For scores, and for records of the server's own (``append``)."""
    library: Library
    engine: Engine
    clock: Clock
    identify: Callable[[Request], Caller]
    """Who makes a request that reads, by login or key; raises ``Denied``. For links that lead to pages."""
