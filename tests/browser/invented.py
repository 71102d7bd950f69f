"""An invented world in memory with the signatures of ``query.engine.Engine``, for working on pages without a server.

Nothing that is asserted about the product rests on it: the browser tests run over the real engine. Seeded.
"""

import random
from collections.abc import Sequence
from typing import Any

from onrecord.errors import Missing
from onrecord.model.access import Access, Level
from onrecord.model.message import Message, Part
from onrecord.model.record import Place
from onrecord.model.span import Document, Error, Source, Span, ToolCall
from onrecord.query.engine import Engine
from onrecord.query.filters import EVERYTHING, Filter
from onrecord.query.results import (
    Bucket,
    Facet,
    Facets,
    Head,
    Node,
    Page,
    PageRequest,
    Proof,
    ScoreRow,
    SessionRow,
    SpanDetail,
    SpanRow,
    StatusCounts,
    Tokens,
    TraceRow,
    TraceTree,
)

HOSTILE = "<script>alert('x')</script> \u202egnirts desrever\u202c \x1b[31mred\x00 <img src=x onerror=alert(1)>"
QUESTIONS = (
    ("Where is my parcel <ID_k7m2q9xd4x1n>? It was promised for Monday.", "It left Graz at 06:12 and arrives today."),
    ("Schreib mir eine Absage an <EMAIL_k7m2q9xd4x1n>", "Sehr geehrte Frau Huber, leider müssen wir …"),
    ("要約してください: 四半期報告書", "売上高は前年同期比で12%増加しました。"),
    ("اكتب رسالة شكر قصيرة", "شكراً جزيلاً على دعمكم الكريم."),
    (HOSTILE, "I can not help with that."),
    ("Compare the two contracts and list what changed", '{"changed": ["term", "notice"], "risk": {"level": "low"}}'),
)


def text(role: str, words: str) -> Message:
    return Message(role=role, parts=(Part(text=words),))


def tokens(rng: random.Random) -> Tokens:
    came, went = rng.randint(80, 4000), rng.randint(10, 900)
    return Tokens(input=came, output=went, total=came + went)


