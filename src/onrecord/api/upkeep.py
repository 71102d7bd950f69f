"""Operations on the ledgers and the disk, for whoever looks after an installation; ``table.py`` lists them too."""

from typing import Final

from onrecord.api.operation import Operation, Question
from onrecord.governance.selftest import SelfTests
from onrecord.query.erasures import ErasureRow
from onrecord.query.results import LedgerState, Page
from onrecord.query.storage import StorageReport


def _ledger_states(asked: Question) -> Page[LedgerState]:
    return Page(rows=asked.services.engine.ledgers(asked.access, asked.project.id))


def _last(asked: Question) -> SelfTests:
    return asked.services.selftest.last(asked.caller, asked.project.id)


def _start(asked: Question) -> SelfTests:
    return asked.services.selftest.start(asked.caller, asked.project.id)


def _erasures(asked: Question) -> Page[ErasureRow]:
    return Page(rows=asked.services.erasures.listed(asked.access, asked.project.id))


def _storage(asked: Question) -> StorageReport:
    return asked.services.storage.report(asked.caller, asked.project.id)


UPKEEP: Final = (
    Operation(
        name="listLedgerStates", path="/ledgers/state",
        summary="Each ledger as its files say: checkpoint, verifier key, newest entry, last heartbeat",
        handler=_ledger_states, result=Page[LedgerState],
    ),
    Operation(
        name="getSelfTest", path="/selftest", summary="The newest self-test: counts per state, findings, when",
        handler=_last, result=SelfTests,
    ),
    Operation(
        name="startSelfTest", path="/selftest", method="POST",
        summary="Verify ledger and vault in a process beside the server; for owners",
        handler=_start, result=SelfTests,
    ),
    Operation(
        name="listErasures", path="/erasures", summary="Erasures, newest first: when, how many records",
        handler=_erasures, result=Page[ErasureRow],
    ),
    Operation(
        name="getStorage", path="/storage", summary="What every byte on disk is for; for owners",
        handler=_storage, result=StorageReport,
    ),
)  # fmt: skip
