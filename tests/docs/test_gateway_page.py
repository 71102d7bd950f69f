"""Every example of docs/doors/gateway.md runs against a real server, with its addresses and keys put in."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from onrecord.config import read
from onrecord.gateway.upstreams import Upstreams
from onrecord.model.message import text_of
from tests.compat import environments, plot
from tests.compat.fake_provider import FakeProvider, fake_provider
from tests.e2e.calls import spans, upstreams
from tests.e2e.reader import Reader, owner
from tests.e2e.server import serving

PAGE = (Path(__file__).parents[2] / "docs" / "doors" / "gateway.md").read_text("utf-8")
EXAMPLES = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
RUNNABLE = [(language, text) for language, text in EXAMPLES if language != "toml"]


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeProvider]:
    with fake_provider() as running:
        yield running


@pytest.fixture(scope="module")
def reader(fake: FakeProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with serving(tmp_path_factory.mktemp("page") / "data", *upstreams(fake)) as running:
        yield owner(running)


def run(language: str, text: str, reader: Reader) -> str:
    """What an example prints."""
    text = text.replace("http://localhost:4318", reader.server.url).replace("or_...", reader.key)
    text = text.replace("onrecord ", f"{sys.executable} -m onrecord.cli ").replace(
        "--on-log-failure", f"--data {reader.server.data} --on-log-failure"
    )
    name = "providers_js" if language == "js" else "providers"
    command = ["bash", "-c", text]
    if language != "sh":
        environments.ready(name)
        home = environments.home(name)
        if language == "js":
            (home / "example.mjs").write_text(text, "utf-8")
            command = ["node", str(home / "example.mjs")]
        else:
            command = [str(home / "bin" / "python"), "-c", text]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": "src"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.chdb
@pytest.mark.clients
@pytest.mark.node
@pytest.mark.parametrize(("language", "text"), RUNNABLE, ids=[f"{n}-{kind}" for n, (kind, _) in enumerate(RUNNABLE)])
def test_an_example_runs_and_its_call_is_on_the_record(
    fake: FakeProvider, reader: Reader, language: str, text: str
) -> None:
    before = len(fake.wire)
    said = run(language, text, reader)
    if "/gateway/" not in text:
        assert said == "Set.\n"
        return
    assert plot.ANSWER in said or json.dumps(plot.ANSWER).strip('"') in said
    assert len(fake.wire) == before + 1
    (span,) = spans(reader, 1)
    assert (text_of(span.input[0]), text_of(span.output[0])) == ("What is the capital of Portugal?", plot.ANSWER)


def test_the_configuration_is_one(tmp_path: Path) -> None:
    (text,) = [text for language, text in EXAMPLES if language == "toml"]
    file = tmp_path / "onrecord.toml"
    file.write_text(text, "utf-8")
    settings = read({}, environ={}, file=file).gateway
    names = Upstreams(settings.upstream, settings.default_upstream).names()
    listed = PAGE.partition("## Which providers")[2].partition(" are there")[0]
    assert set(re.findall(r"`([a-z]+)`", listed)) | {"azure", "vllm", "ollama"} == set(names)


def test_every_header_that_is_promised_is_read() -> None:
    source = (Path(__file__).parents[2] / "src/onrecord/gateway/callers.py").read_text("utf-8")
    table = PAGE.partition("## What the application may say")[2].partition("### For")[0]
    for whose, name in re.findall(r"`(X-Onrecord)?-([A-Z][A-Za-z-]+)", table):
        wanted = name.lower().removesuffix("-")
        assert f"x-onrecord-{wanted}" in source or (wanted.startswith("omit-") and "-omit-" in source), (whose, name)
