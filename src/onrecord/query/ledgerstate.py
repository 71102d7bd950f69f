"""A project's ledgers as their files say: size, newest checkpoint, newest entry, last heartbeat, the key to check by.

Nothing is trusted here and nothing is judged: that is what ``proofs`` and ``onrecord verify`` do. A file that can not
be read is said, never left out.
"""

from base64 import b64encode

from onrecord.errors import Corrupt, Missing
from onrecord.ledger.checkpoint import Checkpoint
from onrecord.ledger.entry import Entry, UnknownVersion, decode_entry
from onrecord.ledger.reader import LedgerReader
from onrecord.limits import HEARTBEAT_ENTRIES
from onrecord.query.proofs import Ledgers
from onrecord.query.results import LedgerState


def states(ledgers: Ledgers) -> tuple[LedgerState, ...]:
    """Each ledger that has published a checkpoint, newest first."""
    found = []
    for shard, reader in reversed(ledgers):
        try:
            checkpoint = reader.checkpoint()
        except (Missing, ValueError):
            continue
        found.append(_state(shard, reader, checkpoint))
    return tuple(found)


def _state(shard: int, reader: LedgerReader, checkpoint: Checkpoint) -> LedgerState:
    newest, beat, fault = _looked_back(reader, checkpoint.size)
    return LedgerState(
        shard=shard,
        origin=checkpoint.origin,
        path=checkpoint.origin.partition("/")[2],
        size=checkpoint.size,
        root=b64encode(checkpoint.root).decode("ascii"),
        verifier_key=_key(reader),
        newest_us=newest.received_us if newest else None,
        heartbeat_us=beat[1].received_us if beat else None,
        heartbeat_index=beat[0] if beat else None,
        closed=newest is not None and newest.next is not None,
        fault=fault,
    )


def _looked_back(reader: LedgerReader, size: int) -> tuple[Entry | None, tuple[int, Entry] | None, str]:
    """The newest entry, the last heartbeat with its index, and what could not be read."""
    newest: Entry | None = None
    beat: tuple[int, Entry] | None = None
    try:
        for index, data in reader.entries(max(0, size - HEARTBEAT_ENTRIES), size):
            try:
                newest = decode_entry(data)
            except UnknownVersion:
                continue
            if newest.kind == "heartbeat":
                beat = (index, newest)
    except (Missing, Corrupt, ValueError):
        return newest, beat, "Its newest entries can not be read. Run onrecord verify."
    return newest, beat, ""


def _key(reader: LedgerReader) -> str:
    try:
        return reader.source("vkey").decode("ascii").strip()
    except (Missing, ValueError):
        return ""
