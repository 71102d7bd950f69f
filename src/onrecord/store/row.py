"""Rows: the projection of a masked span or score as one JSON line, the same at ingest and at rebuild.

Pure functions on the hottest path: the work per span is a few table look-ups and one call of the JSON encoder. Fields
that are empty are left out; the store fills in the column's default, which means *unknown* as in the model. Maps
take any JSON value: the store writes numbers, booleans, arrays and objects as their JSON text.

``facts`` are those of the *first* record of a span. A revision of it has the same place and time of receipt, so that it
lands in the same partition and replaces the row before. Layout and meaning: docs/format/rows.md.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import orjson

from onrecord.limits import PREVIEW_CHARACTERS, STORE_TEXT_CHARACTERS, STORE_VALUE_CHARACTERS, STORE_VALUES
from onrecord.model.message import Message, Part
from onrecord.model.record import Place, RecordFacts
from onrecord.model.score import Score
from onrecord.model.span import Document, Error, PromptRef, Span, ToolCall, Usage

DAMAGED: Final = "damaged"
"""Pseudo-table of rows that can not be made, because the content they are made from can not be read."""
_NO_USAGE: Final = Usage()
_UINT16_MAX: Final = 2**16 - 1
_UINT32_MAX: Final = 2**32 - 1
_DEPTH: Final = 100
_HEX_BYTES: Final = 32
_PLAIN: Final = frozenset((int, float, bool))
_SPAN_TEXTS: Final = (
    "trace_id", "span_id", "parent_id", "name", "status_message", "application", "environment", "release", "provider",
    "model_requested", "model_served", "endpoint", "response_id", "agent", "workflow",
)  # fmt: skip
"""Fields of a span that are columns of the same name and the same value."""
_USAGE_COUNTS: Final = (
    ("input", "tokens_input"), ("output", "tokens_output"), ("cache_read", "tokens_cache_read"),
    ("cache_write", "tokens_cache_write"), ("reasoning", "tokens_reasoning"), ("audio_input", "tokens_audio_input"),
    ("audio_output", "tokens_audio_output"), ("total", "tokens_total"),
)  # fmt: skip


def span_line(masked: Span, facts: RecordFacts, found: Sequence[str], prompt_version: str) -> bytes:
    """The row of a span as a JSON object without place, revision and receipt; ``stamp`` adds them.

    ``masked.input`` holds the newest turn only. ``found`` are the labels of personal data that was found.
    """
    row: dict[str, Any] = {
        "project": facts.project,
        "record_id": facts.record_id,
        "retention": facts.retention,
        "mode": facts.mode,
        "kind": masked.kind,
        "status": masked.status,
        "start_us": masked.start_unix_nano // 1_000,
        "end_us": masked.end_unix_nano // 1_000,
    }
    for name in _SPAN_TEXTS:
        value = getattr(masked, name)
        if value:
            row[name] = value
    if not masked.parent_id:
        row["is_root"] = True
    if masked.running:
        row["running"] = True
    if masked.user_id:
        row["user"] = masked.user_id
    if masked.session_id:
        row["session"] = masked.session_id
    if masked.tenant_id:
        row["tenant"] = masked.tenant_id
    _add_call(row, masked)
    _add_content(row, masked)
    _add_rest(row, masked)
    _add_source(row, masked)
    if found:
        row["found"] = sorted(set(found))
    if prompt_version:
        row["prompt_version"] = prompt_version
    return _encode(row)


def score_line(score: Score, facts: RecordFacts, ordinal: int = 0) -> bytes:
    """The row of a masked score as a JSON object without its place.

    ``ordinal`` tells apart several scores of one record.
    """
    row: dict[str, Any] = {
        "project": facts.project,
        "ordinal": ordinal,
        "record_id": facts.record_id,
        "retention": facts.retention,
        "mode": facts.mode,
        "score_id": score.id,
        "name": score.name,
        "value": score.value,
        "label": score.label,
        "passed": score.passed,
        "comment": score.comment[:STORE_TEXT_CHARACTERS],
        "source": score.source,
        "author": score.author,
        "trace_id": score.trace_id,
        "span_id": score.span_id,
        "response_id": score.response_id,
        "session": score.session_id,
    }
    if score.time_unix_nano:
        row["time_us"] = score.time_unix_nano // 1_000
    if score.metadata:
        row["metadata"] = _bounded(score.metadata)
    return _encode(row)


def stamp(line: bytes, place: Place, revision: int, received_us: int) -> bytes:
    """The row with what the commit decides: place and receipt of its span's first record, and its revision."""
    head = b'{"shard":%d,"idx":%d,"revision":%d,"received_us":%d,'
    return head % (place.shard, place.index, revision, received_us) + line[1:]


