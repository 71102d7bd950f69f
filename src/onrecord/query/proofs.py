"""Proofs: that a record is in the ledger, in bytes to check and in plain words.

Everything is checked here before it is shown: the checkpoint's signature by the ledger's own key, the entry's spelling
and its path to the root. What does not fit is answered as ``altered``, never left out.
"""

from base64 import b64encode
from collections.abc import Sequence
from typing import Final

from onrecord.errors import Corrupt, Missing
from onrecord.ledger.checkpoint import Checkpoint, open_checkpoint, read_checkpoint
from onrecord.ledger.entry import Entry, UnknownVersion, decode_entry
from onrecord.ledger.merkle import is_included, leaf_hash
from onrecord.ledger.note import VerifierKey, parse_vkey
from onrecord.ledger.proof import TlogProof, encode_proof
from onrecord.ledger.reader import LedgerReader
from onrecord.model.record import Place
from onrecord.model.time import iso_of
from onrecord.query.compile import Bound, at
from onrecord.query.results import Head, Proof
from onrecord.query.scope import SCOPED, View

Ledgers = Sequence[tuple[int, LedgerReader]]
_VKEY: Final = "vkey"
_TOKENS: Final = ("input tokens", "output tokens", "cached tokens", "cache writes", "reasoning tokens")


def heads(ledgers: Ledgers) -> tuple[Head, ...]:
    """The newest checkpoint of each ledger; one that has published nothing is left out."""
    found = []
    for shard, reader in ledgers:
        try:
            checkpoint = reader.checkpoint()
        except (Missing, ValueError):
            continue
        found.append(Head(shard=shard, origin=checkpoint.origin, size=checkpoint.size, root=_base64(checkpoint.root)))
    return tuple(found)


def proof(view: View, ledgers: Ledgers, place: Place) -> Proof:
    """The proof of one record.

    Raises:
        Missing: there is no such entry, and none is on its way.
    """
    try:
        found = _found(ledgers, place)
        if found is not None:
            return _checked(*found, place)
    except Corrupt as damage:
        return Proof(shard=place.shard, index=place.index, state="altered", explanation=(damage.message,))
    if not _is_kept(view, place):
        raise Missing("There is no such record.")
    return Proof(shard=place.shard, index=place.index, state="pending", explanation=_PENDING)


def tlog_proof(ledgers: Ledgers, place: Place) -> bytes:
    """The ``.tlog-proof`` file of one record.

    Raises:
        Missing: no checkpoint covers it yet. Corrupt: the ledger's files are damaged.
    """
    found = _found(ledgers, place)
    if found is None:
        raise Missing("No signed checkpoint covers this record yet.", hint="Ask again in a second.")
    return encode_proof(found[1])


_PENDING: Final = (
    "The record is on disk and acknowledged; its entry has its number.",
    "No signed checkpoint covers it yet. One is signed within a second while the server runs.",
)


def _found(ledgers: Ledgers, place: Place) -> tuple[LedgerReader, TlogProof] | None:
    """The ledger that holds the record and the proof of it; nothing while no checkpoint covers it.

    Raises:
        Corrupt: a checkpoint covers it, but a file that leads there is gone or unreadable.
    """
    for shard, reader in ledgers:
        if shard == place.shard:
            try:
                size = reader.checkpoint().size
            except Missing:
                return None
            except ValueError:
                raise Corrupt("The ledger's checkpoint can not be read.") from None
            return (reader, _made(reader, place.index)) if place.index < size else None
    return None


def _made(reader: LedgerReader, index: int) -> TlogProof:
    try:
        return reader.proof(index)
    except (Missing, ValueError):
        raise Corrupt("A file of the ledger that leads from this entry to its checkpoint is gone or damaged.") from None


def _is_kept(view: View, place: Place) -> bool:
    for table in ("spans", "scores"):
        bound = Bound()
        sql = f"SELECT count() FROM {table} WHERE {SCOPED} AND {at([place], bound)}"
        if view.select(sql, bound.values)[0][0]:
            return True
    return False


