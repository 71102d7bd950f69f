"""Invented traces as OTLP requests, in OpenInference or in OpenTelemetry's GenAI convention.

Sources: openinference-semantic-conventions 0.1.42; semantic-conventions-genai. Scores go as log records
(``gen_ai.evaluation.result``), as evaluators send them.
"""

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1 import trace_pb2

from onrecord.demo.step import Said, Step, Trace, laid_out

_CALLS: Final = ("llm", "embedding")
_SCOPES: Final = {
    "openinference": ("openinference.instrumentation.openai", "0.1.52"),
    "genai": ("opentelemetry.instrumentation.genai", "0.4b0"),
}
_SDK: Final = {
    "telemetry.sdk.language": "python",
    "telemetry.sdk.name": "opentelemetry",
    "telemetry.sdk.version": "1.39.0",
}
_PRICES: Final = {
    "gpt-4.1-2025-04-14": (2.0, 8.0), "gpt-4.1-mini-2025-04-14": (0.4, 1.6), "claude-sonnet-4-5-20250929": (3.0, 15.0),
}  # fmt: skip
"""Invented like all else: US dollars for a million tokens, in and out. Of other models no client reports a cost."""
_OPERATIONS: Final = {
    "llm": "chat", "embedding": "embeddings", "retriever": "retrieval", "reranker": "rerank", "tool": "execute_tool",
    "agent": "invoke_agent", "chain": "invoke_workflow", "guardrail": "guardrail", "evaluator": "evaluate",
}  # fmt: skip


def requests(traces: Sequence[tuple[Trace, int]], rng: random.Random) -> tuple[bytes, bytes]:
    """The request with all spans and the one with all scores (empty when there are none); a start per trace in ns."""
    spans, logs = ExportTraceServiceRequest(), ExportLogsServiceRequest()
    for trace, start_ns in traces:
        resource = spans.resource_spans.add()
        about = {"service.name": trace.application, "service.version": trace.release,
                 "deployment.environment.name": trace.environment, **_SDK}  # fmt: skip
        for key, value in about.items():
            _put(resource.resource.attributes, key, value)
        scope = resource.scope_spans.add()
        scope.scope.name, scope.scope.version = _SCOPES[trace.dialect]
        trace_id, root_id = rng.randbytes(16), b""
        ids: dict[int, bytes] = {}
        for step, parent, start_ms, end_ms in laid_out(trace.root):
            span_id = ids[id(step)] = rng.randbytes(8)
            root_id = root_id or span_id
            span = scope.spans.add(trace_id=trace_id, span_id=span_id, name=step.name, kind=3 if step.provider else 1)
            span.parent_span_id = ids[id(parent)] if parent else b""
            span.start_time_unix_nano = start_ns + start_ms * 1_000_000 + rng.randrange(1_000_000)
            span.end_time_unix_nano = start_ns + end_ms * 1_000_000 + rng.randrange(1_000_000)
            _fill(span, trace, step, is_root=parent is None)
        _scores(logs, trace, trace_id, root_id, start_ns)
    return spans.SerializeToString(), logs.SerializeToString()


def _scores(logs: ExportLogsServiceRequest, trace: Trace, trace_id: bytes, span_id: bytes, start_ns: int) -> None:
    if not trace.scores:
        return
    resource = logs.resource_logs.add()
    _put(resource.resource.attributes, "service.name", trace.application)
    scope = resource.scope_logs.add()
    scope.scope.name = "shop.quality"
    for score in trace.scores:
        record = scope.log_records.add(trace_id=trace_id, span_id=span_id, time_unix_nano=start_ns + 60_000_000_000)
        record.event_name = "gen_ai.evaluation.result"
        said = {
            "name": score.name,
            "score.value": score.value,
            "score.label": score.label,
            "explanation": score.comment,
        }
        for key, value in said.items():
            if value != "":
                _put(record.attributes, f"gen_ai.evaluation.{key}", value)