def damaged_line(project: str, place: Place, revision: int, retention: str) -> bytes:
    """What stands for a row that can not be made: which one it is."""
    row = {"project": project, "shard": place.shard, "idx": place.index, "revision": revision, "retention": retention}
    return orjson.dumps(row)


def _add_call(row: dict[str, Any], span: Span) -> None:
    start, end = span.start_unix_nano, span.end_unix_nano
    if start and end >= start:
        row["duration_us"] = (end - start) // 1_000
    first_ms = span.time_to_first_token_ms
    if first_ms is not None:
        row["time_to_first_token_ms"] = first_ms
    usage = span.usage
    if usage is not _NO_USAGE:
        _add_usage(row, usage, (end - start) / 1e9 - (first_ms or 0) / 1e3 if start else 0.0)
    if span.parameters:
        row["parameters"] = _bounded(span.parameters)
    if span.finish_reasons:
        row["finish_reasons"] = span.finish_reasons
    if span.cost_reported is not None:
        row["cost_reported"] = span.cost_reported
        row["cost_currency"] = span.cost_currency
    if span.error is not None:
        _add_error(row, span.error)


def _add_usage(row: dict[str, Any], usage: Usage, generating_s: float) -> None:
    for name, column in _USAGE_COUNTS:
        count = getattr(usage, name)
        if count is not None and 0 <= count <= _UINT32_MAX:
            row[column] = count
    if usage.estimated:
        row["usage_estimated"] = True
    if usage.aggregate:
        row["usage_aggregate"] = True
    elif usage.output and generating_s > 0:
        row["tokens_per_second"] = usage.output / generating_s
    if usage.details:
        row["usage_details"] = _bounded(usage.details)


def _add_error(row: dict[str, Any], error: Error) -> None:
    row["error_type"] = error.type
    row["error_message"] = error.message[:STORE_TEXT_CHARACTERS]
    if error.stack:
        row["error_stack"] = error.stack[:STORE_TEXT_CHARACTERS]
    if error.http_status is not None and 0 <= error.http_status <= _UINT16_MAX:
        row["http_status"] = error.http_status
    if error.retry_count is not None and 0 <= error.retry_count <= _UINT16_MAX:
        row["retry_count"] = error.retry_count
    if error.request_id:
        row["request_id"] = error.request_id


def _add_content(row: dict[str, Any], span: Span) -> None:
    entered, answered = span.input, span.output
    if entered:
        row["input_messages"] = min(len(entered), _UINT16_MAX)
        text = "\n".join([_message_text(message) for message in entered])
    else:
        text = span.query
    if answered:
        row["output_messages"] = min(len(answered), _UINT16_MAX)
        answer = "\n".join([_message_text(message) for message in answered])
    else:
        answer = "\n".join([document.content for document in span.documents])
    tool = span.tool
    if tool is not None:
        _add_tool(row, tool)
        text = text or as_text(tool.arguments)
        answer = answer or as_text(tool.result)
    if text:
        row["input_text"] = text if len(text) <= STORE_TEXT_CHARACTERS else text[:STORE_TEXT_CHARACTERS]
        row["input_preview"] = text[:PREVIEW_CHARACTERS]
    if answer:
        row["output_text"] = answer if len(answer) <= STORE_TEXT_CHARACTERS else answer[:STORE_TEXT_CHARACTERS]
        row["output_preview"] = answer[:PREVIEW_CHARACTERS]
    if span.documents:
        row["document_ids"] = _document_ids(span.documents)


