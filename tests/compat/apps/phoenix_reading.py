# mypy: ignore-errors
"""``phoenix.client`` logs spans by hand and reads: projects, spans, data frames, traces, sessions, turns."""

import json
import os
import sys

import httpx
from phoenix.client import Client
from phoenix.client.exceptions import SpanCreationError

client = Client(base_url=os.environ["SERVER"], api_key=os.environ["KEY"])
said = {}


def refusal(call, *args, **named):
    try:
        call(*args, **named)
    except httpx.HTTPStatusError as refused:
        return [refused.response.status_code, refused.response.json()["detail"]]


TRACE, ROOT, CALL = "c0ffee" + "0" * 25 + "1", "c0ffee0000000001", "c0ffee0000000002"


def span(span_id, name, kind, parent=None, **attributes):
    made = {
        "name": name,
        "context": {"trace_id": TRACE, "span_id": span_id},
        "span_kind": kind,
        "start_time": "2026-11-24T10:00:00.000000+00:00",
        "end_time": "2026-11-24T10:00:01.500000+00:00",
        "status_code": "OK",
        "attributes": attributes,
    }
    return made | ({"parent_id": parent} if parent else {})


said["made"] = client.projects.create(name="kitchen", description="Orders of the kitchen")
said["logged"] = client.spans.log_spans(
    project_identifier="kitchen",
    spans=[
        span(ROOT, "order", "CHAIN", **{"input.value": "Soup?", "output.value": "Soup.", "session.id": "table-4"}),
        span(
            CALL,
            "ask",
            "LLM",
            ROOT,
            **{
                "llm": {"model_name": "gpt-4o", "token_count": {"prompt": 12, "completion": 3}},
                "llm.input_messages": [{"message.role": "user", "message.content": "Which soup is on today?"}],
                "llm.output_messages": [{"message": {"role": "assistant", "content": "Pumpkin soup."}}],
                "metadata": {"table": 4},
            },
        ),
    ],
)
try:
    client.spans.log_spans(project_identifier="kitchen", spans=[span("c0ffee0000000003", "x", "LLM") | {"name": 7}])
except SpanCreationError as refused:
    said["bad"] = str(refused)
while len(client.spans.get_spans(project_identifier="kitchen")) < 2:
    pass
said["projects"] = sorted(one["name"] for one in client.projects.list())
said["project"] = client.projects.get(project_id=said["made"]["id"])
said["spans"] = client.spans.get_spans(project_identifier="kitchen", trace_ids=[TRACE])
said["calls"] = [one["name"] for one in client.spans.get_spans(project_identifier="kitchen", span_kind="LLM")]
said["roots"] = [one["name"] for one in client.spans.get_spans(project_identifier="kitchen", parent_id="null")]
said["by_model"] = [
    one["name"] for one in client.spans.get_spans(project_identifier="kitchen", attributes={"llm.model_name": "gpt-4o"})
]
frame = client.spans.get_spans_dataframe(project_identifier="kitchen")
said["columns"] = sorted(frame.columns)
said["frame"] = frame.loc[CALL, ["name", "attributes.input.value", "attributes.output.value"]].tolist()
said["seconds"] = (frame["end_time"] - frame["start_time"]).dt.total_seconds().tolist()
(said["trace"],) = client.traces.get_traces(project_identifier="kitchen", include_spans=True)
said["sessions"] = [len(one["traces"]) for one in client.sessions.list(project_name="kitchen")]
said["turns"] = client.sessions.get_session_turns(session_id="table-4")
said["deleted"] = refusal(client.spans.delete, span_identifier=CALL)
said["sorted"] = refusal(client.traces.get_traces, project_identifier="kitchen", sort="latency_ms")
said["missing"] = refusal(client.projects.get, project_name="nowhere")
sys.stdout.write(json.dumps(said))
