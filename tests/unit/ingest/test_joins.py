"""A log record that names only a response finds its span: in either order, after a restart, and it is never lost."""

import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from onrecord.errors import Missing
from onrecord.ingest.rows import RowFeed
from onrecord.ingest.spool import Spool
from onrecord.limits import LONE_PART_SECONDS
from onrecord.model.time import Clock, FixedClock
from onrecord.server.recording import Recording
from tests.attack.world import eraser
from tests.lone import Sent, call, deliver, delivery, told
from tests.recorded import NOVEMBER_US, PROJECT, november, place, recording, span
from tests.unit.ingest.test_recording import wait_until

DAY_US = 86_400_000_000
ANSWER = "the heron nests behind the boathouse"
IDS = (f"{1:032x}", f"{1:016x}")
ORDERS = pytest.mark.parametrize("order", [1, -1], ids=["span first", "part first"])


def keep_spool(made: Recording) -> None:
    """Keep every row in the spool, so that all of them can be read."""
    made.staging.followers.append(lambda: 0)


def rows(made: Recording) -> dict[tuple[str, str], dict[str, Any]]:
    """What the store would show: the newest row of each place, by its trace and span id."""
    made.settle()
    with closing(Spool(made.data / "vault")) as spool:
        feed = RowFeed(spool, made.content, made.runtimes, made.published_entry)
        lines = [json.loads(line) for group in feed.read(0, -1) for table, line in group.rows() if table == "spans"]
    assert len({(row["trace_id"], row["span_id"], row["shard"], row["idx"]) for row in lines}) == len(
        {(row["shard"], row["idx"]) for row in lines}
    ), "a row that changes its trace is a row that stays behind"
    newest = {(row["shard"], row["idx"]): row for row in lines}
    assert len(newest) == len({(row["trace_id"], row["span_id"]) for row in newest.values()})
    return {(row["trace_id"], row["span_id"]): row for row in newest.values()}


def send_apart(directory: Path, *requests: Sent, clock: Clock | None = None) -> None:
    """Send each in a life of the process of its own."""
    for request in requests:
        with recording(directory, clock or november()) as made:
            keep_spool(made)
            deliver(made, request)


def kept(directory: Path, table: str = "record") -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(directory / "data" / "vault" / "2026-11.db")) as sql:
        return sql.execute(f"SELECT * FROM {table}").fetchall()


@ORDERS
@pytest.mark.parametrize("restart", [False, True], ids=["in one life", "over a restart"])
def test_the_answer_is_merged_into_the_span_and_nothing_else_is_shown(
    tmp_path: Path, order: int, *, restart: bool
) -> None:
    requests = [call(1), told(ANSWER)][::order]
    if restart:
        send_apart(tmp_path, *requests)
    with recording(tmp_path, november()) as made:
        keep_spool(made)
        if not restart:
            deliver(made, *requests)
        shown = rows(made)
        whole = made.content.read(2, place(1))
        second = made.published_entry(2, place(2))
        assert [ack.duplicates for ack in deliver(made, *requests)] == [1, 1], "both are recognised when sent again"
    assert list(shown) == [IDS]
    assert shown[IDS]["output_text"] == ANSWER
    assert (whole.trace_id, whole.span_id, whole.name) == (*IDS, "chat 1")
    assert whole.output[0].parts[0].text == ANSWER
    assert second is not None
    assert second.first == place(1)


def deliver_together(made: Recording, *requests: Sent) -> list[int]:
    """Send them so that one transaction takes them all; how many of each were kept before."""
    go = threading.Event()
    made.pipeline.exclusively(lambda: go.wait(30))
    waiting = []
    for request in requests:
        waiting.append(made.pipeline.submit(delivery(request)))
        wait_until(lambda: made.commits._queue.qsize() == len(waiting))
    go.set()
    return [done.result(30).duplicates for done in waiting]