def _fill(span: trace_pb2.Span, trace: Trace, step: Step, *, is_root: bool) -> None:
    """Attributes, events and status of one span."""
    written = _openinference(step) if trace.dialect == "openinference" else _genai(step)
    attributes = dict(written)
    if trace.session:
        attributes["session.id" if trace.dialect == "openinference" else "gen_ai.conversation.id"] = trace.session
    if is_root:
        if trace.user:
            attributes["user.id"] = trace.user
        if trace.metadata and trace.dialect == "openinference":
            attributes["metadata"] = json.dumps(trace.metadata)
        elif trace.metadata:
            attributes |= {f"app.{key}": value for key, value in trace.metadata.items()}
    if trace.dialect == "genai" and step.kind == "llm" and not step.failure:
        attributes["gen_ai.response.id"] = f"msg_{span.span_id.hex()}"
    for key, value in attributes.items():
        if value != "":
            _put(span.attributes, key, value)
    if step.first_token_ms and trace.dialect == "openinference":
        at = span.start_time_unix_nano + step.first_token_ms * 1_000_000
        span.events.add(name="First Token Stream Event", time_unix_nano=at)
    _close(span, step)


def _close(span: trace_pb2.Span, step: Step) -> None:
    """How a span ended."""
    if step.failure:
        span.status.code, span.status.message = trace_pb2.Status.STATUS_CODE_ERROR, step.failure.message
        event = span.events.add(name="exception", time_unix_nano=span.end_time_unix_nano)
        _put(event.attributes, "exception.type", step.failure.type)
        _put(event.attributes, "exception.message", step.failure.message)
        if step.failure.http_status:
            _put(span.attributes, "http.response.status_code", step.failure.http_status)
    else:
        span.status.code = trace_pb2.Status.STATUS_CODE_OK


def _openinference(step: Step) -> Iterator[tuple[str, Any]]:
    yield "openinference.span.kind", step.kind.upper()
    if step.kind == "llm":
        yield from (("llm.provider", step.provider), ("llm.model_name", step.model))
        yield "llm.invocation_parameters", json.dumps(step.parameters)
        for side, messages in (("input", step.asked), ("output", step.answered)):
            for at, said in enumerate(messages):
                yield from _flat(f"llm.{side}_messages.{at}.message", said)
        for at, (name, meaning) in enumerate(step.tools.items()):
            yield f"llm.tools.{at}.tool.json_schema", json.dumps(_schema(name, meaning))
        entered, left = tokens(step)
        counts = {"prompt": entered, "completion": left, "total": entered + left}
        yield from ((f"llm.token_count.{name}", count) for name, count in counts.items())
        if step.model in _PRICES and not step.failure:
            price_in, price_out = _PRICES[step.model]
            yield "llm.cost.total", round((entered * price_in + left * price_out) / 1_000_000, 6)
        if step.reasoning_tokens:
            yield "llm.token_count.completion_details.reasoning", step.reasoning_tokens
        yield "llm.finish_reason", step.finish if not step.failure else ""
        yield from (("prompt.id", step.prompt[0]), ("llm.prompt_template.version", step.prompt[1]))
    elif step.kind == "tool" and step.call:
        yield from (("tool.name", step.name), ("tool.id", step.call.id), ("input.value", step.call.arguments))
        yield from (("tool.description", step.tools.get(step.name, "")), ("output.value", step.result))
    else:
        yield "agent.name", step.name if step.kind == "agent" else ""
        yield "input.value", step.query or (step.asked[-1].text if step.asked else "")
        yield "output.value", step.answered[-1].text if step.answered else step.result
        for at, one in enumerate(step.passages):
            prefix = f"retrieval.documents.{at}.document"
            yield from ((f"{prefix}.id", one.id), (f"{prefix}.content", one.text), (f"{prefix}.score", one.score))
            yield f"{prefix}.metadata", json.dumps({"title": one.title})


def _flat(prefix: str, said: Said) -> Iterator[tuple[str, Any]]:
    yield from ((f"{prefix}.role", said.role), (f"{prefix}.content", said.text))
    yield f"{prefix}.tool_call_id", said.answers
    if said.call:
        call = f"{prefix}.tool_calls.0.tool_call"
        yield from ((f"{call}.id", said.call.id), (f"{call}.function.name", said.call.name))
        yield f"{call}.function.arguments", said.call.arguments


