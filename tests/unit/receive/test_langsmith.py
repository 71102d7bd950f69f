"""Bodies of LangSmith's clients: post and patch of one run in one body are one piece, and nothing raises."""

import contextlib
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from onrecord.receive.langsmith import (
    Feedback,
    Run,
    attachments,
    decode_batch,
    decode_feedback,
    decode_multipart,
    decode_run,
)

ID = "01a210b4-9996-7078-8b40-4a9f2a0c3e3e"
POST = {"id": ID, "name": "step", "outputs": {}, "extra": {"metadata": {"a": 1, "b": 1}, "runtime": {"sdk": "x"}}}
PATCH = {"id": ID, "outputs": {"n": 1}, "error": None, "extra": {"metadata": {"b": 2, "c": 3}}}


def batch(**runs: list[Any]) -> bytes:
    return json.dumps(runs).encode()


def only(body: bytes) -> Run:
    (piece,), faults = decode_batch(body, "")
    assert not faults
    assert isinstance(piece, Run)
    return piece


def test_a_run_is_what_its_pieces_say_together() -> None:
    run = only(batch(post=[POST], patch=[PATCH]))
    assert run.values["outputs"] == {"n": 1}
    assert run.values["extra"] == {"metadata": {"a": 1, "b": 2, "c": 3}, "runtime": {"sdk": "x"}}
    assert run.is_patch is False


def test_a_patch_alone_is_a_patch() -> None:
    assert only(batch(patch=[PATCH])).is_patch is True


def test_a_map_of_inputs_is_replaced_and_never_mixed() -> None:
    run = only(batch(post=[POST | {"inputs": {"metadata": 1, "old": 1}}], patch=[PATCH | {"inputs": {"metadata": 2}}]))
    assert run.values["inputs"] == {"metadata": 2}


def test_the_same_body_gives_the_same_digests_and_another_gives_others() -> None:
    first, again, other = (only(batch(post=[POST | more])).digest for more in ({}, {}, {"name": "other"}))
    assert first == again != other


def test_a_run_without_an_id_is_a_fault_of_its_own() -> None:
    pieces, faults = decode_batch(batch(post=[{"name": "x"}, POST, 3]), "")
    assert len(pieces) == 1
    assert [fault.reason for fault in faults] == ["a run without an id"] * 2


def test_a_single_run_takes_what_its_address_says() -> None:
    ((patched,), _), ((posted,), _) = (
        decode_run(b"{}", f"patch\n{ID}\nt"),
        decode_run(json.dumps(POST).encode(), "post"),
    )
    assert isinstance(patched, Run)
    assert isinstance(posted, Run)
    assert (patched.values, patched.is_patch) == ({"id": ID, "trace_id": "t"}, True)
    assert posted.values["name"] == "step"


def test_what_nests_too_deep_is_kept_as_text() -> None:
    deep: Any = 1
    for _ in range(80):
        deep = [deep]
    run = only(batch(post=[POST | {"inputs": {"deep": deep}}]))
    assert run.values["inputs"] == json.dumps({"deep": deep}, separators=(",", ":"))
    assert run.values["name"] == "step"


def test_what_nests_beyond_all_reason_is_a_fault_of_its_own() -> None:
    deep = b"[" * 900 + b"]" * 900
    posted = json.dumps(POST).encode()
    pieces, faults = decode_batch(b'{"post": [%s, {"id": "x", "inputs": %s}]}' % (posted, deep), "")
    assert [piece.values["id"] for piece in pieces if isinstance(piece, Run)] == [ID]
    assert [fault.reason for fault in faults] == ["a run that nests too deep"]
    for decode in (decode_run, decode_feedback):
        assert [fault.reason for fault in decode(b'{"id": "x", "a": %s}' % deep, "post")[1]] == [
            "a part that nests too deep"
        ]


@given(st.binary(max_size=80))
def test_no_bytes_raise(body: bytes) -> None:
    for decode in (decode_batch, decode_feedback, decode_run):
        pieces, faults = decode(body, "post")
        assert all(isinstance(piece, Run | Feedback) for piece in pieces)
        assert pieces or faults or body.strip() in (b"{}", b"")
    decode_multipart(b"--x\r\n" + body, "multipart/form-data; boundary=x")
    with contextlib.suppress(StopIteration):
        attachments(b"--x\r\n" + body, "multipart/form-data; boundary=x")