@ORDERS
def test_both_in_one_transaction_are_one_span(tmp_path: Path, order: int) -> None:
    with recording(tmp_path, november()) as made:
        keep_spool(made)
        assert deliver_together(made, *[call(1), told(ANSWER)][::order]) == [0, 0]
        assert made.commits.groups_total == 1
        shown = rows(made)
    assert list(shown) == [IDS]
    assert shown[IDS]["output_text"] == ANSWER


@ORDERS
def test_a_second_span_of_the_response_keeps_to_itself(tmp_path: Path, order: int) -> None:
    with recording(tmp_path, november()) as made:
        keep_spool(made)
        deliver(made, *[call(1), told(ANSWER)][::order], call(2, trace=2), told(f"{ANSWER}, in the reeds"))
        shown = rows(made)
    assert set(shown) == {IDS, (f"{2:032x}", f"{2:016x}")}
    assert shown[IDS]["output_text"] == f"{ANSWER}, in the reeds"
    assert "output_text" not in shown[f"{2:032x}", f"{2:016x}"]


def test_an_agent_that_repeats_the_response_of_its_call_does_not_take_the_answer(tmp_path: Path) -> None:
    agent = call(2, also={"gen_ai.operation.name": "invoke_agent"})
    with recording(tmp_path, november()) as made:
        keep_spool(made)
        deliver(made, agent, call(1), told(ANSWER))
        shown = rows(made)
    assert shown[IDS]["output_text"] == ANSWER
    assert len(shown) == 2


def test_what_comes_later_with_the_ids_of_a_joined_span_is_a_part_of_it_too(tmp_path: Path) -> None:
    send_apart(tmp_path, told(ANSWER), call(1))
    with recording(tmp_path, november()) as made:
        keep_spool(made)
        deliver(
            made, call(1, response="", also={"gen_ai.request.seed": "7"}), told(ANSWER, trace=1, span=1, response="")
        )
        shown = rows(made)
    assert list(shown) == [IDS]
    assert shown[IDS]["revision"] == 3


def test_parts_that_wait_together_join_together(tmp_path: Path) -> None:
    seed = told("", also={"gen_ai.output.messages": "", "gen_ai.request.seed": "7"})
    with recording(tmp_path, november()) as made:
        keep_spool(made)
        deliver(made, told(ANSWER), seed)
        assert rows(made) == {}
        deliver(made, call(1))
        shown = rows(made)
    assert list(shown) == [IDS]
    assert shown[IDS]["output_text"] == ANSWER
    assert shown[IDS]["parameters"] == {"seed": "7"}


def test_a_part_that_no_span_comes_for_is_shown_by_itself_in_time(tmp_path: Path) -> None:
    clock = november()
    with recording(tmp_path, clock) as made:
        keep_spool(made)
        deliver(made, told(ANSWER))
        assert rows(made) == {}
        clock.advance(LONE_PART_SECONDS * 1_000_000)
        deliver(made, span(9, trace=9))
        (lonely,) = [row for (trace, _), row in rows(made).items() if trace != f"{9:032x}"]
        assert lonely["output_text"] == ANSWER
        deliver(made, call(1), told(f"{ANSWER}, late"))
        shown = rows(made)
    assert len(shown) == 3, "what was shown stays where it was shown"
    assert shown[IDS]["output_text"] == f"{ANSWER}, late", "what comes from now on joins the span"


def test_a_server_that_idles_shows_it_as_well(tmp_path: Path) -> None:
    clock = november()
    send_apart(tmp_path, told(ANSWER))
    clock.advance(LONE_PART_SECONDS * 1_000_000)
    with recording(tmp_path, clock) as made:
        keep_spool(made)
        made.pipeline.exclusively(made.staging.trim).result(30)
        assert [row["output_text"] for row in rows(made).values()] == [ANSWER]


