"""Attachments of LangSmith's client: named by their run, and sealed with its trace byte for byte."""

import base64
from pathlib import Path
from typing import Any

import pytest

from onrecord.model.project import Project
from onrecord.model.time import SystemClock
from onrecord.server.recording import Recording
from tests.compat.apps.talk import IMAGE
from tests.compat.langsmith import World
from tests.e2e.server import Server, serving

pytestmark = [pytest.mark.chdb, pytest.mark.clients, pytest.mark.slow]
VERSIONS = ("langsmith_0_3", "langsmith_0_4", "langsmith_0_15")
PICTURE = base64.b64decode(IMAGE.partition(",")[2])


def opened(server: Server, project: int) -> Recording:
    """What a stopped server has recorded."""
    data = server.data
    keys = data.with_name(data.name + ".keys")
    known = [Project(id="0" * 16, number=project, name="default")]
    return Recording(
        data=data, keys=keys, host="localhost", node="n1", clock=SystemClock(), projects=lambda: known, workers=0
    )


def test_an_attachment_is_kept_byte_for_byte_in_every_version(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        world = World(server)
        seen: list[dict[str, Any]] = [world.run(name, "langsmith_attachment") for name in VERSIONS]
        for one in seen:
            (span,) = world.spans(one["trace"])
            (attached,) = span.attributes["attachments"]
            assert (attached["name"], attached["media_type"], attached["size"]) == (
                "picture",
                "image/png",
                len(PICTURE),
            )
            assert "What is in it?" in span.input[0].parts[0].text
        assert server.health()["rejected"] == 0
        server.end()
        recording = opened(server, 2)
        for one in seen:
            kept = recording.content.media(2, recording.content.media_place(2, one["trace"], f"{one['run']}.picture"))
            assert (kept.data, kept.media_type) == (PICTURE, "image/png")
        assert PICTURE not in b"".join(path.read_bytes() for path in server.data.rglob("*") if path.is_file())
