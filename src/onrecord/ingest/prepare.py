"""From a delivery to prepared records: decode, normalise, screen, lay out. Pure but for random salts and ids.

One bad span costs that span only: it becomes a dead letter with its reason. What the screen can not judge is never
let through: a record whose text fails it, twice, while the screen works otherwise, becomes a dead letter, too; when
the screen itself does not work, its error ends the delivery, and the client sends again.
"""

import logging
import secrets
from collections.abc import Sequence
from hashlib import sha256

from msgspec.structs import replace

from onrecord.errors import OnrecordError, Rejected, where
from onrecord.ingest.doors import DOORS, Door
from onrecord.ingest.item import SENT, Batch, DeadLetter, Item, Letter, Numbered
from onrecord.ingest.project import ProjectRuntime, Screened, encode
from onrecord.ledger.commitment import commit
from onrecord.ledger.entry import Entry
from onrecord.limits import MESSAGES_PER_SPAN
from onrecord.model.declaration import Declaration
from onrecord.model.derive import SYSTEM_ROLES, newest_turn
from onrecord.model.ids import new_id
from onrecord.model.media import Media
from onrecord.model.message import Message
from onrecord.model.numbering import Gap
from onrecord.model.project import ContentMode
from onrecord.model.record import RecordFacts
from onrecord.model.score import Score
from onrecord.model.source import Source
from onrecord.model.span import Span
from onrecord.normalize.application import under
from onrecord.normalize.batch import Read
from onrecord.normalize.lone import may_be_told_of, standing_in
from onrecord.privacy.skeleton import prompt_version
from onrecord.receive.otlp import WHOLE, Share
from onrecord.receive.port import Delivery
from onrecord.store.row import score_line, span_line

_log = logging.getLogger(__name__)
SPANS, SCORES = "spans", "scores"
_OTLP = (b"otlp", b"otlp.logs")
"""Doors whose bytes are told apart by the record kind alone, as they were before there were others."""
Told = Span | Score | Declaration
_VERSIONS = 10_000
"""System prompts whose version is remembered."""


def prepare(delivery: Delivery, runtime: ProjectRuntime, received_us: int, share: Share = WHOLE) -> Batch:
    """Prepare every record of a delivery, or a share of its spans.

    Raises:
        Rejected: when the body as a whole is malformed.
        Unavailable: when personal data could not be looked for.
    """
    door = DOORS.get(delivery.signal)
    if door is None:
        raise Rejected(f"nothing here reads the signal {delivery.signal!r}")
    return _prepare_all(door, share, delivery, runtime, received_us)


def _prepare_all(door: Door, share: Share, delivery: Delivery, runtime: ProjectRuntime, received_us: int) -> Batch:
    if door.divisible:
        decoded, faults = door.decode(delivery.body, delivery.media, share)
    else:
        decoded, faults = door.decode(delivery.body, delivery.media)
    sent = [(fault.reason, Letter(stage=SENT, raw=fault.raw, context=fault.context)) for fault in faults]
    dead = [_dead_letter(reason, letter, delivery, runtime, received_us) for reason, letter in sent]
    batch = Batch(items=[], dead=dead)
    read: list[Read] = []
    for one in decoded:
        try:
            value = door.read(one)
        except Exception as error:  # noqa: BLE001 - a span that our own code stumbles over is kept, sealed, for us to mend
            batch.dead.append(_stumbled(error, _letter(one), delivery, runtime, received_us))
            continue
        read.append((under(value, delivery.application), one.digest, door.kind(one)))
    for value, digest, kind in door.join(read) if door.join is not None else read:
        if value is None:
            batch.ignored += 1
            continue
        try:
            batch.items.append(prepare_twice(value, digest, kind, door, runtime))
        except Rejected as error:
            _log.warning("a %s item is kept as a dead letter: %s", delivery.signal, error.message)
            batch.dead.append(_dead_letter(error.message, _letter(value, digest, kind), delivery, runtime, received_us))
        except OnrecordError:
            raise  # the screen itself does not work: what can not be screened now may be later
        except Exception as error:  # noqa: BLE001 - as above: it would fail whenever it is sent again
            batch.dead.append(_stumbled(error, _letter(value, digest, kind), delivery, runtime, received_us))
    return batch


