"""What LangSmith's door has acknowledged survives a kill, and what it keeps of a person goes when she is erased."""

import json
import signal
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.compat.langsmith import World
from tests.e2e.server import onrecord, serving

pytestmark = [pytest.mark.chdb, pytest.mark.slow]
BOUNDARY = "7c21"
MULTIPART = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
USER, WORDS = "alice.example@mail.test", "the heron nests behind the boathouse"
PICTURE = b"\x89PNG the likeness of alice " + bytes(range(256))


def part(name: str, value: Any, media: str = "application/json") -> bytes:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\nContent-Type: {media}\r\n\r\n'
    return head.encode() + body + b"\r\n"


def send(world: World, *parts: bytes) -> None:
    answer = world.ask("POST", "/runs/multipart", b"".join(parts) + f"--{BOUNDARY}--\r\n".encode(), MULTIPART)
    assert answer.status == 202


def run(user: str) -> dict[str, Any]:
    identity = str(uuid.uuid4())
    return {
        "id": identity,
        "trace_id": identity,
        "name": "step",
        "run_type": "chain",
        "inputs": {"input": WORDS},
        "start_time": "2026-11-25T03:16:40Z",
        "end_time": "2026-11-25T03:16:41Z",
        "session_name": "shop",
        "extra": {"metadata": {"user_id": user}},
    }


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        world = World(server)
        runs = [run("bob") for _ in range(40)]
        for one in runs:
            send(world, part(f"post.{one['id']}", one), part(f"attachment.{one['id']}.face", PICTURE, "image/png"))
        made = world.ask("POST", "/datasets", {"name": "kept"}).json()
        server.end(signal.SIGKILL)
        server.start()
        server.settle()
        rows = world.reader.rows("/traces", application="shop", limit=100)
        assert {row["trace_id"] for row in rows} == {one["id"] for one in runs}
        assert world.ask("GET", f"/datasets/{made['id']}").json()["name"] == "kept"
        checked = onrecord("verify", str(server.data))
        assert checked.returncode == 0, checked.stdout


def test_erasing_a_person_takes_runs_attachments_feedback_and_examples(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        world = World(server)
        hers, his = run(USER), run("bob")
        for one in (hers, his):
            send(world, part(f"post.{one['id']}", one), part(f"attachment.{one['id']}.face", PICTURE, "image/png"))
        server.settle()
        dataset = world.ask("POST", "/datasets", {"name": "cases"}).json()["id"]
        given, examples = {}, {}
        for one in (hers, his):
            sent = {"run_id": one["id"], "key": "tone", "comment": WORDS}
            given[one["id"]] = world.ask("POST", "/feedback", sent).json()["id"]
            example = {"dataset_id": dataset, "inputs": {"input": WORDS}, "source_run_id": one["id"]}
            examples[one["id"]] = world.ask("POST", "/examples", example).json()["id"]
        done = onrecord("erase", "--data", str(server.data), "--user", USER, "--reason", "asked on paper", "--yes")
        assert (done.returncode, done.stderr) == (0, "")
        server.settle()
        gone, kept = ([one["id"]] for one in (hers, his))
        for path, known in (("runs", {one: one for one in (*gone, *kept)}), ("examples", examples)):
            assert [world.ask("GET", f"/{path}/{known[one]}").status for one in (*gone, *kept)] == [404, 200]
        changes = [world.ask("PATCH", f"/feedback/{given[one]}", {"score": 1}).status for one in (*gone, *kept)]
        assert changes == [404, 200]
        assert "Erased 3 records" in done.stdout  # her run, its attachment, its feedback
