"""Data directories of earlier versions: each must open, verify and read back as it did, and go on recording."""

import json
from pathlib import Path

import pytest

from onrecord.governance.verdict import verify_data
from tests.fixtures.make import ERASED, opened, spans_of, unpacked
from tests.recorded import every_byte

FIXTURES = sorted((Path(__file__).parents[1] / "fixtures").glob("data-*"))


@pytest.fixture(params=FIXTURES, ids=lambda path: path.name)
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return unpacked(request.param, tmp_path / "old")


def test_there_is_a_directory_of_each_version() -> None:
    assert FIXTURES


def test_it_verifies_as_it_did(directory: Path) -> None:
    expected = json.loads((directory / "expected.json").read_text())
    report = verify_data(directory / "data", directory / "data.keys")
    assert report.exit_code == expected["exit_code"] == 0
    assert report.states == expected["states"]
    assert report.states["erased"] == 2
    assert [one.kinds for one in report.ledgers] == expected.get("kinds", [one.kinds for one in report.ledgers])


def test_every_span_says_what_it_said(directory: Path) -> None:
    expected = json.loads((directory / "expected.json").read_text())
    assert len(expected["spans"]) > 20
    assert json.loads(json.dumps(spans_of(directory))) == expected["spans"]


def test_calls_that_its_journal_promised_are_recorded(directory: Path) -> None:
    promised = json.loads((directory / "expected.json").read_text()).get("journal", [])
    with opened(directory) as made:
        made.start()
        made.journal.empty().result(30)
        made.settle()
        made.finish()
    found = {name.partition("/")[2] for name in spans_of(directory)}
    assert set(promised) <= found
    assert not list((directory / "data").glob("journal/*"))


def test_nothing_of_the_erased_person_is_in_it(directory: Path) -> None:
    stored = every_byte(directory / "data")
    assert ERASED.encode() not in stored
    assert b"to be forgotten" not in stored


def test_it_goes_on_recording(directory: Path) -> None:
    with opened(directory) as made:
        made.start()
        project = next(one for one in made.projects() if one.name == "default")
        made.pipeline.append(project, "heartbeat", None, about="heartbeat").result(30)
        made.settle()
        made.pipeline.close()
        made.sequencer.stop()
    assert verify_data(directory / "data", directory / "data.keys").exit_code == 0