def prepare_twice(value: Told, digest: bytes, kind: str, door: Door, runtime: ProjectRuntime) -> Item:
    """Prepare one record; what is refused once is tried again, so that only what fails every time is given up."""
    try:
        return _prepare_one(value, digest, kind, door, runtime)
    except Rejected:
        return _prepare_one(value, digest, kind, door, runtime)


def _prepare_one(value: Told, digest: bytes, kind: str, door: Door, runtime: ProjectRuntime) -> Item:
    if isinstance(value, Declaration):
        return prepare_declaration(value, runtime, content=digest)
    if isinstance(value, Score):
        return prepare_score(value, runtime, content=digest, door=door.name)
    if len(value.input) + len(value.output) > MESSAGES_PER_SPAN:
        raise Rejected(f"the span has more than {MESSAGES_PER_SPAN} messages")
    return prepare_span(value, runtime, kind=kind, content=digest, door=door.name)


def _stumbled(
    error: Exception, letter: Letter, delivery: Delivery, runtime: ProjectRuntime, received_us: int
) -> DeadLetter:
    """What our own code stumbled over, to be mended by us."""
    _log.warning("a %s item is kept as a dead letter: %s", delivery.signal, where(error))
    reason = f"could not be understood ({type(error).__name__})"
    return _dead_letter(reason, letter, delivery, runtime, received_us)


def _letter(value: object, digest: bytes = b"", kind: str = "") -> Letter:
    """What was read before it failed."""
    return Letter(stage=type(value).__name__, raw=encode(value), digest=digest, kind=kind)


def _dead_letter(
    reason: str, letter: Letter, delivery: Delivery, runtime: ProjectRuntime, received_us: int
) -> DeadLetter:
    project = runtime.project
    sealed = encode(replace(letter, media=delivery.media, application=delivery.application))
    return DeadLetter(project.number, delivery.signal, reason, sealed, received_us, project.retention)


def prepare_span(span: Span, runtime: ProjectRuntime, *, kind: str, content: bytes, door: bytes = b"otlp") -> Item:
    """Prepare one span, a part of one or the intent of one. ``content`` is the digest of its bytes as sent."""
    alone = kind == "part" and span.response_id != "" and not (span.trace_id and span.span_id)
    trace_id = span.trace_id
    if alone:
        span = standing_in(span)
    exact, messages, tools, masked, found, version = screen_span(span, runtime)
    slots = [encode(exact)]
    digests = [sha256(slots[0]).digest()]
    if tools is not None:
        slots.append(tools.slot)
        digests.append(tools.digest)
    for message in messages:
        slots.append(message.slot)
        digests.append(message.digest)
    salt = secrets.token_bytes(32)
    locators = runtime.locators
    facts = _facts(runtime, kind)
    sent = kind.encode() if door in _OTLP else door + b"/" + kind.encode()
    response = b""
    if alone or (kind == "span" and may_be_told_of(span)):
        response = locators.response(span.response_id)
    identity = response if alone else locators.identity(span.trace_id, span.span_id)
    return Item(
        project=runtime.project.number,
        dedupe=identity + locators.content(sent, content),
        response=response,
        session=locators.session(span.session_id) if span.session_id else b"",
        trace=locators.alone(response) if alone and not trace_id else locators.trace(trace_id),
        user=locators.user(span.user_id) if span.user_id else b"",
        retention=runtime.project.retention,
        salt=salt,
        shape=(0 if tools is None else 1, len(span.input), len(span.output)),
        slots=slots,
        digests=digests,
        commitment=commit(salt, digests),
        facts=facts,
        span=_for_entry(exact),
        table=SPANS,
        line=span_line(masked, facts, found, version),
        numbers=_number(span.source, runtime),
    )


