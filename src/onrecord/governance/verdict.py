"""Verifying a data directory, a ledger's URL or an evidence bundle, and what the result means in one number.

The caller's trust decides: with the key directory of the installation everything can be opened and every signature
judged; with a verifier key from elsewhere the ledger can; with nothing but the files themselves, no more than that they
fit together.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from onrecord.errors import Corrupt, Missing, OnrecordError
from onrecord.governance.audit import LedgerVerdict, Trust, audit
from onrecord.keys.kek import load_kek
from onrecord.keys.keystore import KeyStore
from onrecord.ledger.checkpoint import Checkpoint, read_checkpoint
from onrecord.ledger.lock import CheckpointLock
from onrecord.ledger.note import VerifierKey, parse_vkey
from onrecord.ledger.reader import LedgerReader, read_directory, read_url
from onrecord.ledger.signer import load_signer
from onrecord.ledger.verify import Finding, LedgerCheck

EXIT_OK: Final = 0
EXIT_CODES: Final = {"altered": 1, "missing": 2, "untrusted": 3, "malformed": 4}
SELF_SIGNED: Final = "judged by the key that lies beside the ledger: bring the verifier key from elsewhere (--vkey)"


class Report(msgspec.Struct, frozen=True):
    """What a verification found."""

    subject: str
    ledgers: list[LedgerVerdict]

    @property
    def findings(self) -> list[tuple[str, Finding]]:
        """Every finding, with the name of its ledger."""
        return [(ledger.name, finding) for ledger in self.ledgers for finding in ledger.findings]

    @property
    def states(self) -> dict[str, int]:
        """Records by state, over all ledgers."""
        total: dict[str, int] = {}
        for ledger in self.ledgers:
            for state, count in ledger.states.items():
                total[state] = total.get(state, 0) + count
        return total

    @property
    def exit_code(self) -> int:
        """0 ok, 1 altered, 2 incomplete, 3 untrusted, 4 malformed: the gravest of what was found."""
        return min((EXIT_CODES[finding.state] for _, finding in self.findings), default=EXIT_OK)


def verify_data(data: Path, keys: Path, *, kek: str = "", kek_command: str = "", vkeys: Sequence[str] = ()) -> Report:
    """Verify a data directory, live or dead.

    Raises:
        Missing: it is not one. Rejected: the key-encryption key is not its own.
    """
    secret = load_kek(keys / "kek", text=kek, command=kek_command) if (data / "keys.db").exists() else None
    store = KeyStore(data / "keys.db", secret, read_only=True) if secret is not None else None
    given = [parse_vkey(vkey) for vkey in vkeys]
    names = {path.parent.relative_to(data / "ledger"): path for path in (data / "ledger").glob("*/*/*/checkpoint")}
    trusted: dict[str, list[VerifierKey]] = {}
    alone: set[str] = set()
    for name, checkpoint in names.items():
        found = given or _own_keys(checkpoint, name, keys)
        if not found:
            found = _keys_beside(checkpoint)
            alone.add(name.as_posix())
        trusted[name.as_posix()] = found
    try:
        verdicts = audit(data, Trust(trusted, _held(keys)), store)
    finally:
        if store is not None:
            store.close()
    for verdict in verdicts:
        if verdict.name in alone:
            verdict.findings.append(Finding("untrusted", "vkey", None, SELF_SIGNED))
    return Report(str(data), verdicts)


def verify_url(url: str, vkeys: Sequence[str] = ()) -> Report:
    """Verify one ledger over HTTP: ``http://host/ledger/<project>/<node>/<year>``. Content is not looked at.

    Raises:
        Unavailable: the server does not answer.
    """
    reader = LedgerReader(read_url(url))
    given = [parse_vkey(vkey) for vkey in vkeys]
    keys = given or [parse_vkey(reader.source("vkey").decode("ascii").strip())]
    check = LedgerCheck(reader, keys=keys)
    for _ in check.entries():
        pass
    report = check.report()
    findings = list(report.findings)
    if not given:
        findings.append(Finding("untrusted", "vkey", None, SELF_SIGNED))
    size = report.checkpoint.size if report.checkpoint else 0
    return Report(url, [LedgerVerdict(url, size, report.checkpoint, {}, {}, report.kinds, findings)])


def _own_keys(checkpoint: Path, name: Path, keys: Path) -> list[VerifierKey]:
    """The verifier key that the installation's own signing key gives."""
    with suppress(OnrecordError, ValueError):
        origin = read_checkpoint(checkpoint.read_bytes()).origin
        if origin.endswith(f"/{name.as_posix()}"):
            return [load_signer(keys / "signing", name.parts[0]).key(origin)]
    return []


def _keys_beside(checkpoint: Path) -> list[VerifierKey]:
    with suppress(Missing, Corrupt, ValueError):
        return [parse_vkey(read_directory(checkpoint.parent)("vkey").decode("ascii").strip())]
    return []


def _held(keys: Path) -> dict[str, list[Checkpoint]]:
    """The last signed checkpoint of each ledger, from its place beside the keys."""
    if not (keys / "checkpoints.db").exists():
        return {}
    lock = CheckpointLock(keys / "checkpoints.db")
    try:
        return {locked.checkpoint.origin.partition("/")[2]: [locked.checkpoint] for locked in lock.all()}
    finally:
        lock.close()
