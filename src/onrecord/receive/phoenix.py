"""Bodies of Phoenix's REST API as values: annotations, and spans that a client logs by hand.

Source: arize-phoenix-client 3.5.0. A request of annotations is taken whole or not at all, as its clients expect; a
span that is bad costs that span only.
"""

from hashlib import sha256
from typing import Any, Final

import msgspec

from onrecord.errors import Rejected
from onrecord.limits import ATTRIBUTE_DEPTH, ATTRIBUTES_PER_SPAN, EVENTS_PER_SPAN, ID_BYTES, SPANS_PER_REQUEST
from onrecord.model.annotation import Annotation
from onrecord.model.otlp import OtlpContext, OtlpEvent, OtlpSpan
from onrecord.model.score import Score
from onrecord.model.time import instant_of
from onrecord.receive.decoded import Bad, Decoded, Fault

_STATUS: Final = {"UNSET": 0, "OK": 1, "ERROR": 2}
_OPAQUE: Final = (
    "metadata",
    "llm.invocation_parameters",
    "llm.prompt_template.variables",
    "input.value",
    "output.value",
)
"""Attributes whose value is a value, however deep; every other map stands for dotted names."""
_KIND: Final = "openinference.span.kind"
_canonical: Final = msgspec.json.Encoder(order="deterministic").encode


class Judged(msgspec.Struct, frozen=True, gc=False):
    """A score on its way, and the SHA-256 of its bytes."""

    score: Score
    digest: bytes


class _Annotations(msgspec.Struct, frozen=True):
    data: list[Annotation] | Annotation


class _Event(msgspec.Struct, frozen=True):
    name: str
    timestamp: str = ""
    attributes: dict[str, Any] = {}


class _Context(msgspec.Struct, frozen=True):
    trace_id: str
    span_id: str


class _Span(msgspec.Struct, frozen=True):
    name: str
    context: _Context
    start_time: str
    end_time: str
    span_kind: str = ""
    status_code: str = "UNSET"
    parent_id: str | None = None
    status_message: str | None = None
    attributes: dict[str, Any] | None = None
    events: list[_Event] | None = None


class _Spans(msgspec.Struct, frozen=True):
    data: list[dict[str, Any]]


_annotations: Final = msgspec.json.Decoder(_Annotations).decode
_spans: Final = msgspec.json.Decoder(_Spans).decode
_scores: Final = msgspec.json.Decoder(list[msgspec.Raw]).decode
_score: Final = msgspec.json.Decoder(Score).decode


def decode_annotations(body: bytes, target: str) -> list[Annotation]:
    """The annotations of a request; ``target`` is the field that says what each one is about.

    Raises:
        Rejected: 422, one of them is no annotation; none was kept. The sentence holds no byte of it.
    """
    try:
        data = _annotations(body).data
    except msgspec.ValidationError as error:
        place = str(error).partition(" - at `$")[2].rstrip("`").lstrip(".")
        raise Rejected(f"An annotation is not as it must be: {place or 'the body'}.", status=422) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Rejected("The body is no JSON.", status=422) from None
    found = data if isinstance(data, list) else [data]
    if len(found) > SPANS_PER_REQUEST:
        raise Rejected(f"The request has more than {SPANS_PER_REQUEST} annotations.", status=413)
    for one in found:
        _check(one, target)
    return found


def _check(one: Annotation, target: str) -> None:
    if not getattr(one, target).strip():
        raise Rejected(f"An annotation has no {target}.", status=422)
    if not one.name.strip() and not one.note.strip():
        raise Rejected("An annotation has no name.", status=422)
    for text in (one.name, one.span_id, one.trace_id, one.session_id, one.identifier or ""):
        if len(text.encode("utf-8", "surrogatepass")) > ID_BYTES:
            raise Rejected(f"A name or id of an annotation is longer than {ID_BYTES} bytes.", status=422)


def encode_scores(scores: list[Score]) -> bytes:
    """Scores as the body of a delivery; ``decode_scores`` gives them back."""
    return msgspec.json.encode(scores)


def decode_scores(body: bytes, _: str = "") -> tuple[list[Judged], list[Fault]]:
    """The scores that ``encode_scores`` was given."""
    return [Judged(_score(raw), sha256(raw).digest()) for raw in _scores(body)], []


def decode_spans(body: bytes, _: str = "") -> tuple[list[Decoded], list[Fault]]:
    """Spans as a client logs them by hand.

    Raises:
        Rejected: 422, the body is no list of them. 413, there are too many.
    """
    try:
        data = _spans(body).data
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Rejected("The body is no list of spans.", status=422) from None
    if len(data) > SPANS_PER_REQUEST:
        raise Rejected(f"The request has more than {SPANS_PER_REQUEST} spans.", status=413)
    spans: list[Decoded] = []
    faults: list[Fault] = []
    for item in data:
        raw = _canonical(item)
        try:
            spans.append(Decoded(_span_of(item), OtlpContext(), sha256(raw).digest()))
        except Bad as bad:
            faults.append(Fault(str(bad), raw))
    return spans, faults


def _span_of(item: dict[str, Any]) -> OtlpSpan:
    try:
        span = msgspec.convert(item, _Span)
    except msgspec.ValidationError as error:
        place = str(error).partition(" - at `$")[2].rstrip("`").lstrip(".")
        raise Bad(f"the span is not as it must be: {place or 'a field is missing'}") from None
    ids = (span.context.trace_id, span.context.span_id, span.parent_id or "")
    if not ids[0] or not ids[1]:
        raise Bad("the span has no trace_id or span_id")
    if any(len(one.encode("utf-8", "surrogatepass")) > ID_BYTES for one in ids):
        raise Bad(f"an id is longer than {ID_BYTES} bytes")
    attributes = _flat(span.attributes or {})
    if span.span_kind:
        attributes.setdefault(_KIND, span.span_kind)
    events = span.events or []
    if len(attributes) > ATTRIBUTES_PER_SPAN or len(events) > EVENTS_PER_SPAN:
        raise Bad("the span has too many attributes or events")
    return OtlpSpan(
        trace_id=ids[0],
        span_id=ids[1],
        parent_id=ids[2],
        name=span.name,
        start_unix_nano=_nanoseconds(span.start_time, "start_time"),
        end_unix_nano=_nanoseconds(span.end_time, "end_time"),
        attributes=attributes,
        events=tuple(
            OtlpEvent(one.name, _nanoseconds(one.timestamp, "timestamp") if one.timestamp else 0, one.attributes)
            for one in events
        ),
        status_code=_STATUS.get(span.status_code.upper(), 0),
        status_message=span.status_message or "",
    )


def _nanoseconds(text: str, name: str) -> int:
    instant = instant_of(text)
    if instant is None:
        raise Bad(f"{name} is no time")
    return instant


def _flat(values: dict[str, Any], prefix: str = "", depth: int = 0) -> dict[str, Any]:
    """Attributes under dotted names, as OpenInference has them, from however deep a client nested them."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        inner = dict(enumerate(value)) if _is_list_of_maps(value) else value
        if isinstance(inner, dict) and name not in _OPAQUE and depth < ATTRIBUTE_DEPTH:
            flat |= _flat({str(one): each for one, each in inner.items()}, f"{name}.", depth + 1)
        else:
            flat[name] = value
    return flat


def _is_list_of_maps(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)
