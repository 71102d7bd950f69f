"""A seeded workload: traces of chat, retrieval and agents, as OTLP requests of 200 spans, mean about 6 KB a span.

The same seed gives the same bytes. Conversations are sent again with every call, as applications do; every span
names its session, as the context managers of instrumentors see to, the user is on a third of the roots. Words follow a
Zipf-like distribution, so that the requests compress as real ones do. Used by the benchmark, never by a test.
"""

import bisect
import gzip
import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

SPANS_PER_REQUEST = 200
MODELS = (
    ("openai", "gpt-4o-2024-08-06", 30), ("openai", "gpt-4o-mini-2024-07-18", 35),
    ("anthropic", "claude-3-5-sonnet-20241022", 20), ("vllm", "llama-3.3-70b-instruct", 15),
)  # fmt: skip
RARE_WORD = "quetzalcoatl"
SYLLABLES = re.findall(
    r"\w+", "ba ce di fo gu ka le mi no pu ra se ti vo za bel cor dan fer gol han jor kel lam mor nev por rin sol tur"
)


@dataclass
class Writer:
    """Random words and numbers from one seed."""

    seed: int
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.words = ["".join(self.rng.choices(SYLLABLES, k=self.rng.randint(1, 3))) for _ in range(2_500)]
        self.reach = list(itertools.accumulate(1 / (rank + 3) ** 1.35 for rank in range(len(self.words))))

    def text(self, words: int) -> str:
        """So many words in sentences."""
        top = self.reach[-1]
        picks = [self.words[bisect.bisect(self.reach, self.rng.random() * top)] for _ in range(words)]
        if self.rng.random() < 0.0003:
            picks[len(picks) // 2] = RARE_WORD
        return ". ".join(" ".join(picks[at : at + 11]).capitalize() for at in range(0, words, 11)) + "."

    def id(self, size: int) -> bytes:
        """Random bytes."""
        return self.rng.randbytes(size)


@dataclass
class Conversation:
    """A session whose messages grow."""

    user: str
    session: str
    system: str
    application: str
    messages: list[tuple[str, str]] = field(default_factory=list)


class Workload:
    """Requests from a seed. ``start_unix_nano`` is when the first span begins; a span begins every ``step_ns``."""

    def __init__(
        self, seed: int = 1, start_unix_nano: int = 1_790_000_000_000_000_000, step_ns: int = 20_000_000
    ) -> None:
        self.writer = Writer(seed)
        self.now = start_unix_nano
        self.step_ns = step_ns
        self.systems = [self.writer.text(self.writer.rng.randint(640, 1_100)) for _ in range(24)]
        self.documents = [self.writer.text(self.writer.rng.randint(90, 220)) for _ in range(400)]
        self.open: list[Conversation] = []

    def requests(self, spans: int) -> Iterator[tuple[bytes, int]]:
        """Serialised requests and the number of spans in each, until ``spans`` have been made."""
        waiting: list[Span] = []
        made = 0
        while made < spans:
            waiting += self.trace()
            while len(waiting) >= SPANS_PER_REQUEST or (waiting and made + len(waiting) >= spans):
                batch, waiting = waiting[:SPANS_PER_REQUEST], waiting[SPANS_PER_REQUEST:]
                made += len(batch)
                yield self.request(batch), len(batch)

    def request(self, spans: list[Span]) -> bytes:
        """One export request."""
        request = ExportTraceServiceRequest()
        resource = request.resource_spans.add()
        for key, value in (
            ("service.name", "support-assistant"), ("service.version", "1.14.2"), ("telemetry.sdk.language", "python"),
            ("deployment.environment.name", "production"), ("telemetry.sdk.name", "opentelemetry"),
            ("telemetry.sdk.version", "1.39.0"),
        ):  # fmt: skip
            resource.resource.attributes.add(key=key).value.string_value = value
        scope = resource.scope_spans.add()
        scope.scope.name, scope.scope.version = "openinference.instrumentation.openai", "0.1.52"
        scope.spans.extend(spans)
        return request.SerializeToString()

    def trace(self) -> list[Span]:
        """The spans of one trace, children before the root, as exporters send them."""
        rng = self.writer.rng
        if len(self.open) < 40 or rng.random() < 0.15:
            number = rng.randint(1, 500)
            self.open.append(
                Conversation(f"user-{number:04d}@example.com", f"session-{self.writer.id(6).hex()}",
                             rng.choice(self.systems), rng.choice(("chat", "search", "agent")))
            )  # fmt: skip
        talk = rng.choice(self.open)
        if len(talk.messages) > 26:
            self.open.remove(talk)
        self.trace_id = self.writer.id(16)
        root = self.span("", "assistant.answer", "AGENT" if talk.application == "agent" else "CHAIN")
        question = self.writer.text(rng.randint(8, 40))
        talk.messages.append(("user", question))
        spans: list[Span] = []
        if talk.application == "search":
            spans.append(self.retriever(root, question))
        steps = rng.randint(2, 4) if talk.application == "agent" else 1
        for step in range(steps):
            spans.append(self.call(root, talk, final=step == steps - 1))
            if step < steps - 1:
                spans.append(self.tool(root, talk))
        answer = talk.messages[-1][1]
        put(root, "input.value", question)
        put(root, "output.value", answer)
        if rng.random() < 0.34:
            put(root, "user.id", talk.user)
        put(root, "metadata", f'{{"variant": "{rng.choice("AB")}", "tenant": "t{rng.randint(1, 20)}"}}')
        for span in [*spans, root]:
            put(span, "session.id", talk.session)
        self.close(root)
        return [*spans, root]

    def call(self, root: Span, talk: Conversation, *, final: bool) -> Span:
        """A model call that sends the whole conversation."""
        rng = self.writer.rng
        span = self.span(root.span_id, "ChatCompletion", "LLM")
        provider, model = rng.choices([m[:2] for m in MODELS], [m[2] for m in MODELS])[0]
        put(span, "llm.provider", provider)
        put(span, "llm.model_name", model)
        put(span, "llm.invocation_parameters", '{"temperature": 0.2, "max_tokens": 1024}')
        sent = [("system", talk.system), *talk.messages]
        if talk.application == "search":
            context = "\n\n".join(rng.sample(self.documents, 3))
            sent[-1] = ("user", f"{context}\n\nQuestion: {sent[-1][1]}")
        for at, (role, text) in enumerate(sent):
            put(span, f"llm.input_messages.{at}.message.role", role)
            put(span, f"llm.input_messages.{at}.message.content", text)
        words = sum(len(text) for _, text in sent) // 5
        if rng.random() < 0.011:
            span.status.code, span.status.message = 2, "Rate limit reached"
            event = span.events.add(name="exception", time_unix_nano=self.now)
            for key, value in (
                ("exception.type", "openai.RateLimitError"),
                ("exception.message", "429 Too Many Requests"),
            ):
                event.attributes.add(key=key).value.string_value = value
            reply = ""
        else:
            reply = self.writer.text(rng.randint(15, 110))
            put(span, "llm.output_messages.0.message.role", "assistant")
            put(span, "llm.output_messages.0.message.content", reply)
            if not final:
                prefix = "llm.output_messages.0.message.tool_calls.0.tool_call"
                put(span, f"{prefix}.id", f"call_{self.writer.id(8).hex()}")
                put(span, f"{prefix}.function.name", "lookup_order")
                put(span, f"{prefix}.function.arguments", f'{{"order": {rng.randint(1000, 9999)}}}')
        for name, count in (("prompt", words), ("completion", len(reply) // 5), ("total", words + len(reply) // 5)):
            span.attributes.add(key=f"llm.token_count.{name}").value.int_value = count
        talk.messages.append(("assistant", reply or "(no answer)"))
        self.close(span)
        return span

    def tool(self, root: Span, talk: Conversation) -> Span:
        """A tool execution whose result joins the conversation."""
        span = self.span(root.span_id, "lookup_order", "TOOL")
        result = f'{{"status": "shipped", "note": "{self.writer.text(self.writer.rng.randint(20, 70))}"}}'
        put(span, "tool.name", "lookup_order")
        put(span, "input.value", '{"order": 1234}')
        put(span, "output.value", result)
        talk.messages.append(("tool", result))
        self.close(span)
        return span

    def retriever(self, root: Span, question: str) -> Span:
        """A retrieval of six documents."""
        span = self.span(root.span_id, "VectorStore.search", "RETRIEVER")
        put(span, "input.value", question)
        for at, text in enumerate(self.writer.rng.sample(self.documents, 6)):
            put(span, f"retrieval.documents.{at}.document.id", f"doc-{self.documents.index(text)}")
            put(span, f"retrieval.documents.{at}.document.content", text)
            span.attributes.add(key=f"retrieval.documents.{at}.document.score").value.double_value = 0.9 - at / 10
        self.close(span)
        return span

    def span(self, parent: str | bytes, name: str, kind: str) -> Span:
        """A span that begins now."""
        span = Span(trace_id=self.trace_id, span_id=self.writer.id(8), name=name, kind=1, start_time_unix_nano=self.now)
        if parent:
            span.parent_span_id = parent if isinstance(parent, bytes) else parent.encode()
        put(span, "openinference.span.kind", kind)
        return span

    def close(self, span: Span) -> None:
        """End a span a moment later."""
        self.now += self.step_ns
        span.end_time_unix_nano = span.start_time_unix_nano + self.writer.rng.randint(20, 4_000) * 1_000_000 + 123


def put(span: Span, key: str, value: str) -> None:
    """Add a string attribute."""
    span.attributes.add(key=key).value.string_value = value


def encoded(spans: int, seed: int = 1) -> list[tuple[bytes, int]]:
    """Gzipped requests and their span counts."""
    return [(gzip.compress(body, 6), count) for body, count in Workload(seed).requests(spans)]


if __name__ == "__main__":
    made = list(Workload().requests(4_000))
    raw, total = sum(len(body) for body, _ in made), sum(count for _, count in made)
    packed = sum(len(gzip.compress(body, 6)) for body, _ in made)
    print(f"{total} spans, {raw / total:.0f} bytes each, {packed / total:.0f} gzipped")
