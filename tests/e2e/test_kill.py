"""A server that is killed, or stopped, under load: what it acknowledged is there once, by its API and its ledger."""

import random
import signal
import time
from pathlib import Path

import pytest

from tests.e2e.load import Load, kept
from tests.e2e.reader import Reader, owner
from tests.e2e.server import Server, onrecord, serving

pytestmark = [pytest.mark.chdb, pytest.mark.slow]
ROUNDS = 4


def check(server: Server, load: Load, reader: Reader) -> None:
    """Everything acknowledged is there, nothing twice, and nothing that nobody sent."""
    server.settle()
    found = kept(reader)
    assert load.acknowledged <= found.keys(), "acknowledged and not there"
    assert set(found.values()) == {1}, "there twice"
    assert len(found) <= load.sent
    assert server.end() == 0
    verified = onrecord("verify", str(server.data))
    assert verified.returncode == 0, verified.stdout


def test_a_server_killed_again_and_again_under_load_keeps_what_it_acknowledged_once(data: Path) -> None:
    rng = random.Random()
    with serving(data) as server:
        reader = owner(server)
        load = Load(reader)
        for _ in range(ROUNDS):
            with load.running():
                load.await_more()
                time.sleep(rng.uniform(0.0, 1.5))
                server.end(signal.SIGKILL)
            server.start()
        check(server, load, reader)


def test_a_server_stopped_under_load_ends_well_and_keeps_what_it_acknowledged_once(data: Path) -> None:
    with serving(data) as server:
        reader = owner(server)
        load = Load(reader)
        for _ in range(2):
            with load.running():
                load.await_more()
                time.sleep(1)
                assert server.end() == 0
            server.start()
        check(server, load, reader)
