"""Dead letters are come back to: listed, opened, tried again; kept once they can be, and then gone without a trace."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from onrecord.errors import Missing, Rejected
from onrecord.ingest.item import SENT
from onrecord.ingest.letters import LetterBox
from onrecord.limits import DEAD_LETTER_DAYS
from onrecord.model.time import FixedClock
from onrecord.privacy.detect.scan import Detector
from onrecord.receive.port import Delivery
from onrecord.server.recording import Recording
from tests.recorded import PROJECT, every_byte, november, place, recording, send, span

POISON = "unscreenable text of a person"


def box(made: Recording, clock: FixedClock | None = None) -> LetterBox:
    return LetterBox(made.data / "vault", made.keys, made.runtimes, made.commits, clock or november())


def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    find: Callable[[Detector, str], Any] = Detector.hits

    def hits(self: Detector, text: str) -> Any:
        if POISON in text:
            raise ZeroDivisionError(text)
        return find(self, text)

    monkeypatch.setattr(Detector, "hits", hits)


def test_a_letter_that_can_be_screened_again_becomes_a_record_and_is_gone(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        with pytest.MonkeyPatch.context() as broken:
            failing(broken)
            send(made, span(1), span(2, answer=POISON))
            (letter,) = box(made).newest(2, "", 10)
            assert letter.row.signal == "traces"
            assert letter.id == "2026-11.1"
            with pytest.raises(Rejected, match="ZeroDivisionError"):
                box(made).retry(PROJECT, letter.id)
            assert box(made).newest(2, "", 10) == [letter], "what fails stays"
        assert box(made).retry(PROJECT, letter.id).accepted == 1
        assert made.content.read(2, place(2)).span_id == f"{2:016x}"
        assert box(made).newest(2, "", 10) == []
        with pytest.raises(Missing):
            box(made).open(2, letter.id)
        assert send(made, span(2, answer=POISON)).duplicates == 1, "it is the record that would have been kept"
    assert POISON.encode() not in every_byte(tmp_path)


def test_a_span_that_our_reader_stumbled_over_is_read_again(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        with pytest.MonkeyPatch.context() as broken:
            broken.setattr("onrecord.ingest.doors.normalize", _stumble)
            assert send(made, span(1)).rejected == 1
        (letter,) = box(made).newest(2, "", 10)
        assert box(made).open(2, letter.id)[1].stage == "Decoded"
        assert box(made).retry(PROJECT, letter.id).accepted == 1
        assert made.content.read(2, place(1)).model_served == "gpt-4o-mini"


def _stumble(*_: Any) -> Any:
    raise KeyError("a bug of ours")


def test_an_item_that_could_not_be_decoded_says_why_again_and_stays(tmp_path: Path) -> None:
    body = b'{"resourceSpans":[{"resource":{},"scopeSpans":[{"spans":["not a span"]}]}]}'
    delivery = Delivery(project=PROJECT, signal="traces", media="json", body=body)
    with recording(tmp_path, november()) as made:
        assert made.pipeline.submit(delivery).result(30).rejected == 1
        (letter,) = box(made).newest(2, "", 10)
        kept, opened = box(made).open(2, letter.id)
        assert (opened.stage, opened.raw, opened.media) == (SENT, b'"not a span"', "json")
        with pytest.raises(Rejected, match="not an object"):
            box(made).retry(PROJECT, kept.id)


def test_an_item_that_can_be_decoded_now_keeps_its_resource(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = span(1)
    request.resource_spans[0].resource.attributes.add(key="service.name").value.string_value = "desk"
    with recording(tmp_path, november()) as made:
        with monkeypatch.context() as small:
            small.setattr("onrecord.receive.otlp_protobuf.SPAN_BYTES", 10)
            assert send(made, request).rejected == 1
        (letter,) = box(made).newest(2, "", 10)
        assert box(made).retry(PROJECT, letter.id).accepted == 1
        assert made.content.read(2, place(1)).resource["service.name"] == "desk"


def test_a_letter_of_an_earlier_version_is_shown_and_can_not_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onrecord.ingest.prepare.MESSAGES_PER_SPAN", 0)
    monkeypatch.setattr("onrecord.ingest.staging.LETTER_DOMAIN", b"onrecord/dead/v1")
    with recording(tmp_path, november()) as made:
        send(made, span(1))
        (letter,) = box(made).newest(2, "", 10)
        assert b"hello" in box(made).open(2, letter.id)[1].raw
        with pytest.raises(Rejected, match="earlier version"):
            box(made).retry(PROJECT, letter.id)


def test_letters_are_listed_newest_first_in_pages_and_not_beyond_their_week(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onrecord.ingest.prepare.MESSAGES_PER_SPAN", 0)
    clock = november()
    with recording(tmp_path, clock) as made:
        for number in range(1, 4):
            send(made, span(number))
        first = box(made).newest(2, "", 2)
        assert [one.row.id for one in first] == [3, 2]
        assert [one.row.id for one in box(made).newest(2, first[-1].id, 2)] == [1]
        assert box(made).newest(3, "", 10) == [], "of another project"
        with pytest.raises(Missing):
            box(made).open(3, first[0].id)
        clock.advance(DEAD_LETTER_DAYS * 86_400_000_000 + 1)
        assert box(made, clock).newest(2, "", 10) == []
        with pytest.raises(Rejected, match="no id"):
            box(made).open(2, "../../etc")
