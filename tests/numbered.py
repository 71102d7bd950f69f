"""Invented bodies of a client that numbers its records: OTLP/JSON as on the wire, written by hand."""

import json
from typing import Any

PRODUCER = "5e" * 16
START_NS = 1_795_000_000_000_000_000


def attribute(name: str, value: Any) -> dict[str, Any]:
    kind = {bool: "boolValue", int: "intValue", float: "doubleValue"}.get(type(value), "stringValue")
    return {"key": name, "value": {kind: str(value) if kind == "intValue" else value}}


def spans(*numbers: int, producer: str = PRODUCER) -> bytes:
    """A request of spans with these numbers."""
    made = [
        {
            "traceId": f"{number:032x}",
            "spanId": f"{number:016x}",
            "name": f"step {number}",
            "startTimeUnixNano": str(START_NS),
            "endTimeUnixNano": str(START_NS + 1_000),
            "attributes": [attribute("onrecord.sequence", number), attribute("input.value", f"question {number}")],
        }
        for number in numbers
    ]
    resource = {"attributes": [attribute("onrecord.producer.id", producer)]}
    return json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": made}]}]}).encode()


def log(name: str, *, producer: str = PRODUCER, trace_id: str = "", **values: Any) -> bytes:
    """A request of one log record."""
    record = {
        "timeUnixNano": str(START_NS),
        "eventName": name,
        "traceId": trace_id,
        "attributes": [attribute(key.replace("__", "."), value) for key, value in values.items()],
    }
    resource = {"attributes": [attribute("onrecord.producer.id", producer)]}
    return json.dumps({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]}).encode()


def drop(first: int, last: int, reason: str = "queue_full", producer: str = PRODUCER) -> bytes:
    """A declaration of dropped records."""
    return log("onrecord.drop", producer=producer, reason=reason, first=first, last=last, count=last - first + 1)
