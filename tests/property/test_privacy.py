"""What holds of screening for any text: idempotence, determinism, no crash, JSON stays JSON."""

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from onrecord.model.message import Message, Part
from onrecord.model.project import ContentMode
from onrecord.model.span import Span
from onrecord.privacy.pseudonym import Pseudonyms
from onrecord.privacy.screen import Screen

KEY = bytes(range(32))

PIECES = (
    "jan.de.vries@example.com", "a@b.nl", "%40example.org", "git@github.com:", "06-12345678", "+31 20 123 4567",
    "0612345678", "NL91 ABNA 0417 1643 00", "BE68539007547034", "111222333", "1112.22.333", "123456782", "bsn ",
    "BSN: ", "85.07.30-033.28", "4111 1111 1111 1111", "5555555555554444", "192.168.1.20", "2001:db8::ff00:42:8329",
    "::", "1.2.3.4", "v", "sk-proj-abcdefghijklmnop1234567890", "AKIAIOSFODNN7EXAMPLE", "ghp_" + "a1" * 20,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc", "-----BEGIN PRIVATE KEY-----", "MIIEvQ", "password=",
    "password: ", "wachtwoord is ", "mot de passe : ", "Authorization: Bearer ", "hunter22", "Geheim123!", "cookie: a=",
    "postgres://u:", "pw123@host/db", "://", "@", "<SECRET>", "<CARD_1111>", "<EMAIL_k7m2q9xd4x1n>", "<EMAIL_", "<",
    "<SECRET", "<CARD_", "<your key>", "postgres://u:<SECRET", ">",
    "12345678Z", "X1234567L", "QQ123456C", "nino ", "dni ", "943 476 5919", "nhs ", "078-05-1120", "44051401359",
    "pesel ", "RSSMRA85T10A562S", "2 55 08 14 168 025 38", "steuer ", "86095742719", " ", "\n", "\\n", "\t", '"', "'",
    "\\", "\u200b", "\u00a0", "\uff10\uff16", "\u2011", "\u00e9", "\U0001f600", "\ud800", "\0", "0", "9", ".", "-", ",",
    "{", "}", "[", "]", ":", "=", "&", ";", "/", "tel ", "token", "secret", "key", "is ", "x" * 50,
)  # fmt: skip
mixtures = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=14).map("".join)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | mixtures
keys = st.sampled_from(("password", "email", "bsn", "user", "token", "note", "api_key")) | mixtures
values = st.recursive(leaves, lambda below: st.lists(below, max_size=4) | st.dictionaries(keys, below, max_size=4))


@cache
def screen() -> Screen:
    return Screen(Pseudonyms(KEY))


def encodable(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


@settings(max_examples=600, deadline=None)
@given(mixtures)
def test_screening_either_copy_again_changes_nothing(text: str) -> None:
    once = screen().text(text)
    assert screen().text(once.exact) == once
    again = screen().text(once.masked)
    assert (again.exact, again.masked) == (once.masked, once.masked)


@settings(max_examples=200, deadline=None)
@given(mixtures)
def test_another_screen_with_the_same_key_says_the_same(text: str) -> None:
    assert Screen(Pseudonyms(KEY)).text(text) == screen().text(text)


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_any_text_can_be_screened(text: str) -> None:
    assert isinstance(screen().text(text).masked, str)


@settings(max_examples=300, deadline=None)
@given(values)
@example({"password": "<EMAIL_jan.de.vries@example.com"})
def test_json_text_stays_json(value: Any) -> None:
    text = json.dumps(value)
    screened = screen().text(text)
    if isinstance(value, dict | list):
        json.loads(screened.exact)
        json.loads(screened.masked)
    assert screen().text(screened.exact) == screened
    assert screen().text(screened.masked).masked == screened.masked


@settings(max_examples=300, deadline=None)
@given(values)
def test_structures_screen_to_themselves(value: Any) -> None:
    message = Message(role="user", parts=(Part(type="tool_call", value=value),))
    exact, masked, found = screen().message(message)
    assert screen().message(exact) == (exact, masked, found)
    assert screen().message(masked)[1] == masked


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(keys, values, max_size=4), st.sampled_from(PIECES), st.sampled_from(ContentMode), mixtures)
@example({"password": {"token": "jan@example.com%40example.org-----BEGIN PRIVATE KEY-----"}}, "", ContentMode.FULL, "")
@example({"sk-proj-abcdefghijklmnop1234567890": None}, "sk-proj-abcdefghijklmnop1234567890", ContentMode.FULL, "")
@example({"password": "we keep a -----BEGIN PRIVATE KEY-----"}, "", ContentMode.FULL, "")
@example({"password": {"AKIAIOSFODNN7EXAMPLEpassword=": 1}}, "<SECRET", ContentMode.FULL, "")
@example({"password": {"AKIAIOSFODNN7EXAMPLEpassword=": 1}}, "SECRET", ContentMode.FULL, "")
def test_spans_screen_to_themselves(attributes: dict[str, Any], user: str, mode: ContentMode, name: str) -> None:
    screens = Screen(Pseudonyms(KEY), mode=mode)
    span = Span(trace_id="a" * 32, span_id=name or "s", user_id=user, session_id=name, attributes=attributes, name=name)
    exact, masked, found = screens.span(span)
    assert screens.span(exact) == (exact, masked, found)
    assert screens.span(masked)[1] == masked


@pytest.mark.parametrize(
    "piece", ["a@", "password=", "secret: ", "1", "0 ", "<", "+31 20 123 4567 ", '{"a":', "eyJ", "-----BEGIN "]
)
def test_a_megabyte_of_anything_is_screened(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    assert len(screen().text(text).exact) > 0
