"""Traces that pages are tried with: ordinary ones, and everything hostile. OTLP as JSON, OpenInference; seeded."""

import json
import random
import urllib.request
from typing import Any

HOSTILE = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"> \u202egnirts\u202c \x1b[31m"
)
RTL = "اكتب رسالة شكر قصيرة إلى السيدة هوبر"
CJK = "四半期報告書を要約してください"
MARKDOWN = "# Title\n\n- one\n- [link](javascript:alert(1)) ![image](https://elsewhere.example/x.png)\n\n`code`"
LONG = "A clause of the contract. " * 200_000
"""5 MB."""

Attributes = dict[str, Any]


def seed_traces(now_ns: int) -> dict[str, list[dict[str, Any]]]:
    """Spans by the name of their trace; ids are made from the name."""
    return {
        "odd": conversation("odd", now_ns - 70 * 10**9, "Odd?", "Odd.", system=HOSTILE, model=HOSTILE),
        "plain": conversation("plain", now_ns - 50 * 10**9, "Where is my parcel?", "It arrives today."),
        "hostile": conversation("hostile", now_ns - 40 * 10**9, HOSTILE, MARKDOWN, title=HOSTILE),
        "rtl": conversation("rtl", now_ns - 35 * 10**9, RTL, CJK),
        "long": conversation("long", now_ns - 30 * 10**9, LONG, "Read."),
        "deep": chain("deep", now_ns - 25 * 10**9, 130),
        "wide": wide("wide", now_ns - 20 * 10**9, 10_000),
        "older": conversation("older", now_ns - 60 * 10**9, "Is it insured?", "Yes.", system="Be brief and kind."),
        "failed": conversation("failed", now_ns - 10 * 10**9, "Book a table", "", failed=True),
    }


def trace_id(name: str) -> str:
    return f"{random.Random(name).getrandbits(128):032x}"


def span_id(name: str, number: int) -> str:
    return f"{random.Random(f'{name} {number}').getrandbits(64):016x}"


def conversation(
    name: str, start_ns: int, ask: str, answer: str, *, failed: bool = False, **rest: str
) -> list[dict[str, Any]]:
    """An agent that asks a model, calls a tool and answers."""
    who = {"session.id": rest.get("session", "talk-1"), "user.id": "jan@example.com"}
    first = {
        "llm.input_messages.0.message.role": "system",
        "llm.input_messages.0.message.content": rest.get("system", "Be brief."),
    }
    first |= {"llm.input_messages.1.message.role": "user", "llm.input_messages.1.message.content": ask}
    call = "llm.output_messages.0.message"
    tool = {f"{call}.role": "assistant", f"{call}.tool_calls.0.tool_call.function.name": "find_parcel"}
    tool[f"{call}.tool_calls.0.tool_call.function.arguments"] = '{"parcel": "AT-77", "deep": [1, {"a": null}]}'
    second = first | {
        "llm.input_messages.2.message.role": "assistant",
        "llm.input_messages.2.message.tool_calls.0.tool_call.function.name": "find_parcel",
        "llm.input_messages.3.message.role": "tool",
        "llm.input_messages.3.message.content": '{"state": "out for delivery", "stops": 3}',
    }
    model: Attributes = {
        "llm.model_name": rest.get("model", "gpt-4o-2024-11-20"),
        "llm.provider": "openai",
        "llm.token_count.prompt": 120,
    }
    model |= {"llm.token_count.completion": 30, "llm.token_count.total": 150}
    said = {f"{call}.role": "assistant", f"{call}.content": answer}
    root = {"input.value": ask, "output.value": answer}
    span = make_span
    return [
        span(name, 0, None, rest.get("title", "support_agent"), "AGENT", start_ns, 3000, root | who, failed=failed),
        span(name, 1, 0, "chat gpt-4o", "LLM", start_ns, 800, first | tool | model),
        span(name, 2, 0, "find_parcel", "TOOL", start_ns + 10**9, 300, {"tool.name": "find_parcel"}, failed=failed),
        span(name, 3, 0, "chat gpt-4o", "LLM", start_ns + 2 * 10**9, 900, second | said | model),
    ]


def chain(name: str, start_ns: int, levels: int) -> list[dict[str, Any]]:
    """Each step below the one before."""
    return [
        make_span(name, number, number - 1 if number else None, f"level {number}", "CHAIN", start_ns + number, 50, {})
        for number in range(levels)
    ]


def wide(name: str, start_ns: int, count: int) -> list[dict[str, Any]]:
    """A root with ``count`` steps below it."""
    return [make_span(name, 0, None, "batch", "CHAIN", start_ns, 9000, {})] + [
        make_span(name, number, 0, f"step {number}", "TOOL", start_ns + number * 800_000, 1, {})
        for number in range(1, count)
    ]


def make_span(  # noqa: PLR0917 - a row of a table
    trace: str,
    number: int,
    parent: int | None,
    name: str,
    kind: str,
    start_ns: int,
    took_ms: int,
    attributes: Attributes,
    *,
    failed: bool = False,
) -> dict[str, Any]:
    """One span in OTLP's JSON."""
    pairs = {"openinference.span.kind": kind, **attributes}
    return {
        "traceId": trace_id(trace),
        "spanId": span_id(trace, number),
        "parentSpanId": span_id(trace, parent) if parent is not None else "",
        "name": name,
        "kind": 1,
        "startTimeUnixNano": str(start_ns),
        "endTimeUnixNano": str(start_ns + took_ms * 1_000_000),
        "attributes": [{"key": key, "value": _value(value)} for key, value in pairs.items()],
        "status": {"code": 2, "message": "TimeoutError: no answer in 5 s"} if failed else {},
    }


def send(url: str, spans: list[dict[str, Any]], key: str = "") -> None:
    """Post spans to ``/v1/traces``; an answer that is not 200 is an error."""
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "helpdesk"}}]}
    scope = {"name": "openinference.instrumentation.openai", "version": "0.1"}
    for first in range(0, len(spans), 2_000):
        batch = {"scopeSpans": [{"scope": scope, "spans": spans[first : first + 2_000]}], "resource": resource}
        body = json.dumps({"resourceSpans": [batch]}).encode()
        headers = {"content-type": "application/json"} | ({"x-api-key": key} if key else {})
        request = urllib.request.Request(f"{url}/v1/traces", body, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 200


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}
