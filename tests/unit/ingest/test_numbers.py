"""Producers' numbers on the way of a record: kept with the records, seen when missing, recorded when old."""

from pathlib import Path
from typing import Any

import pytest

from onrecord.errors import Unavailable
from onrecord.governance.completeness import read_completeness
from onrecord.ledger.entry import decode_entry
from onrecord.ledger.reader import LedgerReader, read_directory
from onrecord.limits import GAP_HOURS, GAPS_PER_PRODUCER
from onrecord.model.time import FixedClock
from onrecord.receive.port import Ack, Delivery
from onrecord.server.recording import Recording
from onrecord.vault.completeness import read_project
from onrecord.vault.producers import Totals
from tests.numbered import PRODUCER, drop, log, spans
from tests.recorded import NOVEMBER_US, PROJECT, every_byte, november, recording

DAY_US = 86_400_000_000


def send(made: Recording, body: bytes, signal: str = "traces") -> Ack:
    delivery = Delivery(project=PROJECT, signal=signal, media="json", body=body)
    return made.pipeline.submit(delivery).result(30)


def totals(tmp_path: Path) -> Totals:
    return read_completeness(tmp_path / "data").totals


def gaps(tmp_path: Path) -> list[tuple[int, int]]:
    kept = read_project(tmp_path / "data" / "vault", PROJECT.number, 10)
    return [(gap.first, gap.last) for one in kept.incomplete for gap in one.numbering.gaps]


def entries(made: Recording, kind: str) -> list[int | None]:
    """The counts of all entries of a kind."""
    made.settle()
    reader = LedgerReader(read_directory(made.ledger_directory(PROJECT.id, 2026)))
    found = [decode_entry(reader.entry(index)) for index in range(reader.checkpoint().size)]
    return [entry.records for entry in found if entry.kind == kind]


