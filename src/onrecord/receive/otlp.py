"""OTLP bodies, as values: a body goes in; spans or log records come out, and a sentence for each one that is bad.

Source: OTLP 1.9 (opentelemetry-proto), protobuf and JSON encoding. One bad span costs that span only; ``Rejected``
means that the frame around the spans is broken, so that nothing in it can be told apart. Nothing else is raised.

The digest of a span is the SHA-256 of its own bytes as sent (protobuf) or of its canonical JSON (keys sorted, no
blanks), without resource and scope: a body that is sent again gives the same digests.
"""

from typing import Final

from onrecord.errors import Rejected
from onrecord.receive import otlp_json, otlp_protobuf
from onrecord.receive.decoded import Decoded, DecodedLog, Fault

__all__ = ["Decoded", "DecodedLog", "Fault", "decode_logs", "decode_traces"]

_TRACES: Final = {"protobuf": otlp_protobuf.decode_traces, "json": otlp_json.decode_traces}
_LOGS: Final = {"protobuf": otlp_protobuf.decode_logs, "json": otlp_json.decode_logs}


def decode_traces(body: bytes, media: str) -> tuple[list[Decoded], list[Fault]]:
    """Decode an ``ExportTraceServiceRequest``. ``media`` is ``protobuf`` or ``json``.

    Raises:
        Rejected: the body is not one; the sentence names the fault and where it is.
    """
    decode = _TRACES.get(media)
    if decode is None:
        raise Rejected("the encoding is neither protobuf nor JSON", status=415)
    return decode(body)


def decode_logs(body: bytes, media: str) -> tuple[list[DecodedLog], list[Fault]]:
    """Decode an ``ExportLogsServiceRequest``. ``media`` is ``protobuf`` or ``json``.

    Raises:
        Rejected: the body is not one; the sentence names the fault and where it is.
    """
    decode = _LOGS.get(media)
    if decode is None:
        raise Rejected("the encoding is neither protobuf nor JSON", status=415)
    return decode(body)
