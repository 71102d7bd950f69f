"""Every text field of a span passes the screen: the fields are found by looking at the model, not by a list here."""

import types
import typing
from typing import Any

import msgspec
import pytest

from onrecord.model.message import Message, Part, ToolDefinition
from onrecord.model.project import ContentMode
from onrecord.model.score import Score
from onrecord.model.span import Error, Link, Span
from onrecord.privacy.policy import RESOURCE_DROPPED
from onrecord.privacy.pseudonym import Pseudonyms
from onrecord.privacy.screen import Screen

SECRET = "sk-ant-api03-" + "Canary7" * 6
CARD = "4111 1111 1111 1111"
MAIL = "canary.bird@example.com"
CANARY = f"{SECRET} {CARD} {MAIL}"
RAW = (SECRET, CARD, MAIL)
FOUND = ("CARD", "EMAIL", "SECRET")
CONTENT = ("input", "output", "tools")
TRACE: dict[str, Any] = {"trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331"}


@pytest.fixture(scope="module")
def screen() -> Screen:
    return Screen(Pseudonyms(bytes(32)))


def plant(kind: Any, seed: str) -> Any:
    """A value of the type ``kind`` with ``seed`` in every place that can hold text."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is str:
        return seed
    if kind is Any:
        return {"deep": [{"note": seed}, seed.encode()], seed: 1}
    if origin is dict:
        return {seed: plant(arguments[1], seed)}
    if origin is tuple:
        return (plant(arguments[0], seed),)
    if origin in (types.UnionType, typing.Union):
        return plant(arguments[0], seed)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind(**{field.name: plant(field.type, seed) for field in msgspec.structs.fields(kind)})
    return {bool: True, int: 3, float: 0.5, bytes: seed.encode()}[kind]


def raw_in(value: Any) -> list[str]:
    dump = msgspec.msgpack.encode(value)
    return [raw for raw in RAW if raw.encode() in dump]


FIELDS = tuple(field for field in msgspec.structs.fields(Span) if field.name not in CONTENT)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_no_field_of_a_span_carries_a_canary_past_the_screen(screen: Screen, field: Any) -> None:
    span = Span(**{**TRACE, field.name: plant(field.type, CANARY)})
    exact, masked, _ = screen.span(span)
    assert raw_in(exact) in ([], [MAIL])
    assert raw_in(masked) == []


@pytest.mark.parametrize("kind", [Message, ToolDefinition])
def test_no_field_of_a_message_or_tool_carries_a_canary_past_the_screen(screen: Screen, kind: Any) -> None:
    value = plant(kind, CANARY)
    exact, masked, found = screen.message(value) if kind is Message else screen.tools(value)
    assert found == FOUND
    assert raw_in(exact) == [MAIL]
    assert raw_in(masked) == []


def test_no_field_of_a_score_carries_a_canary_past_the_screen(screen: Screen) -> None:
    exact, masked, found = screen.score(plant(Score, CANARY))
    assert found == FOUND
    assert raw_in(exact) == [MAIL]
    assert raw_in(masked) == []


@pytest.mark.parametrize("mode", list(ContentMode))
def test_screening_either_copy_of_a_full_span_again_changes_nothing(mode: ContentMode) -> None:
    screen = Screen(Pseudonyms(bytes(32)), mode=mode)
    span = msgspec.structs.replace(plant(Span, CANARY), input=(), output=(), tools=(), user_id="jan-de-vries")
    exact, masked, found = screen.span(span)
    assert screen.span(exact) == (exact, masked, found)
    assert screen.span(masked)[1] == masked


def test_a_card_number_sent_as_a_number_becomes_a_token(screen: Screen) -> None:
    exact, _, found = screen.span(Span(**TRACE, metadata={"card": 4111111111111111, "count": 4111111111111112}))
    assert exact.metadata == {"card": "<CARD_1111>", "count": 4111111111111112}
    assert found == ("CARD",)


def test_a_national_id_sent_as_a_number_becomes_a_token_where_its_key_says_so(screen: Screen) -> None:
    _, masked, found = screen.span(Span(**TRACE, metadata={"bsn": 123456782, "order": 123456782}))
    assert masked.metadata["bsn"].startswith("<NATIONAL_ID_")
    assert masked.metadata["order"] == 123456782
    assert found == ("NATIONAL_ID",)


def test_a_span_without_personal_data_comes_back_as_the_same_object(screen: Screen) -> None:
    span = Span(**TRACE, name="chat", attributes={"a.b": "plain", "n": 7, "list": [1, 2.5, "x"]})
    exact, masked, found = screen.span(span)
    assert exact is span
    assert masked is span
    assert found == ()


def test_ids_become_pseudonyms_wherever_the_span_repeats_them(screen: Screen) -> None:
    span = Span(
        **TRACE,
        user_id="jan-de-vries",
        session_id="s1",
        tenant_id="acme-7",
        attributes={"user.id": "jan-de-vries", "session": "s1", "text": "for jan-de-vries, not jan-de-vriesx; s1"},
        metadata={"list": ["acme-7"]},
    )
    names = Pseudonyms(bytes(32))
    _, masked, _ = screen.span(span)
    user, session, tenant = names.user("jan-de-vries"), names.session("s1"), names.tenant("acme-7")
    assert (masked.user_id, masked.session_id, masked.tenant_id) == (user, session, tenant)
    assert masked.attributes == {"user.id": user, "session": session, "text": f"for {user}, not jan-de-vriesx; s1"}
    assert masked.metadata == {"list": [tenant]}


@pytest.mark.parametrize("field", ["attributes", "metadata", "resource"])
def test_an_id_that_is_only_a_key_of_a_map_becomes_a_pseudonym(screen: Screen, field: str) -> None:
    plain = Span(**TRACE, user_id="jan-de-vries")
    span: Span = msgspec.structs.replace(plain, **{field: {"of-jan-de-vries": 1}})
    exact, masked, _ = screen.span(span)
    assert "jan-de-vries" not in str(masked)
    assert screen.span(exact)[1] == screen.span(masked)[1] == masked


def test_a_secret_sent_as_an_id_is_hidden_as_what_it_is(screen: Screen) -> None:
    exact, masked, found = screen.span(Span(**TRACE, user_id=SECRET, attributes={SECRET: 1}))
    assert (exact.user_id, exact.attributes, masked.attributes) == ("<SECRET>", {"<SECRET>": 1}, {"<SECRET>": 1})
    assert screen.span(exact) == (exact, masked, found)


def test_the_exact_copy_keeps_ids_as_sent(screen: Screen) -> None:
    exact, _, _ = screen.span(Span(**TRACE, user_id="jan-de-vries", attributes={"user.id": "jan-de-vries"}))
    assert exact.user_id == exact.attributes["user.id"] == "jan-de-vries"


def test_random_trace_ids_stay_and_others_become_pseudonyms(screen: Screen) -> None:
    _, masked, _ = screen.span(
        Span(trace_id="order-of-jan", span_id=TRACE["span_id"], links=(Link(trace_id="jan", span_id="piet"),))
    )
    assert masked.trace_id.startswith("id_")
    assert masked.span_id == TRACE["span_id"]
    assert masked.links[0].trace_id.startswith("id_")
    assert masked.links[0].span_id.startswith("id_")


def test_resource_attributes_of_the_closed_list_are_dropped_from_both_copies(screen: Screen) -> None:
    kept = {"service.name": "shop", "process.runtime.name": "cpython"}
    exact, masked, _ = screen.span(Span(**TRACE, resource={**dict.fromkeys(RESOURCE_DROPPED, "jan"), **kept}))
    assert exact.resource == masked.resource == kept


def test_mode_pseudonymised_gives_the_masked_copy_as_the_exact_one() -> None:
    screen = Screen(Pseudonyms(bytes(32)), mode=ContentMode.PSEUDONYMISED)
    exact, masked, found = screen.message(Message(role="user", parts=(Part(text=CANARY),)))
    assert exact is masked
    assert raw_in(exact) == []
    assert found == FOUND


def test_mode_metadata_keeps_no_text() -> None:
    screen = Screen(Pseudonyms(bytes(32)), mode=ContentMode.METADATA)
    words = "a private remark"
    message = Message(role="user", parts=(Part(text=words),), name=words, extra={"x": words})
    assert screen.message(message)[0] == Message(role="user")
    span = Span(**TRACE, name="chat", query=words, metadata={"x": words}, error=Error(type="E", message=words))
    exact, masked, _ = screen.span(
        msgspec.structs.replace(span, attributes={"http.request.method": "POST", "note": words})
    )
    assert exact is masked
    assert words.encode() not in msgspec.json.encode(exact)
    assert exact.attributes == {"http.request.method": "POST"}
    assert exact.error == Error(type="E")