def _for_entry(span: Span) -> Span:
    """What the entry of a span is made from, and nothing else of it."""
    return Span(
        trace_id="",
        span_id="",
        kind=span.kind,
        start_unix_nano=span.start_unix_nano,
        end_unix_nano=span.end_unix_nano,
        status=span.status,
        provider=span.provider,
        model_served=span.model_served,
        finish_reasons=span.finish_reasons[:1],
        usage=span.usage,
    )


def screen_span(
    span: Span, runtime: ProjectRuntime
) -> tuple[Span, list[Screened], Screened | None, Span, tuple[str, ...], str]:
    """Exact span without messages, its messages, its tools, masked span for the row, labels found, prompt version.

    The masked span carries the newest turn only. A row that is rebuilt from the vault goes through this same function.
    """
    messages = [runtime.message(message) for message in span.input + span.output]
    tools = runtime.tools(span.tools) if span.tools else None
    bare = replace(span, input=(), output=(), tools=()) if messages or tools else span
    exact, masked, found = runtime.screen.span(bare)
    if messages:
        count = len(span.input)
        shown = [messages[i] for i in newest_turn(span.input)]
        newest = tuple(message.masked for message in shown if message.masked is not None)
        output = tuple(message.masked for message in messages[count:] if message.masked is not None)
        masked = replace(masked, input=newest, output=output)
        for message in shown + messages[count:]:
            found += message.found
    return exact, messages, tools, masked, found, _version(span.input, messages, runtime)


def _version(originals: Sequence[Message], messages: list[Screened], runtime: ProjectRuntime) -> str:
    """The version of the system prompt: that of its masked text, remembered per text."""
    system = [i for i, message in enumerate(originals) if message.role in SYSTEM_ROLES]
    if not system:
        return ""
    digest = b"v" + b"".join(messages[i].digest for i in system)
    known = runtime.versions.get(digest)
    if known is None:
        texts = [part.text for i in system for part in (messages[i].masked or originals[i]).parts if part.text]
        known = prompt_version(runtime.pseudonym_key, texts)
        if len(runtime.versions) > _VERSIONS:
            runtime.versions.clear()
        runtime.versions[digest] = known
    return known


def prepare_score(score: Score, runtime: ProjectRuntime, *, content: bytes, door: bytes) -> Item:
    """Prepare a rating, validation or evaluation. One without an id is known by its bytes: sent again it is the same.

    Raises:
        Rejected: it names a span without its trace, so that it could not go with the person whom the trace is about.
    """
    if score.span_id and not (score.trace_id or score.response_id or score.session_id):
        raise Rejected("a score that names a span names its trace too", hint="Send trace_id beside span_id.")
    exact, masked, _ = runtime.screen.score(score)
    slot = encode(exact)
    target = score.trace_id or score.response_id or score.session_id or score.name
    response = runtime.locators.response(score.response_id) if score.response_id and not score.trace_id else b""
    facts = _facts(runtime, "score")
    locators = runtime.locators
    identity = locators.identity(target, f"score\0{score.id or content.hex()}")
    return _single(
        slot,
        runtime,
        facts,
        dedupe=identity + locators.content(door, content),
        session=b"" if score.trace_id or not score.session_id else locators.session(score.session_id),
        trace=locators.alone(response) if response else locators.trace(target),
        response=response,
        table=SCORES,
        line=score_line(masked, facts),
        numbers=_number(score.provenance, runtime),
    )


def prepare_media(media: Media, runtime: ProjectRuntime) -> Item:
    """Prepare a medium. Its bytes are kept in mode ``full`` only: nothing here takes a person out of a picture."""
    locators = runtime.locators
    sent = sha256(media.data).digest()
    kept = replace(media, size=len(media.data))
    if runtime.project.mode is not ContentMode.FULL:
        kept = replace(kept, data=b"", withheld=True)
    return _single(
        encode(kept),
        runtime,
        _facts(runtime, "media"),
        dedupe=locators.identity(media.trace_id, media_identity(media.id)) + locators.content(b"media", sent),
        trace=locators.trace(media.trace_id),
    )


