"""The store's side of the server: opened in the background, followed into, read from.

Opening the in-process engine takes longer than everything else together, and records need none of it: the server
accepts and acknowledges while the store opens, and queries say *opening* until it has. A store that can not be
opened is tried again for ever; the spool keeps what it must still get. A lost store (there are records, but its
tables had to be made) is noticed when it is opened, and ``Administration.restore`` makes it again.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from onrecord.durable import remove_file, write_file
from onrecord.errors import OnrecordError, Rejected, Unavailable, where
from onrecord.model.time import Clock

if TYPE_CHECKING:
    from onrecord.store.client import Store
    from onrecord.store.projector import Projector, Rows, Status
    from onrecord.store.writer import Writer

OPENING: Final = "opening"
LOST: Final = "The store was empty. It is being made again from ledger and vault; answers are incomplete until then."
_RETRY_S: Final = 5.0
_POLL_S: Final = 0.05

_logger = logging.getLogger(__name__)


class Projection:
    """An open store and the projector that fills it, or the promise of both."""

    def __init__(
        self, url: str, journal: Path, feed: Callable[[], "Rows"], clock: Clock, settled: Callable[[], int]
    ) -> None:
        """Nothing is opened before ``start``; ``feed`` makes the spool's reader, ``settled`` is what it has trimmed."""
        self._url = url
        self._journal = journal
        self._lost_mark = journal.with_name("store.lost")
        self._feed = feed
        self._settled = settled
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._open, name="store", daemon=True)
        self._projector: Projector | None = None
        self._writer: Writer | None = None
        self._store: Store | None = None
        self.state = OPENING
        """``opening``, ``ok``, or a sentence that says why it is not open."""

    def start(self) -> None:
        """Begin to open the store."""
        self._thread.start()

    def wake(self) -> None:
        """Say that the spool has grown."""
        if self._projector is not None:
            self._projector.wake()

    def position(self) -> int:
        """Everything up to this position of the spool is in the store."""
        return 0 if self._projector is None else self._projector.position

    def status(self) -> "Status | None":
        """How the projector does; nothing while the store is not open."""
        return None if self._projector is None else self._projector.status

    def condition(self) -> str:
        """``ok``, ``opening``, or what is wrong."""
        status = self.status()
        return (status.fault or self.state) if status is not None else self.state

    def content(self) -> str:
        """``ok``, or which rows could not be made because their content can not be read."""
        status = self.status()
        if status is None or not status.damaged:
            return "ok"
        return f"The content of {', '.join(status.damaged)} can not be read. Run onrecord verify."

    def store(self) -> "Store":
        """The open store; raises ``Unavailable`` while there is none."""
        if self._store is None:
            raise Unavailable("The store is not open yet.", hint="Records are kept meanwhile; ask again in a second.")
        return self._store

    def await_open(self, timeout_s: float) -> None:
        """Wait until the store is open; raises ``Unavailable`` when that takes longer."""
        deadline_s = time.monotonic() + timeout_s
        while self._projector is None and time.monotonic() < deadline_s and self._thread.is_alive():
            time.sleep(_POLL_S)
        self.store()

    def projecting(self) -> "tuple[Writer, Callable[[], AbstractContextManager[object]]]":
        """The projector's writer, and what holds it between two blocks; for a rebuild."""
        if self._projector is None or self._writer is None:
            raise Unavailable("The store is not open yet.", hint="Ask again in a second.")
        return self._writer, self._projector.paused

    def select(self, sql: str, parameters: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Rows of one SELECT, read-only and bounded; raises ``Unavailable`` while the store is not open."""
        from onrecord.store.read import select  # noqa: PLC0415 - the engine is imported beside the start, not before

        return select(self.store(), sql, parameters).rows

    @property
    def lost(self) -> bool:
        """Whether rows that were projected once are gone, and a rebuild must bring them back."""
        return self._lost_mark.exists()

    def found(self) -> None:
        """Say that a rebuild brought the rows back."""
        remove_file(self._lost_mark)
        self.state = "ok"

    def settle(self, position: int, timeout_s: float) -> bool:
        """Wait until everything up to ``position`` is in the store; whether that came true in time."""
        deadline_s = time.monotonic() + timeout_s
        while self._projector is None:
            if time.monotonic() > deadline_s or not self._thread.is_alive():
                return False
            time.sleep(_POLL_S)
        self._projector.wake()
        return self._projector.wait_for(position, max(0.0, deadline_s - time.monotonic()))

    def stop(self, timeout_s: float) -> None:
        """End the projector and close the store; what it has not got stays in the spool."""
        self._stopping.set()
        self._thread.join(max(timeout_s, _RETRY_S))
        if self._projector is not None:
            self._projector.stop(timeout_s)
        if self._store is not None:
            self._store.close()

    def _open(self) -> None:
        while not self._stopping.is_set():
            try:
                self._open_once()
            except OnrecordError as error:
                self.state = f"{error.message} {error.hint}".strip()
                _logger.error("the store is not open: %s", error.message)
                if isinstance(error, Rejected):
                    return
                self._stopping.wait(_RETRY_S)
            except Exception as error:  # noqa: BLE001 - a full disk, a broken file: said, and tried again
                self.state = f"The store can not be opened ({type(error).__name__})."
                _logger.error("the store is not open: %s", where(error))
                self._stopping.wait(_RETRY_S)
            else:
                return

    def _open_once(self) -> None:
        from onrecord.store.migrate import open_store  # noqa: PLC0415 - see above: 2 s of imports
        from onrecord.store.projector import Projector  # noqa: PLC0415
        from onrecord.store.writer import Writer  # noqa: PLC0415

        begun_s = time.monotonic()
        store = open_store(self._url)
        if self._stopping.is_set():
            store.close()
            return
        if store.made and (self._journal.exists() or self._settled()):
            # Rows were projected once, and they are not here. The mark outlives a crash before they are made again.
            write_file(self._lost_mark, b"")
        self._writer = Writer(store, self._clock)
        projector = Projector(self._feed(), self._writer, self._journal, settled=self._settled())
        projector.start()
        self._store, self._projector, self.state = store, projector, LOST if self.lost else "ok"
        _logger.info("the store is open after %.1f s", time.monotonic() - begun_s)
