"""A day of a help desk, invented and seeded: what the screenshots show."""

import random
from typing import Any

from tests.browser.seed import make_span

CASES = (
    ("Where is my parcel AT-77? It was promised for Monday.", "It left Graz at 06:12 and arrives today before noon."),
    ("Schreiben Sie bitte an jan.huber@example.com, dass ich absage.", "Gerne. Ich habe die Absage vorbereitet."),
    ("四半期報告書を三行で要約してください", "売上高は前年同期比で12%増加しました。"),
    ("Cancel order 4711 and refund me to AT61 1904 3002 3457 3201.", "Your refund is on its way."),
    ("اكتب رسالة شكر قصيرة", "شكراً جزيلاً على دعمكم الكريم."),
    ("Is the parcel insured when it goes abroad?", "Yes, up to 500 euros. Above that you can add insurance."),
)
SYSTEM = "You are a patient clerk of a parcel service. Never promise a date that the system does not show."
OLDER = "You are a clerk of a parcel service. Never promise a date, and ask for the number of the parcel first."
OLDER_FROM = 35
"""The case from which on the older prompt was in use."""
MODELS = ("gpt-4o-2024-11-20", "claude-sonnet-4-5", "gpt-4o-mini")


def story(now_ns: int, count: int = 60) -> dict[str, list[dict[str, Any]]]:
    """Traces, oldest first; ``case 0`` is the newest."""
    return {f"case {number}": _case(number, now_ns - number**2 * 10**9 // 2) for number in range(count - 1, -1, -1)}


def _case(number: int, end_ns: int) -> list[dict[str, Any]]:
    rng, name = random.Random(number), f"case {number}"
    ask, answer = CASES[number % len(CASES)]
    failed = number % 9 == 3
    start_ns = end_ns - 4 * 10**9
    who = {"session.id": f"talk-{number // 3}", **({"user.id": f"customer-{number // 6}"} if number % 3 == 0 else {})}
    said = _said("llm.input_messages", ("system", SYSTEM if number < OLDER_FROM else OLDER), ("user", ask))
    out = "llm.output_messages.0.message"
    call = {f"{out}.role": "assistant", f"{out}.tool_calls.0.tool_call.function.name": "find_parcel"}
    call[f"{out}.tool_calls.0.tool_call.function.arguments"] = '{"parcel": "AT-77"}'
    found = '{"parcel": "AT-77", "state": "out for delivery", "stops_before": 3}'
    documents = {
        f"retrieval.documents.{place}.document.{key}": value
        for place, rule in enumerate(("Parcels are insured up to 500 euros.", "Refunds take up to five days."))
        for key, value in (("id", f"policy-{place}"), ("content", rule))
    }
    usage = {"llm.model_name": MODELS[number % 3], "llm.provider": "openai", **_usage(rng), **_price(number)}
    last = said | _said("llm.input_messages", ("assistant", "I am looking it up."), ("tool", found), first=2)
    reply = {f"{out}.role": "assistant", f"{out}.content": answer}
    root = {"input.value": ask, "output.value": "" if failed else answer, **who}
    steps = [
        make_span(name, 0, None, "support_agent", "AGENT", start_ns, 3400, root, failed=failed),
        make_span(name, 1, 0, "chat", "LLM", start_ns + 20_000_000, 610 + number, said | call | usage),
        make_span(name, 2, 0, "find_parcel", "TOOL", start_ns + 700_000_000, 240, _tool(found), failed=failed),
        make_span(name, 3, 0, "answer", "CHAIN", start_ns + 1_000_000_000, 2300, {}),
        make_span(name, 4, 3, "search_policy", "RETRIEVER", start_ns + 1_010_000_000, 180, documents),
        make_span(name, 5, 3, "chat", "LLM", start_ns + 1_250_000_000, 1_900, last | reply | usage),
        make_span(name, 6, 0, "no_promises", "GUARDRAIL", start_ns + 3_310_000_000, 60, {"input.value": answer}),
    ]
    return steps[:3] if failed else steps


def _said(prefix: str, *messages: tuple[str, str], first: int = 0) -> dict[str, Any]:
    return {
        f"{prefix}.{first + place}.message.{key}": value
        for place, message in enumerate(messages)
        for key, value in zip(("role", "content"), message, strict=True)
    }


def _usage(rng: random.Random) -> dict[str, int]:
    came, went = rng.randint(180, 2400), rng.randint(20, 500)
    return {"llm.token_count.prompt": came, "llm.token_count.completion": went, "llm.token_count.total": came + went}


def _tool(found: str) -> dict[str, Any]:
    return {"tool.name": "find_parcel", "input.value": '{"parcel": "AT-77"}', "output.value": found}


def _price(number: int) -> dict[str, Any]:
    """What the client says that a call cost; one of three says nothing."""
    return {"llm.cost.total": 0.0004 * (number % 7 + 1)} if number % 3 else {}