def _checked(reader: LedgerReader, made: TlogProof, place: Place) -> Proof:
    plain = read_checkpoint(made.checkpoint)
    try:
        entry = reader.entry(place.index, plain.size)
    except (Missing, ValueError):
        raise Corrupt("The file of the ledger that holds this entry is gone or damaged.") from None
    leaf = leaf_hash(entry)
    read, entry_fault = _entry(entry)
    faults = [entry_fault, _signature_fault(reader, made, plain)]
    if not is_included(place.index, plain.size, leaf, made.hashes, plain.root):
        faults.append("The path from the entry does not lead to the signed root.")
    named = [fault for fault in faults if fault]
    facts = _facts(read) if read else {}
    return Proof(
        shard=place.shard,
        index=place.index,
        state="altered" if named else "verified",
        origin=plain.origin,
        entry=entry,
        facts=facts,
        leaf_hash=_base64(leaf),
        size=plain.size,
        path=tuple(map(_base64, made.hashes)),
        checkpoint=made.checkpoint.decode("utf-8", "replace"),
        verifier_key=str(_key(reader) or ""),
        explanation=tuple(named) or _explained(place, plain, facts),
    )


def _entry(data: bytes) -> tuple[Entry | None, str]:
    try:
        return decode_entry(data), ""
    except UnknownVersion:
        return None, ""
    except ValueError:
        return None, "The entry is not one that this ledger could hold."


def _key(reader: LedgerReader) -> VerifierKey | None:
    try:
        return parse_vkey(reader.source(_VKEY).decode("utf-8").strip())
    except (Missing, ValueError):
        return None


def _signature_fault(reader: LedgerReader, made: TlogProof, checkpoint: Checkpoint) -> str:
    key = _key(reader)
    if key is None:
        return "The ledger's public key is not there, so its signature can not be checked here."
    try:
        open_checkpoint(made.checkpoint, [key])
    except ValueError:
        return f"The checkpoint of {checkpoint.size:,} entries is not signed by the ledger's key."
    return ""


def _facts(entry: Entry) -> dict[str, str]:
    """What the entry says, in words; nothing more is in the ledger."""
    facts = {"kind": entry.kind, "record": entry.id, "received": iso_of(entry.received_us), "mode": entry.mode}
    if entry.start_us is not None:
        facts["started"] = iso_of(entry.start_us)
    if entry.duration_us is not None:
        facts["duration"] = f"{entry.duration_us / 1_000:g} ms"
    named = {"step": entry.span_kind, "provider": entry.provider, "model": entry.model, "finish": entry.finish}
    facts.update({name: value for name, value in named.items() if value})
    if entry.span_kind:
        facts["status"] = entry.status
    facts.update({_TOKENS[place]: f"{count:,}" for place, count in enumerate(entry.tokens) if count is not None})
    if entry.part_of is not None:
        facts["part of"] = f"#{entry.part_of[1]:,} of {entry.part_of[0]}"
    if entry.commitment:
        facts["commitment"] = _base64(entry.commitment)
    return facts


def _explained(place: Place, checkpoint: Checkpoint, facts: dict[str, str]) -> tuple[str, ...]:
    what = f"a {facts['kind']}" if "kind" in facts else "an entry of a later version"
    when = f" received at {facts['received']}" if "received" in facts else ""
    signed = f"It stands under a signed checkpoint of {checkpoint.size:,} entries"
    own_check = "download the evidence and run `onrecord verify` or any C2SP tlog-proof verifier"
    return (
        f"Entry #{place.index:,} of the ledger {checkpoint.origin} records {what}{when}.",
        "The entry holds a salted commitment to the content, not the content itself.",
        f"{signed}; changing or removing it would change the root that is signed there.",
        f"Signature and path were checked just now. To check them without us, {own_check} with the ledger's key.",
    )


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def sizes(heads_: Sequence[Head]) -> dict[int, int]:
    """Signed size by shard."""
    return {head.shard: head.size for head in heads_}
