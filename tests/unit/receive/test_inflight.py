"""The account of memory that requests hold."""

import pytest

from onrecord.errors import Pushback
from onrecord.receive.inflight import Inflight


def test_a_request_beyond_the_bytes_is_refused_and_holds_nothing() -> None:
    account = Inflight(max_bytes=100, max_requests=9)
    with account.enter(60), pytest.raises(Pushback):
        account.enter(41)
    assert (account.bytes, account.requests) == (0, 0)


def test_a_request_beyond_the_number_is_refused() -> None:
    account = Inflight(max_bytes=100, max_requests=1)
    with account.enter(0), pytest.raises(Pushback):
        account.enter(0)


def test_growing_beyond_the_bound_is_refused_and_what_was_held_is_given_back() -> None:
    account = Inflight(max_bytes=100, max_requests=9)
    with account.enter(60) as held:
        held.change(40)
        held.change(-50)
        with pytest.raises(Pushback):
            held.change(51)
        assert account.bytes == 50
    assert account.bytes == 0
