"""Prompts through LangSmith's client: kept, versioned, and every change on the record."""

from pathlib import Path

import pytest

from tests.compat.langsmith import World
from tests.e2e.server import serving

pytestmark = [pytest.mark.chdb, pytest.mark.clients, pytest.mark.slow]


def test_prompts_are_kept_by_version_and_tag_and_each_change_is_recorded(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        world = World(server)
        server.settle()
        before = world.reader.rows("/ledgers")
        said = world.run("langsmith_0_15", "langsmith_prompts", LANGSMITH_TRACING="false")
        assert said == {
            "latest": "Be brief.", "tagged": "Be kind and brief.", "first": "Be kind.", "commits": 3,
            "listed": ["clerk"], "description": "The clerk at the desk", "gone": True,
        }  # fmt: skip
        server.settle()
        (ledger,) = world.reader.rows("/ledgers")
        changes = 1 + 3 + 1 + 1  # made, committed, tagged, deleted
        assert ledger["size"] - (before[-1]["size"] if before else 0) >= changes
        files = [path for path in server.data.rglob("*") if path.is_file()]
        assert not [path for path in files if b"Be kind and brief" in path.read_bytes()]
