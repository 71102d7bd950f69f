"""Golden captures: loading them, and showing a span without what differs from capture to capture.

``python -m tests.unit.normalize.golden`` rewrites every ``expected.json``; read the difference before it is committed.
"""

import json
import re
from pathlib import Path
from typing import Any

import msgspec

from onrecord.model.message import Message
from onrecord.model.span import Span
from onrecord.normalize.batch import join_parts
from onrecord.normalize.merge import merge
from onrecord.normalize.registry import normalize, normalize_log
from onrecord.receive.otlp import decode_logs, decode_traces

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
CASES = sorted(f"{path.parent.parent.name}/{path.parent.name}" for path in GOLDEN.glob("*/*/request.pb"))
CALLS = ("llm", "embedding")
_PORT = re.compile(r"127\.0\.0\.1(:|%3A)\d+")


def load(case: str) -> list[Span]:
    """The spans of a capture in the order they started, each with the parts that came as log records."""
    folder = GOLDEN / case
    decoded, faults = decode_traces((folder / "request.pb").read_bytes(), "protobuf")
    assert not faults
    spans = {one.span.span_id: normalize(one.span, one.context) for one in decoded}
    logs = folder / "logs.pb"
    if logs.exists():
        records, faults = decode_logs(logs.read_bytes(), "protobuf")
        assert not faults
        for part, _, _ in join_parts((normalize_log(one.record, one.context), one.digest, "part") for one in records):
            if isinstance(part, Span):
                _add(spans, part)
    return sorted(spans.values(), key=lambda one: one.start_unix_nano)


def _add(spans: dict[str, Span], part: Span) -> None:
    whole = spans.get(part.span_id)
    if whole is None:  # no span id: joined by the id of the response
        whole = next(one for one in spans.values() if one.response_id and one.response_id == part.response_id)
    spans[whole.span_id] = merge(whole, part)


def exchanges(case: str) -> list[dict[str, Any]]:
    """What the provider was asked and said in this capture."""
    told: list[dict[str, Any]] = json.loads((GOLDEN / case / "exchanges.json").read_text())
    return told


def calls(spans: list[Span]) -> list[Span]:
    """The model calls among them."""
    return [one for one in spans if one.kind in CALLS]


def told(messages: tuple[Message, ...]) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """Messages as ``truth`` tells them."""
    return [(one.role, [_piece(part) for part in one.parts]) for one in messages]


def _piece(part: Any) -> tuple[Any, ...]:
    match part.type:
        case "tool_call":
            return ("tool_call", part.id, part.name, part.value)
        case "tool_result":
            return ("tool_result", part.id, part.value)
        case "media":
            return ("media", part.data)
    return (part.type, part.text)


def shown(spans: list[Span]) -> list[dict[str, Any]]:
    """Spans as JSON values: ids as numbers in order, no instants, no ports, no machine."""
    number = {one.span_id: index for index, one in enumerate(spans)}
    found = []
    for one in spans:
        fields = msgspec.to_builtins(one)
        for name in ("trace_id", "start_unix_nano", "end_unix_nano", "resource", "flags"):
            fields.pop(name, None)
        fields["span_id"] = number[one.span_id]
        if one.parent_id:
            fields["parent_id"] = number.get(one.parent_id, "outside")
        fields["attributes"] = sorted(one.attributes)
        fields.get("source", {}).pop("producer", None)
        for event in fields.get("events", []):
            event.pop("time_unix_nano")
        if "time_to_first_token_ms" in fields:
            fields["time_to_first_token_ms"] = "measured"
        if one.error and one.error.stack:
            fields["error"]["stack"] = one.error.stack.splitlines()[0]
        found.append(fields)
    scrubbed: list[dict[str, Any]] = json.loads(_PORT.sub("127.0.0.1:0", json.dumps(found)))
    return scrubbed


if __name__ == "__main__":
    for each in CASES:
        text = json.dumps(shown(load(each)), indent=1, ensure_ascii=False)
        (GOLDEN / each / "expected.json").write_text(text + "\n")
