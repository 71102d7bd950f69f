"""Messages as blocks, JSON as trees."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onrecord.model.message import Message, Part
from onrecord.model.span import Span
from onrecord.web.content import BLOCK_CHARACTERS, View, arguments_line, blocks, part_text
from onrecord.web.jsontree import parsed, tree

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=8),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def message(*parts: Part, role: str = "user") -> Message:
    return Message(role=role, parts=parts)


def test_a_long_text_is_cut_and_says_by_how_much() -> None:
    (block,) = blocks([message(Part(text="x" * (BLOCK_CHARACTERS + 5_000_000)))], "input", View())
    assert block.pieces[0].cut == 5_000_000
    assert len(block.pieces[0].markup) < BLOCK_CHARACTERS + 200
    assert block.pieces[0].path == "input.0.0"


def test_a_tool_call_reads_as_a_call() -> None:
    call = Part(type="tool_call", name="weather", value={"city": "Graz", "days": 3})
    (block,) = blocks([message(call, role="assistant")], "output", View())
    assert (block.pieces[0].form, block.pieces[0].name) == ("call", "weather")
    assert block.pieces[0].line == 'city="Graz", days=3'


def test_arguments_that_did_not_parse_stay_as_text() -> None:
    call = Part(type="tool_call", name="weather", value='{"city": "Gr')
    (block,) = blocks([message(call)], "output", View())
    assert block.pieces[0].line == ""
    assert "{&#34;city&#34;: &#34;Gr" in block.pieces[0].markup


def test_an_unknown_role_gets_a_plain_bar_and_keeps_its_name() -> None:
    (block,) = blocks([message(Part(text="x"), role='"><script>')], "input", View())
    assert block.hue == "r-system"
    assert block.role == '"><script>'


def test_text_that_is_json_is_shown_as_a_tree() -> None:
    (block,) = blocks([message(Part(text='{"a": [1, 2]}'))], "input", View())
    assert block.pieces[0].form == "json"
    assert "<details" in block.pieces[0].markup


def test_the_whole_text_of_a_part_is_found_by_its_path() -> None:
    span = Span(trace_id="t", span_id="s", input=(message(Part(text="a"), Part(text="b")),))
    assert part_text(span, "input.0.1") == "b"
    for path in ("input.1.0", "input.0.2", "output.0.0", "input", "input.x.0", "input.0.-1", "", "tools.0.0"):
        assert part_text(span, path) is None


def test_a_deep_value_is_drawn_to_a_depth_and_then_written_out() -> None:
    value: Any = "end"
    for _ in range(130):
        value = {"a": value}
    shown = tree(value)
    assert shown.count("<details") == 40
    assert "end" in shown


def test_a_wide_value_says_how_much_is_not_shown() -> None:
    assert "more" not in tree(list(range(100)))
    assert "values not shown" in tree(list(range(5_000)))


@given(JSON)
def test_every_value_becomes_a_tree_that_holds_no_foreign_tag(value: Any) -> None:
    assert "<script" not in tree({"<script>": value})


@pytest.mark.parametrize("text", ["", "[", "{}x", "nope", "{" * 100_000, "[1", '{"a": NaN}'])
def test_text_that_is_no_json_is_no_json(text: str) -> None:
    assert parsed(text) is None


def test_arguments_longer_than_a_line_fold_out() -> None:
    assert arguments_line({"a": "x" * 500}) == ""
    assert arguments_line(json.dumps({"a": 1})) == "a=1"
    assert arguments_line([1]) == ""


def test_a_reference_to_a_medium_is_shown_as_one() -> None:
    said = "before @@@langfuseMedia:type=image/png|id=face-1|source=bytes@@@ after"
    (block,) = blocks([Message(role="user", parts=(Part(text=said),))], "input", View())
    markup = block.pieces[0].markup
    assert "before [▣ image/png, see the media of this step] after" in markup
    assert "face-1" not in markup
