"""The entry: what the ledger keeps of a record, for ever. Layout: docs/format/entry.md.

Closed schema: numbers, ids that the server made, hashes and words of closed lists. One entry has exactly one byte
string, and ``decode_entry`` refuses every other one, so that nothing can be said between the lines. Pure.

An entry of a later version raises ``UnknownVersion``: it can not be judged here, which is not the same as altered.
"""

import re
from binascii import b2a_base64
from collections.abc import Sequence
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from onrecord.ledger.vocabulary import PROVIDERS, finish_word, model_word, provider_word
from onrecord.limits import ENTRY_BYTES
from onrecord.model.record import Place
from onrecord.model.span import KINDS, Span

VERSION: Final = 1
SIZE_CLASSES: Final = (256, 512, 1_024, ENTRY_BYTES)

Kind = Literal[
    "span", "part", "score", "prediction", "intent", "decision", "review", "consent", "notice", "subject", "access",
    "reveal", "request", "erasure", "erasure.done", "expiry", "hold", "restriction", "policy", "prompt", "exposure",
    "admin", "login", "key", "gap", "sampling", "drop", "heartbeat", "selftest", "shard", "incident", "media",
]  # fmt: skip
SpanKind = Literal[
    "", "agent", "chain", "llm", "tool", "retriever", "reranker", "embedding", "guardrail", "evaluator", "memory",
    "prompt", "span",
]  # fmt: skip
Status = Literal["unset", "ok", "error"]
Finish = Literal["", "stop", "length", "tool_calls", "content_filter", "error", "other"]
Mode = Literal["full", "pseudonymised", "metadata"]
Id = Annotated[str, Meta(min_length=22, max_length=22)]
Tag = Annotated[str, Meta(max_length=22)]
Hash = Annotated[bytes, Meta(max_length=32)]
Count = Annotated[int, Meta(ge=0, le=2**62)]
Micros = Annotated[int, Meta(ge=-(2**62), le=2**62)]

_ID_CHARACTERS: Final = 22
_ID: Final = re.compile(r"[A-Za-z0-9_-]{22}")
_IDS: Final = re.compile(r"[A-Za-z0-9_-]*")
_NAME: Final = re.compile(r"[a-z0-9._:@-]*")
_SMALLEST: Final = SIZE_CLASSES[0]
_HASH_SIZES: Final = (0, 32)
_SPAN_KINDS: Final = frozenset(KINDS)
_STATUSES: Final = frozenset(("ok", "error"))
_LARGEST_COUNT: Final = 2**62
_NODE: Final = re.compile(r"[a-z0-9]{0,16}")


class UnknownVersion(ValueError):
    """The entry follows a later version of the format than this program knows."""


