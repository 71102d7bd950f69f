"""Cells of tables: the columns, words and numbers of the pages, as text of a terminal. Pure.

Colour stands for state only: red for what failed, dim for what is not known or not finished.
"""

from datetime import UTC, tzinfo

from rich.text import Text

from onrecord.cli.plain import flat, shown
from onrecord.cli.printer import Column
from onrecord.query.results import Hit, SessionRow, Snippet, SpanRow, TraceRow, UserRow
from onrecord.web.words import UNKNOWN, clock_text, count_text, duration_text, instant, money_text, short_id

BAD = "red"
FAINT = "dim"
FOUND = "bold"
TRACES = (
    Column("", 1),
    Column("Time", 12),
    Column("Trace", 8, most=11),
    Column("Name", 12, wide=True),
    Column("Input", 14, wide=True),
    Column("Output", 16, 5, wide=True),
    Column("User", 12, 7),
    Column("Model", 14, 6, most=24),
    Column("Tokens", 8, 2, right=True),
    Column("Cost", 8, 4, right=True),
    Column("Latency", 8, right=True),
    Column("Spans", 9, 3, right=True),
    Column("Proof", 9, 8, right=True, most=12),
)
SESSIONS = (
    Column("Last seen", 12),
    Column("Session", 16),
    Column("User", 12, 3),
    Column("First question", 16, wide=True),
    Column("Last answer", 16, 5, wide=True),
    Column("Traces", 7, right=True),
    Column("Errors", 7, 1, right=True),
    Column("Tokens", 8, 2, right=True),
    Column("Cost", 8, 4, right=True),
    Column("Lasted", 9, 6, right=True),
)
PEOPLE = (
    Column("Last seen", 12),
    Column("User", 16, wide=True),
    Column("First seen", 12, 3),
    Column("Sessions", 8, 2, right=True),
    Column("Traces", 8, right=True),
    Column("Errors", 7, right=True),
    Column("Tokens", 9, right=True),
    Column("Cost", 8, 1, right=True),
)


class Hand:
    """Writes cells for one reader: their zone, and the present."""

    def __init__(self, now_us: int, zone: tzinfo | None = None) -> None:
        """``zone`` is the machine's own by default."""
        self._now_us = now_us
        self._zone = zone or instant(now_us, UTC).astimezone().tzinfo or UTC

    def when(self, us: int) -> Text:
        """An instant, short."""
        return known(clock_text(us, self._zone, self._now_us))

    def trace(self, row: TraceRow) -> tuple[Text, ...]:
        """A trace, as the page of traces writes it."""
        failed = row.status == "error"
        output = text(row.output_preview)
        if not row.output_preview and (failed or row.running):
            output = Text("failed", BAD) if failed else Text("running", FAINT)
        model = text(row.models[0]) if row.models else Text()
        if len(row.models) > 1:
            model.append(f" +{len(row.models) - 1}", FAINT)
        return (
            mark(row),
            self.when(row.start_us),
            text(short_id(row.trace_id)),
            text(row.name or "unnamed", BAD if failed else ""),
            text(row.input_preview),
            output,
            text(short_id(row.user)),
            model,
            number(row.tokens.total, expected=bool(row.models)),
            money(row.cost_reported, row.cost_currency, expected=bool(row.models)),
            Text("running", FAINT) if row.running else duration(row.duration_ms),
            spans(row.spans, row.errors),
            proof(row),
        )

    def session(self, row: SessionRow) -> tuple[Text, ...]:
        """A session, as its page writes it."""
        return (
            self.when(row.last_us),
            text(row.session),
            text(short_id(row.user)),
            text(row.first_input),
            text(row.last_output),
            number(row.traces),
            Text(count_text(row.errors), BAD if row.errors else ""),
            number(row.tokens.total),
            money(row.cost_reported, row.cost_currency),
            duration(row.duration_ms),
        )

    def person(self, row: UserRow) -> tuple[Text, ...]:
        """Somebody who used an application."""
        return (
            self.when(row.last_us),
            text(row.user),
            self.when(row.first_us),
            number(row.sessions),
            number(row.traces),
            Text(count_text(row.errors), BAD if row.errors else ""),
            number(row.tokens.total),
            known(UNKNOWN if row.cost_reported is None else f"{row.cost_reported:,.4g}"),
        )

    def hit(self, hit: Hit) -> list[Text]:
        """A step that was found: where, then the text around what was found."""
        row = hit.span
        head = Text.assemble(mark(row), "  ", self.when(row.start_us), "  ", text(row.name or "unnamed", "underline"))
        for piece in (row.model_served or row.model_requested, short_id(row.user)):
            if piece:
                head.append_text(Text("  ")).append_text(text(piece))
        head.append(f"  {flat(row.trace_id)} {flat(row.span_id)}", FAINT)
        return [head, *(Text.assemble(Text(f"   {one.field}  ", FAINT), marked(one)) for one in hit.snippets)]


def marked(snippet: Snippet) -> Text:
    """A snippet on one line with its hits marked; offsets move as control characters become visible."""
    drawn = Text()
    end = 0
    for low, high in (*snippet.marks, (len(snippet.text), len(snippet.text))):
        drawn.append(_breathing(snippet.text[end:low]))
        drawn.append(_breathing(snippet.text[low:high]), FOUND)
        end = high
    return drawn


def _breathing(piece: str) -> str:
    """A piece of a line: blanks stay at its ends."""
    return shown(piece.replace("\r\n", " ").replace("\n", " "))


def text(said: str, style: str = "") -> Text:
    """What a client sent, on one line."""
    return Text(flat(said), style)


def known(words: str) -> Text:
    """Words that may say that nothing is known."""
    return Text(words, FAINT if words == UNKNOWN else "")


def number(count: float | None, *, expected: bool = True) -> Text:
    """A count; nothing where none is expected."""
    return known(count_text(count)) if count is not None or expected else Text()


def money(amount: float | None, currency: str, *, expected: bool = True) -> Text:
    """A cost; nothing where none is expected."""
    return known(money_text(amount, currency or "USD")) if amount is not None or expected else Text()


def duration(ms: float | None) -> Text:
    """A duration in milliseconds."""
    return known(duration_text(None if ms is None else ms * 1_000))


def figure(measure: str, value: float | None) -> Text:
    """A measure of ``stats``."""
    if measure.endswith("_ms"):
        return duration(value)
    if measure == "cost":
        return known(UNKNOWN if value is None else f"{value:,.4g}")
    return Text(count_text(value), BAD) if measure == "errors" and value else number(value)


def spans(count: int, errors: int) -> Text:
    """How many, and how many of them failed."""
    drawn = Text(count_text(count))
    return drawn.append(f" ✕{errors}", BAD) if errors else drawn


def mark(row: TraceRow | SpanRow) -> Text:
    """How it ended, as one sign."""
    if row.running:
        return Text("◔", FAINT)
    return Text("✕", BAD) if row.status == "error" else Text("·")


def proof(row: TraceRow | SpanRow) -> Text:
    """Its place in the ledger, once a signed checkpoint covers it."""
    return Text(f"● #{row.index:,}") if row.sequenced else Text("○ pending", FAINT)
