"""Recording: what an acknowledgement promises, what is recognised, what a part does, what stays together."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from onrecord.errors import Missing, Rejected
from onrecord.model.project import ContentMode
from onrecord.model.time import FixedClock
from onrecord.receive.port import Delivery
from tests.recorded import NOVEMBER_US, PROJECT, every_byte, in_mode, november, place, recording, send, span

DAY_US = 86_400_000_000


def test_what_is_acknowledged_reads_back_equal(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        ack = send(made, span(1, messages=(("system", "be brief"), ("user", "hello")), answer="hi there"))
        kept = made.content.read(2, place(1))
    assert ack.accepted == 1
    assert [message.parts[0].text for message in kept.input] == ["be brief", "hello"]
    assert kept.output[0].parts[0].text == "hi there"
    assert kept.model_requested or kept.model_served == "gpt-4o-mini"


def test_what_is_acknowledged_is_there_after_a_restart(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        send(made, span(1), span(2))
    with recording(tmp_path, november()) as made:
        assert made.content.read(2, place(2)).span_id == f"{2:016x}"
        send(made, span(3))
        made.settle()
        assert made.ledgers.signed_size(PROJECT.id, 2026) == 4


def test_the_same_bytes_again_are_recognised_also_after_a_restart(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        assert send(made, span(1), span(2)).duplicates == 0
        assert send(made, span(1), span(2), span(3)).duplicates == 2
    with recording(tmp_path, november()) as made:
        assert send(made, span(2)).duplicates == 1


def test_the_same_span_twice_in_one_request_is_kept_once(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        assert send(made, span(1), span(1)).duplicates == 1


def test_a_batch_sent_again_in_the_next_month_is_recognised(tmp_path: Path) -> None:
    clock = FixedClock(NOVEMBER_US + 12 * DAY_US)
    with recording(tmp_path, clock) as made:
        send(made, span(1))
        clock.advance(DAY_US * 3 // 4)
        assert send(made, span(1), span(2)).duplicates == 1
        assert sorted(path.name for path in (tmp_path / "data" / "vault").glob("*.db")) == ["2026-11.db", "2026-12.db"]
        assert made.content.read(2, place(2)).span_id == f"{2:016x}"


def test_the_same_span_with_other_bytes_is_a_part_of_the_first(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        send(made, span(1, answer="draft"))
        ack = send(made, span(1, answer="the final answer, longer than the draft"))
        made.settle()
        merged = made.content.read(2, place(1))
        entry = made.published_entry(2, place(2))
    assert ack.duplicates == 0
    assert "final answer" in str(merged.output)
    assert entry is not None
    assert entry.first == place(1)


def test_a_conversation_that_is_sent_again_costs_little_more_than_what_is_new(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        said = [("system", "s" * 2_000)]
        for turn in range(30):
            said.append(("user", f"question {turn} " + "q" * 400))
            send(made, span(turn + 1, trace=turn + 1, session="s-1", messages=tuple(said), answer=f"answer {turn}"))
            said.append(("assistant", f"answer {turn}"))
        last = made.content.read(2, place(30))
        located = made.vault.locate(2, place(30))
    assert len(last.input) == 60
    assert len(located.record.body) < 1_200


def test_text_is_nowhere_in_clear_in_the_data_directory(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        send(made, span(1, user="jan@example.com", session="conversation-of-jan", answer="zanzibar sunrise"))
        made.settle()
        stored = every_byte(tmp_path / "data" / "vault") + every_byte(tmp_path / "data" / "ledger")
    for text in (b"jan@example.com", b"conversation-of-jan", b"zanzibar"):
        assert text not in stored


def test_a_malformed_body_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        delivery = Delivery(project=PROJECT, signal="traces", media="protobuf", body=b"\xff\xff\xff")
        with pytest.raises(Rejected):
            made.pipeline.submit(delivery).result(10)
        assert made.commits_position() == 0


def test_in_metadata_mode_no_text_is_kept_at_all(tmp_path: Path) -> None:
    project = in_mode(ContentMode.METADATA)
    with recording(tmp_path, november(), project) as made:
        send(made, span(1, answer="zanzibar sunrise"), project=project)
        kept = made.content.read(2, place(1))
    assert "zanzibar" not in str(kept)


def test_in_pseudonymised_mode_the_vault_knows_no_person(tmp_path: Path) -> None:
    project = in_mode(ContentMode.PSEUDONYMISED)
    with recording(tmp_path, november(), project) as made:
        send(made, span(1, user="jan@example.com", answer="write to jan@example.com"), project=project)
        kept = made.content.read(2, place(1))
    assert "jan@example.com" not in str(kept)
    assert "<EMAIL_" in str(kept.output)


def test_a_record_that_is_not_there_is_missing_not_an_error_of_ours(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made, pytest.raises(Missing):
        made.content.read(2, place(77))


def test_a_new_year_closes_the_ledger_and_the_next_one_names_it(tmp_path: Path) -> None:
    clock = FixedClock(NOVEMBER_US + 43 * DAY_US)
    with recording(tmp_path, clock) as made:
        send(made, span(1))
        clock.advance(2 * DAY_US)
        send(made, span(2))
        made.settle()
        first = made.published_entry(2, place(0).__class__(2027, 0))
        last = made.published_entry(2, place(2))
    assert last is not None
    assert last.next == 2027
    assert first is not None
    assert first.previous is not None
    assert (first.previous.shard, first.previous.size) == (2026, 3)


def test_times_of_receipt_never_fall_when_the_clock_is_set_back(tmp_path: Path) -> None:
    clock = FixedClock(NOVEMBER_US + 40 * DAY_US)
    with recording(tmp_path, clock) as made:
        send(made, span(1))
        clock.advance(-20 * DAY_US)
        send(made, span(2))
    with recording(tmp_path, november()) as made:
        send(made, span(3))
        made.settle()
        times = [entry.received_us for entry in (made.published_entry(2, place(index)) for index in range(4)) if entry]
    assert times == [NOVEMBER_US + 40 * DAY_US] * 4
    assert sorted(path.name for path in (tmp_path / "data" / "vault").glob("*.db")) == ["2026-12.db"]


def test_a_ledger_restored_from_a_backup_is_refused_before_anything_comes(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        send(made, span(1))
    shutil.copytree(tmp_path / "data", tmp_path / "backup")
    with recording(tmp_path, november()) as made:
        send(made, span(2))
    shutil.rmtree(tmp_path / "data")
    (tmp_path / "backup").rename(tmp_path / "data")
    with recording(tmp_path, november()) as made:
        wait_until(lambda: made.sequencer.fault is not None)
        assert "backup" in str(getattr(made.sequencer.fault, "hint", ""))


def wait_until(claim: Callable[[], bool]) -> None:
    """Wait until ``claim`` holds, at most ten seconds."""
    deadline = time.monotonic() + 10
    while not claim():
        assert time.monotonic() < deadline
        time.sleep(0.01)
