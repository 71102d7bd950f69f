"""What a person sees: tables that fit the terminal, hostile text that stays text, colour that means something."""

import io
import json

import msgspec
import pytest
from rich.console import Console

from onrecord.cli.cells import BAD, PEOPLE, SESSIONS, TRACES, Hand, figure
from onrecord.cli.plain import json_shown, shown
from onrecord.cli.printer import Column, Printer, fitting
from onrecord.query.results import Hit, SessionRow, Snippet, SpanRow, Tokens, TraceRow, UserRow

NOW_US = 1_795_000_000_000_000
HOSTILE = "pay \u202e001\u202c \x1b[31mred\x1b[0m \x9b2J\r\nnext\tline"
ROW = TraceRow(
    trace_id="4bf92f3577b34da6a3ce929d0e0e4736", span_id="00f067aa0ba902b7", name="support_agent", kind="agent",
    status="ok", start_us=NOW_US, received_us=NOW_US, duration_ms=2_131.7, spans=5, errors=0,
    tokens=Tokens(input=823, output=55, total=878), models=("gpt-4o-mini", "gpt-4o"), user="usr_k7m2q9xd4x1n",
    input_preview="Where is my bicycle?", output_preview="On its way.", shard=2026, index=668, sequenced=True,
)  # fmt: skip


def printer(width: int, *, no_color: bool = True) -> tuple[Printer, io.StringIO]:
    """A printer for a person whose terminal is so wide."""
    made, out = Printer(), io.StringIO()
    made.tables = True
    made._console = Console(
        file=out, width=width, force_terminal=True, no_color=no_color, color_system="standard", highlight=False
    )
    return made, out


def drawn(width: int, *rows: TraceRow) -> list[str]:
    made, out = printer(width)
    made._console = Console(file=out, width=width, highlight=False)
    made.rows(TRACES, [Hand(NOW_US).trace(row) for row in rows])
    return out.getvalue().splitlines()


def test_a_wide_terminal_shows_every_column_in_the_words_of_the_page() -> None:
    head, line = drawn(200, ROW)
    assert head.split() == [
        "Time", "Trace", "Name", "Input", "Output", "User", "Model", "Tokens", "Cost", "Latency", "Spans", "Proof",
    ]  # fmt: skip
    for piece in ("4bf92f35", "support_agent", "Where is my bicycle?", "On its way.", "usr_k7m2q9xd", "gpt-4o-mini +1"):
        assert piece in line
    for figure_ in ("878", "unknown", "2.1 s", "● #668"):
        assert figure_ in line


def test_a_narrow_terminal_keeps_what_is_needed_to_go_on() -> None:
    head, line = drawn(80, ROW)
    assert head.split() == ["Time", "Trace", "Name", "Input", "Tokens", "Latency"]
    assert "4bf92f35" in line
    assert max(map(len, (head, line))) <= 80


@pytest.mark.parametrize("columns", [TRACES, SESSIONS, PEOPLE], ids=["traces", "sessions", "people"])
@pytest.mark.parametrize("width", [60, 80, 100, 132, 200])
def test_no_line_is_wider_than_the_terminal(columns: tuple[Column, ...], width: int) -> None:
    hand = Hand(NOW_US)
    long = "x" * 500
    session = SessionRow(
        session=long, start_us=NOW_US, last_us=NOW_US, received_us=NOW_US, traces=1, spans=2, errors=3, tokens=Tokens(),
        first_input=long, last_output=long,
    )  # fmt: skip
    user = UserRow(
        user=long, first_us=0, last_us=NOW_US, received_us=NOW_US, sessions=1, traces=1, errors=0, tokens=Tokens()
    )
    trace = msgspec.structs.replace(ROW, name=long, input_preview=long, models=(long,), user=long, trace_id=long)
    cells = {TRACES: hand.trace(trace), SESSIONS: hand.session(session), PEOPLE: hand.person(user)}[columns]
    made, out = printer(width)
    made._console = Console(file=out, width=width, highlight=False)
    made.rows(columns, [cells])
    assert all(len(line) <= width for line in out.getvalue().splitlines()), out.getvalue()


def test_columns_go_by_their_rank_and_those_without_one_stay() -> None:
    columns = [Column("a", 5), Column("b", 5, 2), Column("c", 5, 1)]
    assert [fitting(columns, width) for width in (19, 18, 12, 11, 5, 1)] == [[0, 1, 2], [0, 2], [0, 2], [0], [0], [0]]


def test_colour_is_for_what_failed_and_goes_when_nobody_wants_it() -> None:
    failed = msgspec.structs.replace(ROW, status="error", errors=2, output_preview="")
    cells = Hand(NOW_US).trace(failed)
    assert [cell.plain for cell in cells if BAD in (cell.style, *(span.style for span in cell.spans))] == [
        "✕", "support_agent", "failed", "5 ✕2",
    ]  # fmt: skip
    for no_color, red in ((False, True), (True, False)):
        made, out = printer(100, no_color=no_color)
        made.rows(TRACES, [cells])
        assert ("\x1b[31m" in out.getvalue()) is red


def test_what_is_not_known_is_said_and_what_is_not_expected_is_left_out() -> None:
    bare = msgspec.structs.replace(ROW, tokens=Tokens(), models=(), duration_ms=None, sequenced=False, running=True)
    cells = [cell.plain for cell in Hand(NOW_US).trace(bare)]
    assert cells[8:] == ["", "", "running", "5", "○ pending"]
    assert (
        figure("cost", None).plain == figure("latency_p95_ms", None).plain == figure("tokens", None).plain == "unknown"
    )
    assert figure("count", 0).plain == "0"


def test_a_terminal_obeys_nothing_that_a_client_sent() -> None:
    hostile = msgspec.structs.replace(ROW, name=HOSTILE, input_preview=HOSTILE, models=(HOSTILE,), user=HOSTILE)
    lines = drawn(200, hostile)
    assert len(lines) == 2
    for character in "\u202e\u202c\x1b\x9b\r":
        assert character not in "".join(lines)
    assert shown("\x1b\x00\x7f\u202e\ufeff\ud800") == "␛␀␡<U+202E><U+FEFF><U+D800>"
    assert shown("a\nb\tc") == "a\nb    c"


def test_json_for_a_terminal_says_the_same_and_obeys_nothing() -> None:
    line = json.dumps({"text": HOSTILE}, ensure_ascii=False)
    safe = json_shown(line)
    assert json.loads(safe) == json.loads(line)
    assert not {"\u202e", "\x9b"} & set(safe)


def test_a_hit_is_marked_where_it_is_although_what_stands_before_it_grew() -> None:
    row = SpanRow(
        trace_id="t" * 32, span_id="s" * 16, name="call", kind="llm", status="ok", start_us=NOW_US, received_us=NOW_US,
        tokens=Tokens(), shard=2026, index=1,
    )  # fmt: skip
    piece = Snippet(field="input", text="\u202ethe\nkingfisher sings", marks=((5, 15),))
    _, line = Hand(NOW_US).hit(Hit(span=row, snippets=(piece,)))
    assert line.plain == "   input  <U+202E>the kingfisher sings"
    assert [line.plain[span.start : span.end] for span in line.spans if span.style == "bold"] == ["kingfisher"]


def test_a_pipe_gets_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    made = Printer(no_color=True)
    assert not made.tables
    made.lines([b'{"a":1}', b'{"a":"\xe2\x80\xae"}'])
    assert capsys.readouterr().out == '{"a":1}\n{"a":"\u202e"}\n'
