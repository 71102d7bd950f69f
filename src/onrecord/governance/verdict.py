"""Verifying a data directory, a ledger's URL or an evidence bundle, and what the result means in one number.

The caller's trust decides: with the key directory of the installation everything can be opened and every signature
judged; with a verifier key from elsewhere the ledger can; with nothing but the files themselves, no more than that they
fit together.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from onrecord.errors import Corrupt, Missing, OnrecordError
from onrecord.governance.audit import LedgerVerdict, Trust, audit, ledger_names
from onrecord.governance.signed import older_than, read_signed
from onrecord.keys.kek import load_kek
from onrecord.keys.keystore import KeyStore
from onrecord.ledger.checkpoint import read_checkpoint
from onrecord.ledger.note import VerifierKey, parse_vkey
from onrecord.ledger.reader import LedgerReader, read_directory, read_url
from onrecord.ledger.signer import load_signer
from onrecord.ledger.verify import Finding, LedgerCheck

EXIT_OK: Final = 0
EXIT_CODES: Final = {"altered": 1, "missing": 2, "untrusted": 3, "malformed": 4}
VERDICTS: Final = {
    0: "verified: everything is as it was recorded",
    1: "ALTERED: something is not as it was recorded",
    2: "INCOMPLETE: something that was recorded is missing",
    3: "UNTRUSTED: nobody vouches for what this was judged by",
    4: "MALFORMED: this is not what it should be",
}
"""What each exit code says."""
SELF_SIGNED: Final = "judged by the key that lies beside the ledger: bring the verifier key from elsewhere (--vkey)"


class Report(msgspec.Struct, frozen=True):
    """What a verification found."""

    subject: str
    ledgers: list[LedgerVerdict]
    note: str = ""
    """What was checked, in a sentence, when that is a single record and all is well."""

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

    @property
    def verdict(self) -> str:
        """The exit code in words."""
        return VERDICTS[self.exit_code]


def verify_data(data: Path, keys: Path, *, kek: str = "", kek_command: str = "", vkeys: Sequence[str] = ()) -> Report:
    """Verify a data directory, live or dead.

    Raises:
        Missing: it is not one. Rejected: the key-encryption key is not its own.
    """
    given = [parse_vkey(vkey) for vkey in vkeys]
    trusted: dict[str, list[VerifierKey]] = {}
    alone: set[str] = set()
    own = (keys / "signing").is_dir()
    for name in ledger_names(data):
        checkpoint = data / "ledger" / name / "checkpoint"
        trusted[name] = given or _own_keys(checkpoint, name, keys)
        if not trusted[name]:
            trusted[name] = _keys_beside(checkpoint)
            alone.add(name)
    before = read_signed(keys)
    held = {name: [checkpoint] for name, checkpoint in before.last.items()}
    with _opened(data, keys, kek, kek_command) as (store, faults):
        verdicts = audit(data, Trust(trusted, held), store)
    after = read_signed(keys)
    for verdict in verdicts:
        if verdict.name in alone:
            verdict.findings.append(Finding("untrusted", "vkey", None, SELF_SIGNED))
        if own and (older := older_than(verdict.checkpoint, verdict.name, after.last)):
            verdict.findings.append(older)
    faults += before.findings
    faults += [_unpublished(name) for name in before.last if own and not (data / "ledger" / name).is_dir()]
    return Report(str(data), [*verdicts, *([LedgerVerdict("keys", 0, None, {}, {}, {}, faults)] if faults else [])])


@contextmanager
def _opened(data: Path, keys: Path, kek: str, kek_command: str) -> Iterator[tuple[KeyStore | None, list[Finding]]]:
    """The key store, when a key-encryption key for it is at hand; what is wrong with it is a finding."""
    path = data / "keys.db"
    faults: list[Finding] = []
    store: KeyStore | None = None
    secret = load_kek(keys / "kek", text=kek, command=kek_command)
    try:
        if not path.exists():
            faults.append(Finding("missing", path.name, None, "the key store is not there: no content opens"))
        elif secret is not None:
            store = KeyStore(path, secret, read_only=True)
    except (Corrupt, sqlite3.Error) as error:
        faults.append(Finding("altered", path.name, None, f"the key store can not be read: {error}"))
    try:
        yield store, faults
    finally:
        if store is not None:
            store.close()


def _unpublished(name: str) -> Finding:
    return Finding("missing", f"ledger/{name}", None, "a checkpoint of this ledger was signed, the ledger is not there")


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


def _own_keys(checkpoint: Path, name: str, keys: Path) -> list[VerifierKey]:
    """The verifier key that the installation's own signing key gives."""
    with suppress(OnrecordError, OSError, ValueError):
        origin = read_checkpoint(checkpoint.read_bytes()).origin
        if origin.endswith(f"/{name}"):
            return [load_signer(keys / "signing", name.partition("/")[0]).key(origin)]
    return []


def _keys_beside(checkpoint: Path) -> list[VerifierKey]:
    with suppress(Missing, Corrupt, ValueError):
        return [parse_vkey(read_directory(checkpoint.parent)("vkey").decode("ascii").strip())]
    return []