class Invented(Engine):
    """Traces made up from a seed."""

    def __init__(self, now_us: int, count: int = 120) -> None:
        rng = random.Random(7)
        self.now_us = now_us
        self.trees = [self._tree(rng, number, now_us - number**2 * 4_000_000) for number in range(count)]
        self.by_id = {tree.trace.trace_id: tree for tree in self.trees}

    def _tree(self, rng: random.Random, number: int, start_us: int) -> TraceTree:
        ask, answer = QUESTIONS[number % len(QUESTIONS)]
        trace_id = f"{rng.getrandbits(128):032x}"
        plan = [("agent", "support_agent", 0), ("llm", "chat gpt-4o", 1), ("tool", "lookup_parcel", 1)]
        plan += [("chain", "retrieve_and_answer", 1), ("retriever", "search_policy", 2), ("llm", "chat gpt-4o", 2)]
        plan += [("guardrail", "no_promises", 1)]
        if number == 3:
            plan += [("tool", f"step_{step}", 1 + step % 40) for step in range(10_000)]
        nodes, at_ms = [], 0.0
        failed = number % 9 == 4
        parents: list[str] = []
        for place, (kind, name, depth) in enumerate(plan):
            took = rng.uniform(20, 900) if depth else 3200.0
            span_id = f"{rng.getrandbits(64):016x}"
            del parents[depth:]
            bad = failed and name == "lookup_parcel"
            span = SpanRow(
                trace_id=trace_id, span_id=span_id, parent_id=parents[-1] if parents else "", name=name, kind=kind,
                status="error" if bad else "unset", start_us=start_us + int(at_ms * 1000),
                received_us=start_us + 4_000_000, duration_ms=took, tokens=tokens(rng) if kind == "llm" else Tokens(),
                provider="openai" if kind == "llm" else "", model_served="gpt-4o-2024-11-20" if kind == "llm" else "",
                cost_reported=rng.uniform(0.0001, 0.02) if kind == "llm" and number % 3 else None,
                error_type="TimeoutError" if bad else "", error_message="no answer in 5 s" if bad else "",
                input_preview=ask[:200], output_preview="" if bad else answer[:200], tool=name if kind == "tool" else "",
                shard=2026, index=number * 7 + place, sequenced=number > 1,
            )  # fmt: skip
            parents.append(span_id)
            nodes.append(Node(span=span, depth=depth, children=0, offset_ms=at_ms))
            at_ms += took * 0.6 if depth else 10
        children = [
            sum(1 for other in nodes if other.span.parent_id == node.span.span_id) if len(nodes) < 20 else 1
            for node in nodes
        ]
        nodes = [
            Node(span=node.span, depth=node.depth, children=kids, offset_ms=node.offset_ms)
            for node, kids in zip(nodes, children, strict=True)
        ]
        row = TraceRow(
            trace_id=trace_id, span_id=nodes[0].span.span_id, name="support_agent", kind="agent",
            status="error" if number % 18 == 4 else "unset", running=number == 0, start_us=start_us,
            received_us=start_us + 4_000_000, duration_ms=None if number == 0 else max(at_ms, 3200.0),
            spans=len(nodes), errors=int(failed),
            tokens=tokens(rng), cost_reported=rng.uniform(0.001, 0.04) if number % 3 else None, cost_currency="USD",
            models=("gpt-4o-2024-11-20", "gpt-4o-mini")[: 1 + number % 2], user="usr_k7m2q9xd4x1n" if number % 3 else "",
            session=f"ses_{number // 4:012d}", application="helpdesk", environment="production",
            input_preview=ask[:200], output_preview="" if number % 18 == 4 else answer[:200],
            scores=(ScoreRow(name="helpful", value=4.0), ScoreRow(name="no_pii", passed=number % 7 != 0))
            if number % 4 == 1 else (),
            shard=2026, index=number * 7, sequenced=number > 1,
        )  # fmt: skip
        return TraceTree(trace=row, nodes=tuple(nodes), scores=row.scores)

    def traces(
        self, access: Access, project: str, where: Filter = EVERYTHING, page: PageRequest = PageRequest()
    ) -> Page[TraceRow]:
        first = int(page.after or 0)
        rows = [tree.trace for tree in self.trees[first : first + page.limit]]
        return Page(rows=tuple(rows), next=str(first + page.limit) if first + page.limit < len(self.trees) else "")

    def trace(self, access: Access, project: str, trace_id: str) -> TraceTree:
        if trace_id not in self.by_id:
            raise Missing("There is no such trace.")
        return self.by_id[trace_id]

    def span(
        self, access: Access, project: str, trace_id: str, span_id: str, level: Level = Level.PSEUDONYMISED
    ) -> SpanDetail:
        node = next(node for node in self.trace(access, project, trace_id).nodes if node.span.span_id == span_id)
        row, number = node.span, self.trees.index(self.by_id[trace_id])
        if number == 5:
            return SpanDetail(row=row, state="erased", level=level, reason="Erased on request by entry #4,711.")
        ask, answer = QUESTIONS[number % len(QUESTIONS)]
        system = text("system", "You are a patient clerk. Never promise a date that the system does not show.")
        call = Message(
            role="assistant",
            parts=(Part(type="tool_call", name="lookup_parcel", id="c1", value={"id": "AT-77", "deep": [1, {"a": 2}]}),),
        )
        result = Message(role="tool", parts=(Part(type="tool_result", id="c1", value={"state": "out", "stops": 3}),))
        long = text("user", "All the clauses.\n\n" + "word " * 9000) if number == 6 else text("user", ask)
        history = (system, long, call, result) if node.depth == 2 else (system, long)
        documents = tuple(
            Document(id=f"policy-{n}", content=f"Rule {n}: parcels are insured.", score=0.9 - n / 10) for n in range(4)
        )
        content = Span(
            trace_id=trace_id, span_id=span_id, name=row.name, kind=row.kind,
            input=history if row.kind in ("llm", "agent") else (), output=(text("assistant", f"**{answer}**"),)
            if row.kind in ("llm", "agent") else (),
            tool=ToolCall(name=row.name, arguments={"id": "AT-77"}, result={"state": "out for delivery", "stops": 3})
            if row.kind == "tool" else None,
            documents=documents if row.kind == "retriever" else (), query=ask if row.kind == "retriever" else "",
            error=Error(type="TimeoutError", message="no answer in 5 s", stack="Traceback ...", retry_count=1)
            if row.status == "error" else None,
            provider=row.provider, parameters={"temperature": 0.2, "seed": 7}, attributes={"x.y": [1, 2, {"z": HOSTILE}]},
            resource={"service.name": "helpdesk"}, source=Source(receiver="otlp", dialect="openinference", sdk="otel"),
        )  # fmt: skip
        turn = 3 if node.depth == 2 and row.kind == "llm" else 0
        return SpanDetail(row=row, state="present", level=level, content=content, new_from=turn, scores=())

    def sessions(
        self, access: Access, project: str, where: Filter = EVERYTHING, page: PageRequest = PageRequest()
    ) -> Page[SessionRow]:
        names = list(dict.fromkeys(tree.trace.session for tree in self.trees))
        return Page(rows=tuple(self.session(access, project, name) for name in names))

    def session(self, access: Access, project: str, session: str) -> SessionRow:
        rows = [tree.trace for tree in self.trees if tree.trace.session == session]
        return SessionRow(
            session=session, user=rows[0].user, application="helpdesk", start_us=rows[-1].start_us,
            received_us=rows[0].received_us, duration_ms=(rows[0].start_us - rows[-1].start_us) / 1000,
            traces=len(rows), spans=7, errors=0, tokens=rows[0].tokens, cost_reported=0.01,
            first_input=rows[-1].input_preview, last_output=rows[0].output_preview,
        )  # fmt: skip

    def aggregate(self, access: Access, project: str, *measures: Any, **rest: Any) -> tuple[Bucket, ...]:
        step = rest["interval_s"] * 1_000_000
        found: dict[int, list[int]] = {}
        for tree in self.trees:
            bar = found.setdefault(tree.trace.received_us // step * step, [0, 0])
            bar[0] += 1
            bar[1] += tree.trace.errors
        return tuple(Bucket(time_us=at, values={"traces": a, "errors": b}) for at, (a, b) in found.items())

    def facets(
        self, access: Access, project: str, fields: Sequence[str], where: Filter = EVERYTHING, limit: int = 20
    ) -> tuple[Facets, ...]:
        return (Facets(field="environment", values=(Facet(value="production", count=9), Facet(value="test", count=2))),)

    def tail(
        self, access: Access, project: str, after: str = "", where: Filter = EVERYTHING, limit: int = 50
    ) -> Page[TraceRow]:
        return Page(rows=tuple(tree.trace for tree in self.trees[:3]) if after else (), next="cursor")

    def counts(self, access: Access, project: str, where: Filter = EVERYTHING) -> StatusCounts:
        return StatusCounts(traces=120, spans=840, errors=13, running=1, newest_us=self.now_us, ledger_size=12_345)

    def heads(self, access: Access, project: str) -> tuple[Head, ...]:
        return (Head(shard=2026, origin="localhost/3f9a/0/2026", size=12_345, root="q83v" * 10, signed_us=self.now_us),)

    def proof(self, access: Access, project: str, place: Place) -> Proof:
        return Proof(
            shard=place.shard, index=place.index, state="verified", origin="localhost/3f9a/0/2026", entry=b"\0" * 512,
            facts={"kind": "span", "received": "2026-11-23T23:46:12.000001Z", "commitment": "9f" * 32}, size=12_345,
            leaf_hash="q83v" * 10, path=("q83v" * 10,) * 14, verifier_key="localhost/3f9a+1a2b3c4d+Abcd",
            checkpoint="localhost/3f9a/0/2026\n12345\nq83v\n\n— localhost/3f9a/0/2026 Abcd\n",
            explanation=("This record was received on 23 November 2026 at 23:46:12 UTC.", "Nobody changed it since."),
        )  # fmt: skip
