"""Whatever a Langfuse client writes into an event: it is kept, named as bad or refused, and nothing stumbles."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from onrecord.errors import Rejected
from onrecord.ingest.doors import DOORS
from onrecord.model.score import Score
from onrecord.model.span import Span
from onrecord.receive.langfuse import judge_batch

LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(max_size=8)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
TYPES = st.sampled_from(
    ("trace-create", "span-create", "span-update", "generation-create", "generation-update", "event-create",
     "tool-create", "retriever-create", "observation-create", "score-create", "sdk-log", "unknown")
)  # fmt: skip
NAMES = st.sampled_from(
    ("id", "traceId", "parentObservationId", "name", "input", "output", "metadata", "level", "statusMessage", "model",
     "modelParameters", "usage", "usageDetails", "costDetails", "completionStartTime", "promptName", "promptVersion",
     "version", "environment", "userId", "sessionId", "release", "public", "tags", "startTime", "endTime", "timestamp",
     "value", "dataType", "comment", "observationId", "configId", "datasetRunId")
)  # fmt: skip
BODIES = st.dictionaries(NAMES, VALUES, max_size=12)
IDENTIFIED = st.builds(lambda body, ids: {**body, **ids}, BODIES, st.just({"id": "a", "traceId": "t", "name": "n"}))
EVENTS = st.fixed_dictionaries(
    {}, optional={"id": VALUES, "type": TYPES | VALUES, "timestamp": VALUES, "body": BODIES | IDENTIFIED | VALUES}
)


@given(st.lists(EVENTS, max_size=4), VALUES)
def test_no_event_makes_the_door_stumble(events: list[Any], sender: Any) -> None:
    body = json.dumps({"batch": events, "metadata": sender}).encode()
    door = DOORS["langfuse.batch"]
    try:
        pieces, faults = door.decode(body, "json")
    except Rejected:
        return
    read = [door.read(piece) for piece in pieces]
    assert all(isinstance(one, Span | Score) for one in read)
    verdicts = judge_batch(body)
    assert len(verdicts) == len(events)
    assert sum(bool(one.fault) for one in verdicts) == len(faults)
    assert sum(one.piece is not None for one in verdicts) == len(pieces)


@given(st.lists(EVENTS, max_size=3))
def test_a_batch_sent_again_has_the_same_digests(events: list[Any]) -> None:
    door = DOORS["langfuse.batch"]
    try:
        first, _ = door.decode(json.dumps({"batch": events}).encode(), "json")
        again, _ = door.decode(json.dumps({"batch": events}, indent=1, sort_keys=True).encode(), "json")
    except Rejected:
        return
    assert [one.digest for one in first] == [one.digest for one in again]
