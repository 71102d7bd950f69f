"""Evidence bundles: one record's proof in a file that is checked without us.

A ZIP file with ``entry`` (its bytes in the ledger), ``entry.tlog-proof`` (C2SP tlog-proof: index, hashes, checkpoint),
``vkey`` (the ledger's verifier key, a convenience, not a source of trust) and ``README.txt``. With ``slot-N`` and
``slot-N.opening`` it also discloses slot N of the content, and none of the others.
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
from onrecord.ledger.note import parse_vkey
from onrecord.ledger.proof import decode_proof
from onrecord.ledger.verify import Finding

_README = """\
This file proves that one record stands in a transparency log (C2SP tlog-tiles, RFC 6962, SHA-256).

  entry             the record's entry, byte for byte: SHA-256(0x00 || entry) is its leaf
  entry.tlog-proof  where it stands, and the hashes up to a signed checkpoint (https://c2sp.org/tlog-proof)
  vkey              the log's verifier key. Compare it with the one that the log's owner published.

Check it with `onrecord verify FILE.zip --vkey KEY`, or with any other implementation of tlog-proof.
"""
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
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
    """Check a bundle.

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
        kind = decode_entry(entry).kind
        keys = given or [parse_vkey(members["vkey"].decode("ascii").strip())]
        claimed = read_checkpoint(proof.checkpoint)
    except (KeyError, ValueError, zipfile.BadZipFile, OSError) as error:
        return _report(path, [Finding("malformed", path.name, None, f"this is not an evidence bundle: {error}")])
    findings = []
    try:
        open_checkpoint(proof.checkpoint, keys)
    except ValueError as error:
        findings.append(
            Finding("untrusted", "entry.tlog-proof", None, f"the checkpoint is not to be relied on: {error}")
        )
    if not is_included(proof.index, claimed.size, leaf_hash(entry), proof.hashes, claimed.root):
        findings.append(Finding("altered", "entry", proof.index, "the proof does not lead from the entry to the root"))
    findings += _check_slots(members, decode_entry(entry).commitment, proof.index)
    if not given:
        findings.append(Finding("untrusted", "vkey", None, SELF_SIGNED))
    return _report(path, findings, size=claimed.size, kinds={kind: 1})


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
    with zipfile.ZipFile(path) as archive:
        if any(info.file_size > _MEMBER_BYTES for info in archive.infolist()):
            raise ValueError("a member is larger than a bundle's may be")
        return {info.filename: archive.read(info) for info in archive.infolist()}


def _report(path: Path, findings: list[Finding], size: int = 0, kinds: dict[str, int] | None = None) -> Report:
    return Report(str(path), [LedgerVerdict(path.name, size, None, {}, {}, kinds or {}, findings)])
