"""JSON lines of plain interactions: a line each, checked; a bad line costs that line only.

Source: docs/doors/import.md.
"""

from hashlib import sha256
from typing import Any, Final

import msgspec

from onrecord.errors import Rejected
from onrecord.limits import ID_BYTES, SPAN_BYTES, SPANS_PER_REQUEST
from onrecord.model.interaction import Interaction
from onrecord.model.span import KINDS
from onrecord.model.time import instant_of
from onrecord.receive.decoded import Bad, Fault

_IDS: Final = ("id", "trace_id", "parent_id", "user", "session", "tenant")
_FIELDS: Final = frozenset(Interaction.__struct_fields__)
_decode: Final = msgspec.json.Decoder(Interaction).decode
_plain: Final = msgspec.json.Decoder(dict[str, Any]).decode
_canonical: Final = msgspec.json.Encoder(order="deterministic").encode


class Line(msgspec.Struct, frozen=True, gc=False):
    """One interaction, and the SHA-256 of its canonical JSON (keys sorted, no blanks)."""

    interaction: Interaction
    extra: dict[str, Any]
    """What no field names, as sent."""
    digest: bytes


def decode_lines(body: bytes, _: str = "") -> tuple[list[Line], list[Fault]]:
    """Every line of a body that is not blank.

    Raises:
        Rejected: 413, there are more than ``SPANS_PER_REQUEST``.
    """
    found = [line for line in body.splitlines() if line.strip()]
    if len(found) > SPANS_PER_REQUEST:
        raise Rejected(f"the request has more than {SPANS_PER_REQUEST} lines", status=413)
    lines: list[Line] = []
    faults: list[Fault] = []
    for raw in found:
        try:
            lines.append(decode_line(raw))
        except Bad as bad:
            faults.append(Fault(str(bad), raw))
    return lines, faults


def decode_line(raw: bytes) -> Line:
    """One line, understood.

    Raises:
        Bad: it is no interaction; the sentence names the field and holds no byte of it.
    """
    if len(raw) > SPAN_BYTES:
        raise Bad(f"the line has more than {SPAN_BYTES} bytes")
    try:
        interaction = _decode(raw)
        values = _plain(raw)
        canonical = _canonical(values)
    except msgspec.ValidationError as error:
        raise Bad(_field_of(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError):
        raise Bad("the line is no JSON object") from None
    _check(interaction)
    extra = {key: value for key, value in values.items() if key not in _FIELDS}
    return Line(interaction, extra, sha256(canonical).digest())


def _check(one: Interaction) -> None:
    if one.input is None and one.output is None and one.error is None:
        raise Bad("the line has neither input nor output nor error")
    if one.kind not in KINDS:
        raise Bad(f"kind is not one of {', '.join(KINDS)}")
    for name in _IDS:
        if len(getattr(one, name).encode("utf-8", "surrogatepass")) > ID_BYTES:
            raise Bad(f"{name} is longer than {ID_BYTES} bytes")
    began = instant_of(one.time)
    if began is None:
        raise Bad("time is neither RFC 3339 nor seconds since the epoch")
    if one.end_time is not None:
        ended = instant_of(one.end_time)
        if ended is None:
            raise Bad("end_time is neither RFC 3339 nor seconds since the epoch")
        if ended < began:
            raise Bad("end_time is before time")
    if one.duration_ms is not None and not 0 <= one.duration_ms < 1e12:  # noqa: PLR2004 - 30 years
        raise Bad("duration_ms is not a duration")


def _field_of(error: msgspec.ValidationError) -> str:
    """The place of a type fault; msgspec's words name types, and a path from ``$``, never a value."""
    text = str(error)
    if "missing required field" in text:
        return "the line has no time"
    wanted, _, place = text.partition(" - at `$")
    return f"{place.rstrip('`').lstrip('.') or 'the line'}: {wanted[0].lower()}{wanted[1:]}"
