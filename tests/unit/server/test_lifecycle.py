"""Parts start in order, stop in the same order, and one that fails does not keep the others from stopping."""

import socket
from pathlib import Path

import pytest

from onrecord.config import Listen
from onrecord.errors import Rejected
from onrecord.server.directory import control_socket, held
from onrecord.server.identity import identity
from onrecord.server.lifecycle import Part, Parts, bind


class Diary:
    """What happened, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def part(self, name: str, *, start: bool = True, stop: bool = True) -> Part:
        return Part(
            name, lambda: self._do(f"start {name}", works=start), lambda _: self._do(f"stop {name}", works=stop)
        )

    def _do(self, line: str, *, works: bool) -> None:
        self.lines.append(line)
        if not works:
            raise OSError("no")


def test_parts_start_and_stop_in_the_order_of_a_record() -> None:
    diary = Diary()
    parts = Parts([diary.part("door"), diary.part("ledger"), diary.part("store")])
    parts.start()
    assert parts.stop(5) == []
    assert diary.lines == [f"{verb} {name}" for verb in ("start", "stop") for name in ("door", "ledger", "store")]
    assert parts.stop(5) == [], "stopped once"


def test_a_part_that_does_not_stop_does_not_keep_the_next_from_stopping() -> None:
    diary = Diary()
    parts = Parts([diary.part("door", stop=False), diary.part("store")])
    parts.start()
    assert parts.stop(5) == ["door"]
    assert diary.lines[-1] == "stop store"


def test_a_part_that_does_not_start_stops_those_before_it() -> None:
    diary = Diary()
    parts = Parts([diary.part("door"), diary.part("ledger", start=False), diary.part("store")])
    with pytest.raises(OSError, match="no"):
        parts.start()
    assert diary.lines == ["start door", "start ledger", "stop door"]


def test_a_taken_port_is_said_in_a_sentence() -> None:
    with bind(Listen(port=0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Rejected, match=f"Port {port}"):
            bind(Listen(port=port))
        with socket.create_connection(("127.0.0.1", port)):
            pass  # it listens already: who comes early waits


def test_a_data_directory_is_held_by_one(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with held(data), pytest.raises(Rejected, match="Another process"), held(data):
        pass
    with held(data), control_socket(data) as made:
        assert made is not None
        assert (data / "control.sock").is_socket()
    assert not (data / "control.sock").exists()


def test_the_name_of_a_ledgers_host_is_fixed_at_the_first_start(tmp_path: Path) -> None:
    data = tmp_path
    first = identity(data, "log.example")
    assert identity(data, "other.example") == first
    assert first.host == "log.example"


@pytest.mark.parametrize("host", ["", "Upper", "with space", "a/b", "-x"])
def test_a_host_that_is_none_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(Rejected):
        identity(tmp_path, host)