def media_identity(media_id: str) -> str:
    """What stands in the place of the span id when a medium is looked for by its keyed digest."""
    return f"media\0{media_id}"


def prepare_event(kind: str, value: object, runtime: ProjectRuntime, *, about: str, **entry: object) -> Item:
    """Prepare a record of the server's own: an access, an erasure, a heartbeat. ``about`` names its partition.

    ``entry`` are further fields of its entry. With ``value`` None the record has no content: its entry says it all.
    """
    facts = _facts(runtime, kind)
    slot = encode(value) if value is not None else b""
    dedupe = secrets.token_bytes(20)
    item = _single(slot, runtime, facts, dedupe=dedupe, trace=runtime.locators.actor(about), installation=True)
    commitment = item.commitment if value is not None else b""
    item.entry = Entry(kind=kind, id=facts.record_id, received_us=0, commitment=commitment, **entry)  # type: ignore[arg-type]
    return item


def prepare_declaration(declared: Declaration, runtime: ProjectRuntime, *, content: bytes) -> Item:
    """Prepare what a producer declares as dropped or left out. Its entry counts; who and why is sealed."""
    locators = runtime.locators
    facts = _facts(runtime, declared.kind)
    producer = declared.provenance.producer
    identity = locators.identity(producer, f"{declared.kind} {declared.first}-{declared.last} {declared.total}")
    item = _single(
        encode(declared),
        runtime,
        facts,
        dedupe=identity + locators.content(b"declaration", content),
        trace=locators.actor("declarations"),
        installation=True,
        numbers=Numbered(
            locators.producer(producer),
            declared.first,
            declared.last,
            dropped=declared.count if declared.kind == "drop" else 0,
            sampled=declared.count if declared.kind == "sampling" else 0,
        ),
    )
    assert item.entry is not None
    item.entry = replace(item.entry, records=declared.count)
    return item


def prepare_gap(producer: bytes, gaps: Sequence[Gap], until_us: int, runtime: ProjectRuntime) -> Item:
    """Prepare the record of a producer's numbers that have been missing since ``until_us`` or longer."""
    value = {"producer": producer.hex(), "gaps": [(gap.first, gap.last, gap.since_us) for gap in gaps]}
    missing = sum(gap.missing for gap in gaps)
    item = prepare_event("gap", value, runtime, about="gaps", records=missing)
    item.numbers = Numbered(producer, 0, 0, recorded_us=until_us)
    return item


def _number(source: Source, runtime: ProjectRuntime) -> Numbered | None:
    """The number of a record, when its producer gave it one."""
    number = source.sequence
    return Numbered(runtime.locators.producer(source.producer), number, number) if number and source.producer else None


def _single(slot: bytes, runtime: ProjectRuntime, facts: RecordFacts, **fields: object) -> Item:
    salt = secrets.token_bytes(32)
    digests = [sha256(slot).digest()]
    commitment = commit(salt, digests)
    entry = Entry(kind=facts.kind, id=facts.record_id, received_us=0, commitment=commitment)  # type: ignore[arg-type]
    return Item(
        project=runtime.project.number,
        retention=runtime.project.retention,
        salt=salt,
        shape=(0, 0, 0),
        slots=[slot] if slot else [],
        digests=digests,
        commitment=commitment,
        facts=facts,
        entry=entry,
        **fields,  # type: ignore[arg-type]
    )


def _facts(runtime: ProjectRuntime, kind: str) -> RecordFacts:
    return RecordFacts(
        project=runtime.project.id,
        record_id=new_id(),
        kind=kind,
        received_us=0,
        mode=runtime.project.mode,
        retention=runtime.project.retention,
    )