@pytest.mark.parametrize("restart", [False, True], ids=["in one life", "over a restart"])
def test_what_waits_at_the_end_of_a_month_is_shown_and_its_span_is_whole(tmp_path: Path, *, restart: bool) -> None:
    clock = FixedClock(NOVEMBER_US + 12 * DAY_US)
    with recording(tmp_path, clock) as made:
        keep_spool(made)
        deliver(made, told(ANSWER), call(5, trace=5, response="other"))
        clock.advance(DAY_US * 3 // 4)
        if not restart:
            deliver(made, call(1), told("another answer", response="other"))
    with recording(tmp_path, clock) as made:
        keep_spool(made)
        if restart:
            deliver(made, call(1), told("another answer", response="other"))
        shown = rows(made)
    assert len(shown) == 3
    assert shown[f"{5:032x}", f"{5:016x}"]["output_text"] == "another answer"
    assert "output_text" not in shown[IDS]


def test_a_person_is_tied_to_what_waited_although_the_span_came_too_late_to_join_it(tmp_path: Path) -> None:
    clock = november()
    with recording(tmp_path, clock) as made:
        deliver(made, told(ANSWER))
        clock.advance(18 * DAY_US)
        deliver(made, call(1, also={"user.id": "zoe@example.com"}))
        assert sorted(path.name for path in (tmp_path / "data" / "vault").glob("*.db")) == ["2026-11.db", "2026-12.db"]
        erased = eraser(made).erase_user(PROJECT, "zoe@example.com")
        assert (erased.records, erased.partitions) == (2, 2)
        with pytest.raises(Missing):
            made.content.read(2, place(1))
    assert kept(tmp_path) == []


def test_an_erasure_leaves_no_link_behind(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        deliver(made, call(1, also={"user.id": "zoe@example.com"}), told(ANSWER), told(ANSWER, response="other"))
        deliver(made, call(2, trace=2, response="other"))
        assert eraser(made).erase_user(PROJECT, "zoe@example.com").records == 2
        assert len(kept(tmp_path, "response")) == 1
        deliver(made, told("said again"))
    assert len(kept(tmp_path)) == 5, "the other call and its answer, what came since, and two that say what was erased"


def test_a_span_that_says_its_answer_costs_nothing(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        deliver(made, span(1), call(2, also={"gen_ai.output.messages": '[{"role": "assistant", "content": "hi"}]'}))
        assert not made.staging._known.moved
    assert kept(tmp_path, "response") == []


def test_the_response_itself_is_nowhere_in_the_vault(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        deliver(made, call(1), told(ANSWER), told(ANSWER, response="chatcmpl-other"))
    assert len(kept(tmp_path, "response")) == 2
    files = b"".join(path.read_bytes() for path in (tmp_path / "data" / "vault").iterdir())
    assert b"chatcmpl" not in files


def test_an_altered_link_joins_nothing_and_loses_nothing(tmp_path: Path) -> None:
    send_apart(tmp_path, call(1))
    with closing(sqlite3.connect(tmp_path / "data" / "vault" / "2026-11.db")) as sql:
        sql.execute("UPDATE response SET trace = zeroblob(16)")
        sql.commit()
    with recording(tmp_path, november()) as made:
        keep_spool(made)
        deliver(made, told(ANSWER))
        assert made.content.read(2, place(2)).output[0].parts[0].text == ANSWER
        assert made.content.read(2, place(1)).output == ()


@ORDERS
def test_a_transaction_that_failed_is_decided_anew(tmp_path: Path, order: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with recording(tmp_path, november()) as made:
        keep_spool(made)
        first, second = [call(1), told(ANSWER)][::order]
        deliver(made, first)
        commit, failures = made.staging._file.commit, iter([sqlite3.OperationalError("disk I/O error")])

        def failing() -> None:
            for failure in failures:
                raise failure
            commit()

        monkeypatch.setattr(made.staging._file, "commit", failing)
        assert deliver_together(made, second, span(9, trace=9)) == [0, 0]
        shown = rows(made)
    assert set(shown) == {IDS, (f"{9:032x}", f"{9:016x}")}
    assert shown[IDS]["output_text"] == ANSWER
