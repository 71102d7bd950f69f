"""OTLP bodies, as values: a body goes in; spans or log records come out, and a sentence for each one that is bad.

Source: OTLP 1.9 (opentelemetry-proto), protobuf and JSON encoding. One bad span costs that span only; ``Rejected``
means that the frame around the spans is broken, so that nothing in it can be told apart. Nothing else is raised.

The digest of a span is the SHA-256 of its own bytes as sent (protobuf) or of its canonical JSON (keys sorted, no
blanks), without resource and scope: a body that is sent again gives the same digests.
"""

from typing import Final

from onrecord.errors import Rejected
from onrecord.model.otlp import OtlpContext
from onrecord.receive import otlp_json, otlp_protobuf
from onrecord.receive.decoded import WHOLE, Bad, Decoded, DecodedLog, Fault, Share

__all__ = [
    "WHOLE", "Bad", "Decoded", "DecodedLog", "Fault", "Share", "decode_alone", "decode_logs", "decode_traces",
    "is_divisible",
]  # fmt: skip

_LOGS: Final = {"protobuf": otlp_protobuf.decode_logs, "json": otlp_json.decode_logs}


def is_divisible(signal: str, media: str) -> bool:
    """Whether shares of a body can be decoded apart at little cost.

    Only the frame of a protobuf is walked in every share; JSON is parsed whole. Log records can belong together.
    """
    return signal == "traces" and media == "protobuf"


def decode_traces(body: bytes, media: str, share: Share = WHOLE) -> tuple[list[Decoded], list[Fault]]:
    """Decode an ``ExportTraceServiceRequest``, or a share of its spans. ``media`` is ``protobuf`` or ``json``.

    Raises:
        Rejected: the body is not one, in every share alike; the sentence names the fault and where it is.
    """
    if media == "protobuf":
        return otlp_protobuf.decode_traces(body, share)
    if media != "json":
        raise Rejected("the encoding is neither protobuf nor JSON", status=415)
    decoded, faults = otlp_json.decode_traces(body)
    return decoded[share.within(len(decoded))], faults[share.within(len(faults))]


def decode_alone(raw: bytes, media: str, context: OtlpContext, *, logs: bool) -> Decoded | DecodedLog:
    """Decode one span or log record that was at fault, by its own bytes and what stood around it.

    Raises:
        Bad: it is at fault still; the sentence says why, without a byte of it.
    """
    if media == "json":
        return otlp_json.decode_log_alone(raw, context) if logs else otlp_json.decode_span_alone(raw, context)
    return otlp_protobuf.decode_log_alone(raw, context) if logs else otlp_protobuf.decode_span_alone(raw, context)


def decode_logs(body: bytes, media: str) -> tuple[list[DecodedLog], list[Fault]]:
    """Decode an ``ExportLogsServiceRequest``. ``media`` is ``protobuf`` or ``json``.

    Raises:
        Rejected: the body is not one; the sentence names the fault and where it is.
    """
    decode = _LOGS.get(media)
    if decode is None:
        raise Rejected("the encoding is neither protobuf nor JSON", status=415)
    return decode(body)
