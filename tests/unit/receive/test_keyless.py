"""The keyless rule: what an unconfigured exporter on the same machine looks like, and nothing else."""

import pytest

from onrecord.receive.keyless import is_local_host, is_loopback_peer, refusal

LOCAL = {"host": "localhost:4318"}


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"])
def test_loopback_addresses_are_this_machine(peer: str) -> None:
    assert is_loopback_peer(peer)


@pytest.mark.parametrize("peer", ["", "10.0.0.1", "0.0.0.0", "::ffff:10.0.0.1", "fe80::1", "localhost", "unix:"])
def test_everything_else_is_not(peer: str) -> None:
    assert not is_loopback_peer(peer)


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:4318", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:80"]
)
def test_these_hosts_name_this_machine(host: str) -> None:
    assert is_local_host(host)


@pytest.mark.parametrize(
    "host",
    ["", "example.com", "localhost.example.com", "127.0.0.1.nip.io:4318", "::1", "localhost:x", "a@localhost",
     "0.0.0.0", "[::1].evil", "[::1]:80:80", "localhost:4318:1"],
)  # fmt: skip
def test_these_do_not(host: str) -> None:
    assert not is_local_host(host)


def test_a_local_exporter_may_write() -> None:
    assert refusal("127.0.0.1", LOCAL) == ""


@pytest.mark.parametrize(
    "header",
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "cf-connecting-ip"],
)
def test_a_forwarded_request_needs_a_key(header: str) -> None:
    assert "proxy" in refusal("127.0.0.1", LOCAL | {header: "127.0.0.1"})


def test_another_machine_needs_a_key() -> None:
    assert "another machine" in refusal("10.0.0.7", LOCAL)


def test_a_rebound_name_needs_a_key() -> None:
    assert "host" in refusal("127.0.0.1", {"host": "attacker.example:4318"})
