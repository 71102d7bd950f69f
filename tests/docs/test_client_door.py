"""docs/doors/client.md: every example runs as it stands, against a real server, and does what the page says."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from onrecord.cli import main as command_line
from onrecord.sdk.declare import Reason
from onrecord.sdk.settings import _PARSERS
from tests.e2e.reader import Reader, owner
from tests.e2e.server import serving

pytestmark = pytest.mark.chdb
PAGE = (Path(__file__).parents[2] / "docs" / "doors" / "client.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with serving(tmp_path_factory.mktemp("door") / "onrecord-data") as server:
        server.settle()
        yield owner(server)


@pytest.fixture(scope="module")
def ran(reader: Reader, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """A server that every example of the page has sent to."""
    spool = tmp_path_factory.mktemp("spool")
    for number, example in enumerate(EXAMPLES):
        variables = {
            "PATH": os.environ["PATH"],
            "ONRECORD_ENDPOINT": reader.server.url,
            "ONRECORD_API_KEY": reader.key,
            "ONRECORD_SPOOL": str(spool),
            "ONRECORD_EXIT_SECONDS": "20",
        }
        done = subprocess.run(
            [sys.executable, "-c", example], env=variables, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), f"example {number}: {done.stderr}"
    reader.server.settle()
    return reader


def test_the_first_example_records_an_agent_and_its_tool_for_a_person(ran: Reader) -> None:
    row = ran.rows("/spans", name="answer", application="shop-assistant")[0]
    assert (row["kind"], row["input_preview"]) == ("agent", '{"question":"When will my parcel leave?"}')
    kept = ran.exact(row["trace_id"], row["span_id"])
    assert (kept.user_id, kept.session_id, kept.environment, kept.release) == (
        "ann@example.com", "visit-17", "production", "2.3.1",
    )  # fmt: skip
    tool = ran.rows("/spans", name="look up")[0]
    assert tool["trace_id"] == row["trace_id"]


def test_the_ratings_example_judges_its_step(ran: Reader) -> None:
    traces = [row for row in ran.rows("/traces") if row["scores"]]
    assert len(traces) == 1
    assert {score["name"]: score["source"] for score in traces[0]["scores"]} == {
        "stars": "end_user", "names-a-day": "validator",
    }  # fmt: skip


def test_the_mask_example_sends_no_card(ran: Reader) -> None:
    row = ran.rows("/spans", name="pay")[0]
    assert "my member card is ####-####" in str(ran.exact(row["trace_id"], row["span_id"]))


def test_the_example_with_a_provider_records_the_applications_own_spans(ran: Reader) -> None:
    row = ran.rows("/spans", name="checkout")[0]
    inner = ran.rows("/spans", name="recommend")[0]
    assert inner["trace_id"] == row["trace_id"]


def test_the_commands_of_the_page_run(ran: Reader) -> None:
    install, verify = (shlex.split(command) for command in COMMANDS)
    assert install == ["pip", "install", "onrecord"]
    done = subprocess.run(
        [sys.executable, "-m", command_line.__name__.rpartition(".")[0], *verify[1:]],
        cwd=ran.server.data.parent, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, f"● complete: {len(EXAMPLES)} producers, 0 gaps, 0 declared drops\n")


def test_every_setting_and_reason_of_the_client_stands_on_the_page() -> None:
    for name in _PARSERS:
        assert f"`{name}`" in PAGE
        assert f"`ONRECORD_{name.upper()}`" in PAGE
    for reason in Reason.__args__:  # type: ignore[attr-defined]
        assert f"`{reason}`" in PAGE
