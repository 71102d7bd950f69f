"""Files brought into a running server by the command line, and the examples of docs/doors/import.md."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.reader import Reader, owner
from tests.e2e.server import onrecord, serving

pytestmark = pytest.mark.chdb
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "doors" / "import.md").read_text("utf-8")
(EXAMPLES,) = re.findall(r"```jsonl\n(.*?)```", PAGE, re.DOTALL)
GOLDEN = ROOT / "tests" / "golden" / "openinference_openai" / "chat" / "request.pb"


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with serving(tmp_path_factory.mktemp("import") / "data") as server:
        server.settle()
        yield owner(server)


def bring(reader: Reader, *files: Path | str) -> "subprocess.CompletedProcess[str]":
    done = onrecord("import", "--url", reader.server.url, "--key", reader.key, *map(str, files))
    reader.server.settle()
    return done


def test_the_examples_of_the_page_arrive_whole(reader: Reader, tmp_path: Path) -> None:
    file = tmp_path / "chat-log.jsonl"
    file.write_text(EXAMPLES, "utf-8")
    done = bring(reader, file)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "4 records imported.\n")
    assert not file.with_name("chat-log.jsonl.onrecord-import").exists()
    (row,) = reader.rows("/spans", session="visit-4")
    span = reader.exact(row["trace_id"], row["span_id"])
    assert [part.text for one in (*span.input, *span.output) for part in one.parts] == [
        "You are the help desk of a bicycle shop.",
        "Do you repair hub gears?",
        "We do, within three days.",
    ]
    assert (span.user_id, span.model_requested, span.usage.input, span.source.receiver) == (
        "customer-17",
        "gpt-4o-mini",
        31,
        "import",
    )
    plan = reader.exact("run-9", "call-2")
    assert [(part.type, part.name, part.value) for one in plan.output for part in one.parts] == [
        ("tool_call", "find_route", {"km": 40})
    ]
    (failed,) = reader.rows("/spans", status="error", receiver="import")
    error = reader.exact(failed["trace_id"], failed["span_id"]).error
    assert error is not None
    assert (error.type, error.http_status) == ("RateLimitError", 429)
    assert "4 records imported" not in (again := bring(reader, file)).stdout
    assert again.stdout == "0 records imported, 4 were there already.\n"


def test_spans_of_a_real_instrumentor_keep_ids_and_times(reader: Reader, tmp_path: Path) -> None:
    file = tmp_path / "request.pb.gz"
    file.write_bytes(gzip.compress(GOLDEN.read_bytes()))
    assert bring(reader, file).returncode == 0
    rows = reader.rows("/spans", receiver="import", dialect="openinference")
    assert rows
    for row in rows:
        span = reader.exact(row["trace_id"], row["span_id"])
        assert (span.source.receiver, span.start_unix_nano > 0) == ("import", True)


def test_lines_that_are_not_understood_are_named_and_cost_themselves(reader: Reader, tmp_path: Path) -> None:
    file = tmp_path / "mixed.jsonl"
    file.write_text('{"time": 1, "input": "kept"}\n{"time": 2}\nnot JSON\n', "utf-8")
    done = bring(reader, file)
    assert done.returncode == 1
    assert done.stdout == "1 records imported.\n"
    assert "mixed.jsonl, line 2: the line has neither input nor output nor error" in done.stderr
    assert "mixed.jsonl, line 3: the line is no JSON object" in done.stderr
    assert "2 records could not be understood" in done.stderr


def test_a_damaged_file_and_a_line_without_end_cost_no_other_line(reader: Reader, tmp_path: Path) -> None:
    file = tmp_path / "long-lines.jsonl"
    endless = json.dumps({"time": 1, "input": "x" * 70_000_000})
    file.write_text(f'{endless}\n{{"time": 2, "input": "kept", "session": "behind it"}}\n', "utf-8")
    done = bring(reader, file)
    assert (done.returncode, done.stdout) == (1, "1 records imported.\n")
    assert "long-lines.jsonl, line 1: the line has more than 16777216 bytes" in done.stderr
    assert len(reader.rows("/spans", session="behind it")) == 1
    cut = tmp_path / "cut.jsonl.gz"
    lines = "".join(json.dumps({"time": n, "input": f"{n}", "session": "cut off"}) + "\n" for n in range(1, 3_000))
    cut.write_bytes(gzip.compress(lines.encode())[:-500])
    done = bring(reader, cut)
    assert done.returncode == 64
    assert "cut.jsonl.gz is damaged, or ends too early." in done.stderr
    assert reader.rows("/spans", session="cut off")


def test_a_wrong_key_is_said_and_nothing_is_sent(reader: Reader, tmp_path: Path) -> None:
    file = tmp_path / "one.jsonl"
    file.write_text('{"time": 1, "input": "x"}\n', "utf-8")
    done = onrecord("import", "--url", reader.server.url, "--key", "or_wrong", str(file))
    assert done.returncode == 64
    assert "The API key is not known." in done.stderr


def test_an_import_that_was_killed_goes_on_where_it_was(reader: Reader, tmp_path: Path) -> None:
    file = tmp_path / "long.jsonl"
    lines = [json.dumps({"time": n, "input": f"number {n}", "session": "long-import"}) for n in range(1, 24_001)]
    file.write_text("\n".join(lines), "utf-8")
    mark = file.with_name("long.jsonl.onrecord-import")
    command = [
        sys.executable,
        "-m",
        "onrecord.cli",
        "import",
        "--url",
        reader.server.url,
        "--key",
        reader.key,
        str(file),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ.copy())
    deadline = time.monotonic() + 60
    while not mark.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert mark.exists(), "it was killed in the middle"
    upto = json.loads(mark.read_bytes())["upto"]
    assert 0 < upto < file.stat().st_size
    done = bring(reader, file)
    assert (done.returncode, mark.exists()) == (0, False)
    imported, already = (
        int(number.replace(",", "").strip()) for number in [*re.findall(r"\d[\d,]*", done.stdout), "0"][:2]
    )
    assert imported + already < 24_000, "it began where it was"
    (row,) = reader.rows("/sessions", session="long-import")
    assert row["spans"] == 24_000