def _message_text(message: Message) -> str:
    parts = message.parts
    if len(parts) == 1 and parts[0].text:
        return parts[0].text
    return "\n".join([text for part in parts if (text := _part_text(part))])


def _part_text(part: Part) -> str:
    kind = part.type
    if kind == "tool_call":
        return f"{part.name}({as_text(part.value)})"
    if kind == "tool_result":
        return part.text or as_text(part.value)
    return part.text


def as_text(value: Any) -> str:
    """A value as the text that a reader searches: a string as it is, anything else as JSON."""
    if value is None:
        return ""
    if type(value) is str:
        return value
    if isinstance(value, bytes):
        return _bytes_text(value)
    return _encode(value).decode()


def _bytes_text(value: bytes) -> str:
    """Bytes as hex when they are so few that they are an id or a digest, else how many: nobody has screened media."""
    return value.hex() if len(value) <= _HEX_BYTES else f"<{len(value)} bytes>"


def _document_ids(documents: Iterable[Document]) -> list[str]:
    return [document.id for document in documents if document.id][:STORE_VALUES]


def _add_tool(row: dict[str, Any], tool: ToolCall) -> None:
    row["tool"] = tool.name
    if tool.call_id:
        row["tool_call_id"] = tool.call_id


def _add_prompt(row: dict[str, Any], prompt: PromptRef) -> None:
    row["prompt_name"] = prompt.name
    row["prompt_label"] = prompt.version
    row["prompt_variant"] = prompt.variant


def _add_scores(row: dict[str, Any], scores: Sequence[Score]) -> None:
    for score in scores:
        if score.source == "end_user" and score.value is not None:
            row["rating"] = score.value
        elif score.source == "validator":
            row["validator"] = score.name
            row["validation"] = score.label or {True: "pass", False: "fail", None: ""}[score.passed]


def _add_rest(row: dict[str, Any], span: Span) -> None:
    if span.otel_kind:
        row["otel_kind"] = span.otel_kind & 0xFF
    if span.prompt is not None:
        _add_prompt(row, span.prompt)
    if span.scores:
        _add_scores(row, span.scores)
    if span.tags:
        row["tags"] = span.tags
    if span.metadata:
        row["metadata"] = _bounded(span.metadata)
    if span.attributes:
        row["attributes"] = _bounded(span.attributes)
    if span.resource:
        row["resource"] = _bounded(span.resource)
    if span.events:
        row["events"] = min(len(span.events), _UINT16_MAX)
    if span.links:
        row["links"] = min(len(span.links), _UINT16_MAX)


def _add_source(row: dict[str, Any], span: Span) -> None:
    source = span.source
    row["receiver"] = source.receiver
    row["dialect"] = source.dialect
    if source.sdk:
        row["sdk"] = source.sdk
        row["sdk_version"] = source.sdk_version
    if source.language:
        row["language"] = source.language
    if span.scope.name:
        row["scope"] = span.scope.name


def _bounded(values: dict[str, Any]) -> dict[str, Any]:
    """The first values of a map, each cut to a length that a person filters by. The vault has them whole."""
    if len(values) > STORE_VALUES:
        values = dict(list(values.items())[:STORE_VALUES])
    return {
        key: value if type(value) in _PLAIN else as_text(value)[:STORE_VALUE_CHARACTERS]
        for key, value in values.items()
    }


def _encode(value: Any) -> bytes:
    try:
        return orjson.dumps(value, _unknown)
    except (TypeError, ValueError, RecursionError):
        return orjson.dumps(_plain(value, 0), _unknown)


def _unknown(value: Any) -> Any:
    """What JSON has no word for."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _bytes_text(bytes(value))
    return str(value)


def _plain(value: Any, depth: int) -> Any:
    """The same value without what the JSON encoder refuses: lone surrogates, huge integers, deep nesting."""
    step: Callable[[Any], Any] = lambda inner: _plain(inner, depth + 1)  # noqa: E731
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, bool | float) or value is None:
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else str(value)
    if depth > _DEPTH:
        return "..."
    if isinstance(value, dict):
        return {step(str(key)): step(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [step(inner) for inner in value]
    return _unknown(value)
