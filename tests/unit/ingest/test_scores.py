"""Judgements that are sent again: one without an id is known by its bytes."""

from pathlib import Path

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from tests.lone import deliver
from tests.recorded import NOVEMBER_US, november, recording


def judged(value: float, time_us: int = NOVEMBER_US) -> ExportLogsServiceRequest:
    """A log record with an evaluation, which has no id."""
    request = ExportLogsServiceRequest()
    one = request.resource_logs.add().scope_logs.add().log_records.add()
    one.event_name, one.time_unix_nano, one.trace_id = "gen_ai.evaluation.result", time_us * 1_000, bytes([1]) * 16
    one.attributes.add(key="gen_ai.evaluation.name").value.string_value = "tone"
    one.attributes.add(key="gen_ai.evaluation.score.value").value.double_value = value
    return request


def test_an_evaluation_without_an_id_that_is_sent_again_is_recognised(tmp_path: Path) -> None:
    with recording(tmp_path, november()) as made:
        sent = (judged(0.5), judged(0.5), judged(0.7), judged(0.5, NOVEMBER_US + 1))
        assert [ack.duplicates for ack in deliver(made, *sent)] == [0, 1, 0, 0]
    with recording(tmp_path, november()) as made:
        assert [ack.duplicates for ack in deliver(made, judged(0.7))] == [1], "after a restart too"