def _genai(step: Step) -> Iterator[tuple[str, Any]]:
    yield "gen_ai.operation.name", _OPERATIONS[step.kind]
    if step.kind in _CALLS:
        yield from (("gen_ai.provider.name", step.provider), ("gen_ai.request.model", step.model))
        yield "gen_ai.response.model", step.model if not step.failure else ""
        yield from ((f"gen_ai.request.{name}", value) for name, value in step.parameters.items())
        entered, left = tokens(step)
        yield "gen_ai.usage.input_tokens", entered
        if step.kind == "llm" and not step.failure:
            yield "gen_ai.usage.output_tokens", left
            yield "gen_ai.response.finish_reasons", [step.finish]
        if step.first_token_ms:
            yield "gen_ai.response.time_to_first_chunk", step.first_token_ms / 1000
        yield from (("gen_ai.prompt.name", step.prompt[0]), ("gen_ai.prompt.version", step.prompt[1]))
    if step.kind == "tool" and step.call:
        yield from (("gen_ai.tool.name", step.name), ("gen_ai.tool.call.id", step.call.id))
        yield from (("gen_ai.tool.call.arguments", step.call.arguments), ("gen_ai.tool.call.result", step.result))
    if step.kind == "agent":
        yield "gen_ai.agent.name", step.name
    yield "gen_ai.retrieval.query.text", step.query
    if step.passages:
        found = [{"id": one.id, "content": one.text, "score": one.score, "title": one.title} for one in step.passages]
        yield "gen_ai.retrieval.documents", json.dumps(found, ensure_ascii=False)
    yield from _genai_content(step)


def _genai_content(step: Step) -> Iterator[tuple[str, Any]]:
    """What was said; system instructions apart."""
    system = [said.text for said in step.asked if said.role == "system"]
    if system:
        yield "gen_ai.system_instructions", _json([{"type": "text", "content": text} for text in system])
    for side, messages in (("input", step.asked), ("output", step.answered)):
        told = [_told(said) for said in messages if said.role != "system"]
        if side == "output" and not told and step.result and step.kind != "tool":
            told = [_told(Said("assistant", step.result))]
        if told:
            yield f"gen_ai.{side}.messages", _json(told)


def _told(said: Said) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [{"type": "text", "content": said.text}] if said.text else []
    if said.answers:
        parts = [{"type": "tool_call_response", "id": said.answers, "response": said.text}]
    if said.call:
        arguments = json.loads(said.call.arguments)
        parts.append({"type": "tool_call", "id": said.call.id, "name": said.call.name, "arguments": arguments})
    return {"role": said.role, "parts": parts}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _schema(name: str, meaning: str) -> dict[str, Any]:
    asks = {"web_search": "query", "check_stock": "product", "hand_over": "summary"}.get(name, "order")
    shape = {"type": "object", "properties": {asks: {"type": "string"}}, "required": [asks]}
    return {"type": "function", "function": {"name": name, "description": meaning, "parameters": shape}}


def tokens(step: Step) -> tuple[int, int]:
    """About how many tokens a call reads and writes: four bytes each."""
    entered = sum(len(said.text.encode()) + 16 for said in step.asked) + len(step.query) + 90 * len(step.tools)
    left = sum(len(said.text.encode()) + len(said.call.arguments if said.call else "") for said in step.answered)
    return entered // 4, left // 4 + step.reasoning_tokens


def _put(attributes: Any, key: str, value: Any) -> None:
    """Add an attribute with the type that its value has."""
    field = attributes.add(key=key).value
    if isinstance(value, list):
        for one in value:
            field.array_value.values.add().string_value = str(one)
    elif isinstance(value, bool):
        field.bool_value = value
    elif isinstance(value, int):
        field.int_value = value
    elif isinstance(value, float):
        field.double_value = value
    else:
        field.string_value = str(value)