def test_whoever_sent_all_numbers_has_no_gap(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        send(made, spans(1, 2))
        send(made, spans(3))
    assert totals(tmp_path) == Totals(producers=1)


def test_a_missing_number_is_a_gap_until_it_comes(tmp_path: Path) -> None:
    clock = FixedClock(NOVEMBER_US)
    with recording(tmp_path, clock) as made:
        send(made, spans(1, 2, 6))
        assert gaps(tmp_path) == [(3, 5)]
        assert totals(tmp_path).oldest_us == NOVEMBER_US
        clock.advance(1_000)
        send(made, spans(4))
        assert gaps(tmp_path) == [(3, 3), (5, 5)]
        assert totals(tmp_path).oldest_us == NOVEMBER_US
        send(made, spans(5, 3))
    assert totals(tmp_path) == Totals(producers=1)


def test_the_same_records_again_are_harmless(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        send(made, spans(1, 2, 4))
        before = totals(tmp_path)
        assert send(made, spans(1, 2, 4)).duplicates == 3
        assert totals(tmp_path) == before


def test_gaps_are_still_known_after_a_restart(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        send(made, spans(1, 4))
    with recording(tmp_path, november()) as made:
        send(made, spans(5))
        assert gaps(tmp_path) == [(2, 3)]
        send(made, spans(2, 3))
    assert totals(tmp_path).gaps == 0


def test_a_new_month_begins_with_what_the_month_before_knew(tmp_path: Path) -> None:
    clock = FixedClock(NOVEMBER_US)
    with recording(tmp_path, clock) as made:
        send(made, spans(1, 2, 5))
        clock.advance(20 * DAY_US)
        send(made, spans(6))
        assert [path.stem for path in sorted((tmp_path / "data" / "vault").glob("*.db"))] == ["2026-11", "2026-12"]
        assert gaps(tmp_path) == [(3, 4)]
    (tmp_path / "data" / "vault" / "2026-11.db").unlink()
    assert gaps(tmp_path) == [(3, 4)]


def test_a_new_month_after_a_stop_does_so_too(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        send(made, spans(1, 3))
    with recording(tmp_path, FixedClock(NOVEMBER_US + 20 * DAY_US)) as made:
        send(made, spans(4))
        assert gaps(tmp_path) == [(2, 2)]


def test_a_declared_drop_is_no_gap_and_is_counted_once(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        send(made, spans(1, 2, 6))
        assert send(made, drop(3, 5), "logs").duplicates == 0
        assert send(made, drop(3, 5), "logs").duplicates == 1
        assert totals(tmp_path) == Totals(producers=1, dropped=3, declaring=1)
        assert entries(made, "drop") == [3]


def test_a_sample_rate_is_counted_and_recorded(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        for total in (7, 9):
            count = 7 if total == 7 else 2
            send(made, log("onrecord.sampling", rate=0.5, count=count, total=total), "logs")
        assert totals(tmp_path).sampled == 9
        assert entries(made, "sampling") == [7, 2]


def test_a_gap_that_stays_is_recorded_once_with_its_count(tmp_path: Path) -> None:
    clock = FixedClock(NOVEMBER_US)
    with recording(tmp_path, clock) as made:
        send(made, spans(1, 4, 6))
        clock.advance((GAP_HOURS - 1) * 3_600_000_000)
        send(made, spans(7))
        assert entries(made, "gap") == []
        clock.advance(2 * 3_600_000_000)
        for number in (8, 9):
            send(made, spans(number))
            made.pipeline.exclusively(lambda: None).result(10)
            clock.advance(120_000_000)
        assert entries(made, "gap") == [3]
        assert totals(tmp_path).gaps == 2
        send(made, spans(2, 3, 5))
        assert totals(tmp_path).gaps == 0


def test_a_score_counts_like_a_span(tmp_path: Path) -> None:
    said: dict[str, Any] = {"gen_ai__evaluation__name": "rating", "onrecord__sequence": 2}
    with recording(tmp_path, november()) as made:
        send(made, spans(1, 3))
        send(made, log("gen_ai.evaluation.result", trace_id="01" * 16, **said), "logs")
    assert totals(tmp_path) == Totals(producers=1)


def test_producers_of_the_same_project_do_not_fill_each_others_gaps(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        send(made, spans(1, 3))
        send(made, spans(2, producer="ab" * 16))
    assert (totals(tmp_path).producers, totals(tmp_path).gaps) == (2, 2)


def test_no_producers_id_lies_in_clear(tmp_path: Path) -> None:
    person = "ann.smith@example.com"
    with recording(tmp_path, november()) as made:
        send(made, spans(1, 3, producer=person))
        send(made, drop(2, 2, producer=person), "logs")
        made.settle()
    assert person.encode() not in every_byte(tmp_path)
    assert PRODUCER.encode() not in every_byte(tmp_path)


def test_a_number_that_is_none_is_an_attribute_like_any_other(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        send(made, spans(2**60, 0, -3))
    assert totals(tmp_path) == Totals()


def test_records_of_a_request_in_any_order_leave_no_gap(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        send(made, spans(*range(1, 2_001, 2), *range(2, 2_001, 2)))
    assert totals(tmp_path) == Totals(producers=1)


def test_what_a_failed_transaction_took_back_was_never_seen(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        send(made, spans(1))

        def fails(point: str) -> None:
            if point == "commit.keys-durable":
                raise OSError(28, "no space left")

        before, made.commits._crash_point = made.commits._crash_point, fails
        with pytest.raises(Unavailable):
            send(made, spans(2, 3))
        made.commits._crash_point = before
        assert totals(tmp_path) == Totals(producers=1)
        send(made, spans(4))
        assert gaps(tmp_path) == [(2, 3)]
        send(made, spans(2, 3))
    assert totals(tmp_path) == Totals(producers=1)


def test_of_very_many_gaps_the_oldest_are_only_counted(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        send(made, spans(*range(2, 1_202, 2)))
        assert len(gaps(tmp_path)) == GAPS_PER_PRODUCER
        assert (totals(tmp_path).gaps, totals(tmp_path).missing) == (600, 600)
        assert gaps(tmp_path)[-1] == (1_199, 1_199)
