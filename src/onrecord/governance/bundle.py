"""Evidence bundles: one record's proof in a file that is checked without us.

A ZIP file with ``entry`` (its bytes in the ledger), ``entry.tlog-proof`` (C2SP tlog-proof: index, hashes, checkpoint),
``vkey`` (the ledger's verifier key, a convenience, not a source of trust) and ``README.txt``. With ``slot-N`` and
``slot-N.opening`` it also discloses slot N of the content, and none of the others. A ``NAME.tlog-proof`` that was saved
alone is checked with the ``NAME.entry`` beside it.
"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from onrecord.errors import Rejected
from onrecord.governance.audit import LedgerVerdict
from onrecord.governance.verdict import SELF_SIGNED, Report
from onrecord.ledger.checkpoint import open_checkpoint, read_checkpoint
from onrecord.ledger.commitment import SlotOpening, check_slot
from onrecord.ledger.entry import decode_entry
from onrecord.ledger.merkle import is_included, leaf_hash
from onrecord.ledger.note import VerifierKey, parse_vkey
from onrecord.ledger.proof import decode_proof
from onrecord.ledger.verify import Finding
from onrecord.model.time import iso_of

_README = """\
This file proves that one record stands in a transparency log (C2SP tlog-tiles, RFC 6962, SHA-256).

  entry             the record's entry, byte for byte: SHA-256(0x00 || entry) is its leaf
  entry.tlog-proof  where it stands, and the hashes up to a signed checkpoint (https://c2sp.org/tlog-proof)
  vkey              the log's verifier key. Compare it with the one that the log's owner published.

Check it with `onrecord verify FILE.zip --vkey KEY`, or with any other implementation of tlog-proof.
"""
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
_ALONE = ".tlog-proof"
_MEMBER_BYTES = 64 * 1024 * 1024


def make_bundle(
    entry: bytes, proof: bytes, vkey: str, slots: Mapping[int, tuple[bytes, SlotOpening]] | None = None
) -> bytes:
    """The bytes of a bundle; the same for the same record and checkpoint."""
    members = {"README.txt": _README.encode(), "entry": entry, "entry.tlog-proof": proof, "vkey": f"{vkey}\n".encode()}
    for index, (slot, opening) in (slots or {}).items():
        members[f"slot-{index}"] = slot
        members[f"slot-{index}.opening"] = msgspec.json.encode(opening)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, _FIRST_DAY), content)
    return made.getvalue()


def verify_bundle(path: Path, vkeys: Sequence[str] = ()) -> Report:
    """Check a bundle, or a proof that lies beside its entry.

    Raises:
        Rejected: a given verifier key can not be read.
    """
    try:
        given = [parse_vkey(vkey) for vkey in vkeys]
    except ValueError as error:
        raise Rejected(f"a verifier key can not be read: {error}") from error
    try:
        members = _read(path)
        proof = decode_proof(members["entry.tlog-proof"])
        entry = members["entry"]
        read = decode_entry(entry)
        beside = [parse_vkey(members["vkey"].decode("ascii").strip())] if "vkey" in members else []
        claimed = read_checkpoint(proof.checkpoint)
    except (KeyError, ValueError, zipfile.BadZipFile, OSError) as error:
        return _report(path, [Finding("malformed", path.name, None, f"this is no proof of a record: {error}")])
    findings = _check_signature(proof.checkpoint, given or beside)
    if not is_included(proof.index, claimed.size, leaf_hash(entry), proof.hashes, claimed.root):
        findings.append(Finding("altered", "entry", proof.index, "the proof does not lead from the entry to the root"))
    findings += _check_slots(members, read.commitment, proof.index)
    if beside and not given:
        findings.append(Finding("untrusted", "vkey", None, SELF_SIGNED))
    note = (
        f"Entry #{proof.index:,} of {claimed.origin}: a {read.kind} received at {iso_of(read.received_us)}, "
        f"under a checkpoint of {claimed.size:,} entries."
    )
    return _report(path, findings, size=claimed.size, kinds={read.kind: 1}, note="" if findings else note)


def _check_signature(checkpoint: bytes, keys: Sequence[VerifierKey]) -> list[Finding]:
    """Whether one of the keys signed it; without any it proves nothing to anybody."""
    fault = "bring the ledger's verifier key (--vkey)"
    if keys:
        try:
            open_checkpoint(checkpoint, keys)
        except ValueError as error:
            fault = str(error)
        else:
            return []
    return [Finding("untrusted", "entry.tlog-proof", None, f"the checkpoint is not to be relied on: {fault}")]


def _check_slots(members: Mapping[str, bytes], commitment: bytes, index: int) -> list[Finding]:
    found = []
    for name in sorted(name for name in members if name.endswith(".opening")):
        slot = name.removesuffix(".opening")
        try:
            opening = msgspec.json.decode(members[name], type=SlotOpening)
            fits = check_slot(commitment, opening, members[slot])
        except (KeyError, msgspec.DecodeError):
            fits = False
        if not fits:
            found.append(Finding("altered", slot, index, "the disclosed content is not what the entry commits to"))
    return found


def _read(path: Path) -> dict[str, bytes]:
    if path.suffix == _ALONE:
        entry = path.with_suffix(".entry")
        if not entry.is_file():
            raise ValueError(f"the bytes of its entry, {entry.name}, are not beside it")
        return {"entry": _bounded(entry), "entry.tlog-proof": _bounded(path)}
    with zipfile.ZipFile(path) as archive:
        if any(info.file_size > _MEMBER_BYTES for info in archive.infolist()):
            raise ValueError("a member is larger than a bundle's may be")
        return {info.filename: archive.read(info) for info in archive.infolist()}


def _bounded(path: Path) -> bytes:
    if path.stat().st_size > _MEMBER_BYTES:
        raise ValueError("a file is larger than a bundle's may be")
    return path.read_bytes()


def _report(
    path: Path, findings: list[Finding], size: int = 0, kinds: dict[str, int] | None = None, note: str = ""
) -> Report:
    return Report(str(path), [LedgerVerdict(path.name, size, None, {}, {}, kinds or {}, findings)], note)
