"""How often a public key may be used: by address, by key, for ever bounded; and what the API says beyond it."""

import json
from collections.abc import Callable
from typing import Any, cast

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette

from onrecord import limits
from onrecord.api.allowance import Allowance, network_of
from onrecord.api.app import routes
from onrecord.api.port import Services
from onrecord.buckets import Rate
from onrecord.errors import TooMany
from tests.unit.api.test_answers import Client, Door

SCORE = json.dumps({"trace_id": "a" * 32, "name": "thumb", "value": 1}).encode()
HEADERS = {"content-type": "application/json", "x-api-key": "or_rates"}
Ask = Callable[..., httpx.Response]


class Watch:
    """A clock that is set by hand."""

    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def refused(allowance: Allowance, key: str, peer: str) -> int:
    """0 when it was allowed, else the seconds to wait."""
    try:
        allowance.take(key, peer)
    except TooMany as error:
        return error.retry_after_s
    return 0


def test_an_address_that_is_used_up_waits_and_others_do_not() -> None:
    watch = Watch()
    allowance = Allowance(Rate(2, 0.5), Rate(100, 1), watch)
    assert [refused(allowance, "k", "203.0.113.5") for _ in range(3)] == [0, 0, 2]
    assert refused(allowance, "k", "203.0.113.6") == 0
    assert refused(allowance, "other", "203.0.113.5") == 0
    assert allowance.refused == 1
    watch.now += 2
    assert [refused(allowance, "k", "203.0.113.5") for _ in range(2)] == [0, 2]


def test_a_key_is_bounded_however_many_addresses_use_it() -> None:
    allowance = Allowance(Rate(5, 1), Rate(10, 1), Watch())
    waits = [refused(allowance, "k", f"203.0.113.{number}") for number in range(30)]
    assert [wait == 0 for wait in waits] == [True] * 10 + [False] * 20
    assert refused(allowance, "other", "203.0.113.1") == 0


def test_what_an_address_is_refused_costs_the_key_nothing() -> None:
    allowance = Allowance(Rate(1, 0.01), Rate(3, 0.01), Watch())
    assert [refused(allowance, "k", "203.0.113.5") > 0 for _ in range(50)] == [False] + [True] * 49
    assert refused(allowance, "k", "203.0.113.6") == 0
    assert refused(allowance, "k", "203.0.113.7") == 0


def test_memory_is_bounded_and_the_key_still_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RATE_BUCKETS", 50)
    allowance = Allowance(Rate(1, 0.001), Rate(200, 0.001), Watch())
    allowed = sum(not refused(allowance, "k", f"10.0.{number // 256}.{number % 256}") for number in range(1_000))
    assert allowed == 200
    assert allowance.remembered() <= 51


@given(st.lists(st.floats(0, 100), max_size=60))
def test_never_more_than_the_burst_and_what_filled_up_since(waits: list[float]) -> None:
    watch = Watch()
    allowance = Allowance(Rate(3, 0.25), Rate(1_000, 100), watch)
    began, allowed = watch.now, 0
    for wait in waits:
        watch.now += wait
        allowed += not refused(allowance, "k", "203.0.113.5")
        assert allowed <= 3 + (watch.now - began) * 0.25 + 1e-6


def test_a_clock_that_stands_or_goes_back_gives_nothing_away() -> None:
    watch = Watch()
    allowance = Allowance(Rate(1, 1), Rate(10, 1), watch)
    assert refused(allowance, "k", "203.0.113.5") == 0
    watch.now -= 500
    assert refused(allowance, "k", "203.0.113.5") == 1


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:203.0.113.5", "203.0.113.5", True),
        ("203.0.113.5", "203.0.113.6", False),
        ("fe80::1%eth0", "fe80::1", True),
        ("", "", True),
        ("testclient", "other", False),
    ],
)
def test_addresses_of_one_customer_are_one(first: str, second: str, same: bool) -> None:
    assert (network_of(first) == network_of(second)) is same


@pytest.fixture
def ask() -> Ask:
    door, anybody = Door(), cast("Any", None)
    services = Services(
        engine=anybody, gate=door, raters=door, allowance=Allowance(Rate(3, 0.5)), scores=door, health=dict,
        letters=anybody, erasures=anybody, selftest=anybody, storage=anybody, console=anybody,
    )  # fmt: skip
    client = Client(Starlette(routes=routes(services)))
    return lambda body=SCORE, **headers: client.request("POST", "/api/v1/scores", body, {**HEADERS, **headers})


def test_beyond_it_the_answer_is_a_problem_that_any_page_can_read(ask: Ask) -> None:
    answers = [ask() for _ in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    assert answers[-1].headers["retry-after"] == "2"
    assert answers[-1].headers["access-control-allow-origin"] == "*"
    assert "retry-after" in answers[-1].headers["access-control-expose-headers"]
    assert answers[-1].headers["content-type"] == "application/problem+json"
    assert answers[-1].json() == {
        "title": "Too many requests", "status": 429, "detail": "This key has rated too often.",
        "hint": "Send it again later.",
    }  # fmt: skip


def test_a_key_that_may_write_is_not_limited(ask: Ask) -> None:
    assert [ask(**{"x-api-key": "or_writes"}).status_code for _ in range(20)] == [201] * 20


def test_what_is_malformed_counts_too(ask: Ask) -> None:
    assert [ask(b"{").status_code for _ in range(3)] == [400] * 3
    assert ask().status_code == 429