class Previous(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The final checkpoint of the ledger that this one continues."""

    shard: Count
    size: Count
    root: Hash
    node: Annotated[str, Meta(max_length=16)] = ""
    """Node that kept it, when it was another one."""


class Entry(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    gc=False,
    tag_field="v",
    tag=VERSION,
):
    """One entry. Field by field: docs/format/entry.md; the order here is the order of the keys."""

    kind: Kind = msgspec.field(name="k")
    id: Id = msgspec.field(name="i")
    received_us: Count = msgspec.field(name="r")
    before_us: Micros | None = msgspec.field(name="s", default=None)
    duration_us: Micros | None = msgspec.field(name="d", default=None)
    span_kind: SpanKind = msgspec.field(name="t", default="")
    provider: Annotated[str, Meta(max_length=16)] = msgspec.field(name="p", default="")
    model: Annotated[str, Meta(max_length=48)] = msgspec.field(name="m", default="")
    status: Status = msgspec.field(name="o", default="unset")
    finish: Finish = msgspec.field(name="f", default="")
    tokens: Annotated[tuple[Count | None, ...], Meta(max_length=5)] = msgspec.field(name="u", default=())
    mode: Mode = msgspec.field(name="x", default="full")
    commitment: Hash = msgspec.field(name="c", default=b"")
    part_of: tuple[Count, Count] | None = msgspec.field(name="q", default=None)
    tag: Tag = msgspec.field(name="g", default="")
    manifest: Hash = msgspec.field(name="h", default=b"")
    records: Count | None = msgspec.field(name="n", default=None)
    previous: Previous | None = msgspec.field(name="b", default=None)
    next: Count | None = msgspec.field(name="w", default=None)
    lost: tuple[Count, Count] | None = msgspec.field(name="l", default=None)
    size: Count | None = msgspec.field(name="z", default=None)

    @property
    def start_us(self) -> int | None:
        """Start of the span by the client's clock, microseconds since the epoch; ``None`` when unknown."""
        return None if self.before_us is None else self.received_us - self.before_us

    @property
    def first(self) -> Place | None:
        """The entry that this one continues."""
        return None if self.part_of is None else Place(*self.part_of)


_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder(Entry)
_VERSION_OF: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def encode_entry(entry: Entry) -> bytes:
    """The bytes of an entry, padded to its size class.

    Raises:
        ValueError: a value is outside the closed schema.
    """
    encoded = _pad(_ENCODER.encode(entry))
    decode_entry(encoded)
    if not is_listed(entry):
        raise ValueError("the entry names a provider or a model that is not public")
    return encoded


def decode_entry(data: bytes) -> Entry:
    """The entry that these bytes are, and no other bytes would be.

    Raises:
        UnknownVersion: the entry is of a later version.
        ValueError: these are not the bytes of an entry. Never holds a byte of them.
    """
    try:
        entry = _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise _refusal(data) from None
    if _pad(_ENCODER.encode(entry)) != data:
        raise ValueError("the entry is not spelled as an entry is spelled")
    fault = fault_of(entry)
    if fault:
        raise ValueError(fault)
    return entry


def decode_entries(bundle: Sequence[bytes]) -> list[Entry]:
    """The entries of a bundle, as ``decode_entry`` does one by one but in few calls.

    Raises:
        UnknownVersion, ValueError: of the first entry that ``decode_entry`` refuses.
    """
    stripped = [data.rstrip(b" ") for data in bundle]
    joined = b"\n".join(stripped)
    try:
        entries = _DECODER.decode_lines(joined)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        entries = []
    padded = {len(data) for data in bundle} <= {_SMALLEST} or [_pad(body) for body in stripped] == list(bundle)
    as_written = padded and len(entries) == len(bundle) and _ENCODER.encode_lines(entries) == joined + b"\n"
    if not as_written or not _are_plain(entries):
        return [decode_entry(data) for data in bundle]
    return entries


def fault_of(entry: Entry) -> str:
    """The sentence that says why an entry is outside the closed schema; empty when it is inside."""
    if not _ID.fullmatch(entry.id):
        return "the entry's id is not 22 characters of URL-safe base64"
    if not _NAME.fullmatch(entry.model) or not _NAME.fullmatch(entry.provider):
        return "the entry names a provider or a model in an impossible way"
    if entry.tokens and entry.tokens[-1] is None:
        return "the entry's token counts end in an unknown"
    if len(entry.commitment) not in _HASH_SIZES or len(entry.manifest) not in _HASH_SIZES:
        return "a hash in the entry is not 32 bytes"
    if entry.tag and not _ID.fullmatch(entry.tag):
        return "the entry's tag is not 22 characters of URL-safe base64"
    if entry.previous and (len(entry.previous.root) not in _HASH_SIZES[1:] or not _NODE.fullmatch(entry.previous.node)):
        return "the entry's previous checkpoint is malformed"
    return ""


def is_listed(entry: Entry) -> bool:
    """Whether this program's lists hold the provider and the model; a later program's lists may hold more."""
    provider_listed = not entry.provider or entry.provider in PROVIDERS
    return provider_listed and model_word(entry.model) == entry.model


def _are_plain(entries: Sequence[Entry]) -> bool:
    """Whether ``fault_of`` would surely find nothing in any of these; a list per field costs a third of calls."""
    tags = [entry.tag for entry in entries if entry.tag]
    return (
        _IDS.fullmatch("".join([entry.id for entry in entries] + tags)) is not None
        and all(len(tag) == _ID_CHARACTERS for tag in tags)
        and all(map(_NAME.fullmatch, {entry.model for entry in entries} | {entry.provider for entry in entries}))
        and {len(entry.commitment) for entry in entries} | {len(entry.manifest) for entry in entries} <= {*_HASH_SIZES}
        and not any(entry.tokens[-1] is None for entry in entries if entry.tokens)
        and all(entry.previous is None for entry in entries)
    )


def span_entry(
    span: Span,
    *,
    id: str,  # noqa: A002 - the word of the format
    received_us: int,
    commitment: bytes,
    mode: str = "full",
    kind: str = "span",
    part_of: Place | None = None,
) -> bytes:
    """The bytes of the entry of a span or part; the same as ``encode_entry``, a multiple faster, unchecked.

    Takes from ``span`` only what an entry may hold. ``id`` comes from ``model.ids.new_id``.
    """
    text = f'{{"v":1,"k":"{kind}","i":"{id}","r":{received_us}'
    if span.start_unix_nano:
        start_us = span.start_unix_nano // 1_000
        text += f',"s":{received_us - start_us}'
        if span.end_unix_nano:
            text += f',"d":{span.end_unix_nano // 1_000 - start_us}'
    text += f',"t":"{span.kind if span.kind in _SPAN_KINDS else "span"}"'
    if span.provider:
        text += f',"p":"{provider_word(span.provider)}"'
    if span.model_served:
        text += f',"m":"{model_word(span.model_served)}"'
    if span.status in _STATUSES:
        text += f',"o":"{span.status}"'
    if span.finish_reasons and span.finish_reasons[0]:
        text += f',"f":"{finish_word(span.finish_reasons[0])}"'
    tokens = _tokens(span)
    if tokens:
        text += f',"u":[{tokens}]'
    if mode != "full":
        text += f',"x":"{mode}"'
    encoded = b2a_base64(commitment, newline=False).decode("ascii")
    tail = "" if part_of is None else f',"q":[{part_of.shard},{part_of.index}]'
    text += f',"c":"{encoded}"{tail}}}'
    return _pad(text.encode("ascii"))


def _tokens(span: Span) -> str:
    usage = span.usage
    if usage.aggregate:
        return ""
    counts: tuple[int | None, ...] = (usage.input, usage.output, usage.cache_read, usage.cache_write, usage.reasoning)
    if usage.cache_read is usage.cache_write is usage.reasoning is None:
        counts = counts[:2]
    words = ["null" if count is None or not 0 <= count <= _LARGEST_COUNT else str(count) for count in counts]
    while words and words[-1] == "null":
        words.pop()
    return ",".join(words)


def _pad(text: bytes) -> bytes:
    length = len(text)
    return text.ljust(_SMALLEST) if length <= _SMALLEST else text.ljust(_size_class(length))


def _size_class(length: int) -> int:
    for size in SIZE_CLASSES:
        if length <= size:
            return size
    raise ValueError(f"an entry of {length} bytes is larger than {ENTRY_BYTES}")


def _refusal(data: bytes) -> ValueError:
    try:
        version = msgspec.json.decode(_VERSION_OF.decode(data)["v"])
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError):
        return ValueError("the bytes are not an entry")
    if type(version) is int and version > VERSION:
        return UnknownVersion(f"the entry is of version {version}, this program knows version {VERSION}")
    return ValueError("the bytes are not an entry of the closed schema")
