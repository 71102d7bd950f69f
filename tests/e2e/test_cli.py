"""The reading verbs against a real server, and every example of docs/cli.md."""

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.test_bare_install import bare
from tests.e2e.reader import Reader, make_key, owner
from tests.e2e.server import Server, onrecord, serving
from tests.e2e.test_access import accesses
from tests.recorded import span

pytestmark = pytest.mark.chdb
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cli.md").read_text("utf-8")
EXAMPLES = [line[2:] for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
TRACE, SPAN = f"{1:032x}", f"{1:016x}"
WORDS = "ring about the kingfisher, says ann@example.org"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with serving(tmp_path_factory.mktemp("cli") / "data") as server:
        made = owner(server)
        send(made, 1, user="ann@example.org", session="s1", messages=(("user", WORDS),))
        for number in range(2, 13):
            send(made, number, trace=number, user=f"u{number % 3}", session=f"s{number % 4}")
        server.settle()
        yield made


def send(reader: Reader, number: int, **more: object) -> None:
    sent = span(number, **more)  # type: ignore[arg-type]
    for one in sent.resource_spans[0].scope_spans[0].spans:
        one.start_time_unix_nano, one.end_time_unix_nano = time.time_ns() - 10**9, time.time_ns()
    assert reader.server.export(sent.SerializeToString(), x_api_key=reader.key).status == 200


def ask(reader: Reader, *words: str, key: str = "") -> "subprocess.CompletedProcess[str]":
    return onrecord(words[0], "--url", reader.server.url, "--key", key or reader.key, *words[1:])


def told(reader: Reader, *words: str) -> list[dict[str, object]]:
    done = ask(reader, *words)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def shell(reader: Reader, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A directory and an environment in which the examples of the page run, one after another."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("ONRECORD_")}
    here = {"ONRECORD_DATA": str(reader.server.data), "SERVER": reader.server.url, "TRACE": TRACE, "SPAN": SPAN}
    path = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONDEVMODE": "0"}
    return tmp_path_factory.mktemp("shell"), {**plain, **here, **path}


def test_every_example_of_the_page_does_what_it_says(shell: tuple[Path, dict[str, str]]) -> None:
    folder, environment = shell
    assert len(EXAMPLES) > 25
    for example in EXAMPLES:
        command, _, code = example.partition("  # exit ")
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == int(code or 0), (example, done.stdout[-300:], done.stderr)
    assert len((folder / "steps.jsonl").read_text().splitlines()) == 12
    assert "ann@example.org" not in (folder / "steps.jsonl").read_text()
    assert "ann@example.org" in (folder / "exact.jsonl").read_text()


def test_a_pipe_gets_what_the_api_says_line_by_line(reader: Reader) -> None:
    assert told(reader, "traces", "--limit", "0") == reader.rows("/traces", limit=500)
    assert told(reader, "sessions", "session:s1") == reader.rows("/sessions", session="s1")
    assert told(reader, "people") == reader.rows("/users")
    assert told(reader, "search", "kingfisher") == reader.rows("/search", q="kingfisher")
    assert told(reader, "stats", "--by", "status", "--measure", "count") == reader.rows(
        "/aggregate", group_by="status", measure="count"
    )
    (shown,) = told(reader, "show", TRACE)
    turn = shown.pop("turn")
    assert shown == reader.get(f"/traces/{TRACE}")
    assert turn == reader.get(f"/traces/{TRACE}/spans/{SPAN}")


def test_lists_page_until_there_are_enough(reader: Reader) -> None:
    assert len(told(reader, "traces", "--limit", "5")) == 5
    assert len(told(reader, "traces", "--limit", "0")) == 12


def test_ids_may_be_cut_while_they_name_one(reader: Reader) -> None:
    (shown,) = told(reader, "show", TRACE, SPAN[:16])
    assert isinstance(shown["row"], dict)
    assert shown["row"]["span_id"] == SPAN
    many = ask(reader, "show", TRACE[:8])
    assert (many.returncode, "ids begin like this" in many.stderr) == (64, True)
    none = ask(reader, "show", "feed")
    assert (none.returncode, "onrecord traces" in none.stderr) == (64, True)


def test_exact_content_needs_purpose_and_right_and_is_recorded_page_by_page(reader: Reader, tmp_path: Path) -> None:
    before = accesses(reader.server)
    assert ask(reader, "show", TRACE, SPAN, "--exact").returncode == 64
    low = make_key(reader.server, "read")
    refused = ask(reader, "export", "--exact", "--purpose", "curious", key=low)
    assert (refused.returncode, refused.stdout, "role" in refused.stderr) == (64, "", True)
    assert accesses(reader.server) == before
    done = ask(reader, "export", "--exact", "--purpose", "audit", "-o", str(tmp_path / "all"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "all").stat().st_mode & 0o777 == 0o600
    assert accesses(reader.server) == before + 1
    assert WORDS in (tmp_path / "all").read_text()


def test_the_operator_asks_through_the_socket_and_a_stranger_is_told_what_helps(reader: Reader) -> None:
    operator = onrecord("traces", "--data", str(reader.server.data))
    assert (operator.returncode, len(operator.stdout.splitlines())) == (0, 12)
    stranger = onrecord("traces", "--url", reader.server.url)
    assert (stranger.returncode, stranger.stdout) == (64, "")
    assert "onrecord keys create --scope read" in stranger.stderr
    both = onrecord("traces", "--url", reader.server.url, "--data", str(reader.server.data))
    assert (both.returncode, "one of them" in both.stderr) == (64, True)


def test_what_the_operator_reads_exactly_is_recorded_too(reader: Reader) -> None:
    before = accesses(reader.server)
    words = ("show", TRACE, SPAN, "--data", str(reader.server.data), "--exact")
    assert onrecord(*words).returncode == 64
    done = onrecord(*words, "--purpose", "a test")
    assert (done.returncode, "ann@example.org" in done.stdout) == (0, True)
    assert accesses(reader.server) == before + 1


def test_a_pipe_that_closes_ends_it_quietly(reader: Reader) -> None:
    command = f"{sys.executable} -m onrecord.cli export --data {reader.server.data} | true; echo ${{PIPESTATUS[0]}}"
    for _ in range(3):  # whether it writes before or after the pipe closes is a matter of moments
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, timeout=60)
        assert done.stdout.strip() in ("141", "0"), done
        assert done.stderr == ""


def test_an_export_that_was_killed_goes_on_where_it_was(reader: Reader, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with serving(folder) as server:
        many = Reader(server, make_key(server, "admin", "write"))
        for number in range(1, 301):
            send(many, number, trace=number)
        server.settle()
        file = tmp_path / "all.jsonl"
        mark = tmp_path / "all.jsonl.onrecord-export"
        command = [sys.executable, "-m", "onrecord.cli", "export", "user:nobody OR kind:llm", "--data", str(folder)]
        process = subprocess.Popen([*command, "-o", str(file)], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while not mark.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert mark.exists(), "it was killed in the middle"
        assert b"nobody" not in mark.read_bytes()
        with file.open("a") as torn:
            torn.write('{"half a li')
        other = onrecord("export", "kind:llm", "--data", str(folder), "-o", str(file))
        assert (other.returncode, "another export" in other.stderr) == (64, True)
        done = onrecord("export", "user:nobody OR kind:llm", "--data", str(folder), "-o", str(file))
        assert (done.returncode, mark.exists()) == (0, False), done.stderr
        indexes = [json.loads(line)["row"]["index"] for line in file.read_text().splitlines()]
        assert len(indexes) == 300
        assert indexes == sorted(set(indexes), reverse=True)


def test_a_tail_shows_what_comes_and_ends_at_ctrl_c(tmp_path: Path) -> None:
    heard = ["env", "--default-signal=INT"]  # what runs in the background of a script would not hear Ctrl-C
    with serving(tmp_path / "data") as server:
        server.settle()
        writer = Reader(server, make_key(server, "write"))
        words = ["tail", "--every", "0.1", "--data", str(server.data)]
        process = subprocess.Popen(
            [*heard, sys.executable, "-m", "onrecord.cli", *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        for number in range(1, 61):  # until it has begun to look
            send(writer, number, trace=number)
            if select.select([process.stdout], [], [], 1)[0]:
                break
        row = json.loads(process.stdout.readline())
        assert 1 <= int(row["trace_id"], 16) <= number
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert (process.returncode, said.strip()) == (130, "")


def test_values_that_the_server_has_seen_are_completed_in_bash(reader: Reader) -> None:
    script = f"""
        PATH={Path(sys.executable).parent}:$PATH; source <(onrecord completion bash)
        ask() {{ COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
                 _onrecord_completion onrecord 2> /dev/null; echo "${{COMPREPLY[*]}}"; }}
        ask onrecord pe
        ask onrecord traces statu
        ask onrecord traces --data {reader.server.data} model :
        ask onrecord traces --data /nowhere model :
    """
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False, timeout=60)
    seen = [one["value"] for one in reader.rows("/facets", field="model")[0]["values"]]
    assert seen == ["gpt-4o-mini"]
    assert done.stdout.splitlines() == ["people", "status:", " ".join(seen), ""]


def test_reading_needs_the_bare_installation_only(reader: Reader) -> None:
    for words in (
        ["traces"],
        ["show", TRACE],
        ["search", "kingfisher"],
        ["stats"],
        ["sessions"],
        ["people"],
        ["export"],
    ):
        done = bare(*words, "--data", str(reader.server.data))
        assert (done.returncode, done.stderr) == (0, ""), (words, done.stderr)


def log_in(server: Server, name: str, password: str) -> int:
    form = {"content-type": "application/x-www-form-urlencoded", "origin": server.url, "sec-fetch-site": "same-origin"}
    return server.ask("POST", "/login", f"name={name}&password={password}".encode(), form).status


def test_a_person_who_lost_the_password_gets_a_new_one_beside_a_running_server(reader: Reader) -> None:
    where = ("--data", str(reader.server.data))
    first = onrecord("users", "add", "ada", "--role", "reader", *where).stdout.strip()
    assert log_in(reader.server, "ada", first) == 303
    second = onrecord("users", "reset", "ada", *where).stdout.strip()
    assert (log_in(reader.server, "ada", first), log_in(reader.server, "ada", second)) == (401, 303)
    again = onrecord("users", "add", "ada", *where)
    assert (again.returncode, "onrecord users reset" in again.stderr) == (64, True)
    missing = onrecord("users", "reset", "nobody", *where)
    assert (missing.returncode, "onrecord users list" in missing.stderr) == (64, True)
