# mypy: ignore-errors
"""``phoenix.client`` annotates what it finds: single, bulk, data frames, documents, traces, sessions, notes."""

import asyncio
import json
import os
import sys

import httpx
import pandas as pd
from phoenix.client import AsyncClient, Client

client = Client(base_url=os.environ["SERVER"], api_key=os.environ["KEY"])
trace_id, span_id = sys.argv[1:3]
said = {}

# one, in place of an earlier one with the same identifier
for label, score in (("wrong", 0.0), ("right", 1.0)):
    said["single"] = client.spans.add_span_annotation(
        span_id=span_id,
        annotation_name="correct",
        annotator_kind="LLM",
        label=label,
        score=score,
        explanation="Compared with the reference.",
        metadata={"judge": "gpt-4o"},
        identifier="run-1",
        sync=True,
    )
# many
said["bulk"] = client.spans.log_span_annotations(
    span_annotations=[
        {"name": "tone", "annotator_kind": "CODE", "span_id": span_id, "result": {"score": 0.25}},
        {"name": "reviewed", "annotator_kind": "HUMAN", "span_id": span_id, "result": {"label": "ok"}},
    ],
    sync=True,
)
# a data frame of evaluations
frame = pd.DataFrame(
    {"span_id": [span_id], "label": ["factual"], "score": [1], "explanation": ["All facts are in the source."]}
)
client.spans.log_span_annotations_dataframe(dataframe=frame, annotation_name="hallucination", annotator_kind="LLM")
client.spans.add_document_annotation(
    span_id=span_id, document_position=2, annotation_name="relevance", annotator_kind="LLM", score=0.5, sync=True
)
said["note"] = client.spans.add_span_note(span_id=span_id, note="Ask the kitchen about this one.")
client.traces.add_trace_annotation(
    trace_id=trace_id, annotation_name="solved", annotator_kind="HUMAN", label="yes", sync=True
)
client.traces.log_trace_annotations_dataframe(
    dataframe=pd.DataFrame({"trace_id": [trace_id], "score": [0.75]}),
    annotation_name="effort",
    annotator_kind="CODE",
)
client.sessions.add_session_annotation(
    session_id="visit-9", annotation_name="mood", annotator_kind="HUMAN", label="glad", sync=True
)


async def asynchronously():
    other = AsyncClient(base_url=os.environ["SERVER"], api_key=os.environ["KEY"])
    return await other.spans.add_span_annotation(
        span_id=span_id, annotation_name="brief", annotator_kind="CODE", score=1, sync=True
    )


said["async"] = asyncio.run(asynchronously())
try:
    client.spans.add_span_annotation(span_id="ab" * 8, annotation_name="x", annotator_kind="CODE", score=1, sync=True)
except httpx.HTTPStatusError as refused:
    said["unknown"] = [refused.response.status_code, refused.response.json()["detail"]]
said["read"] = client.spans.get_span_annotations(span_ids=[span_id], project_identifier="shop")
said["notes"] = client.spans.get_span_annotations(
    span_ids=[span_id], project_identifier="shop", include_annotation_names=["note"], exclude_annotation_names=[]
)
table = client.spans.get_span_annotations_dataframe(span_ids=[span_id], project_identifier="shop")
said["columns"] = sorted(table.columns)
sys.stdout.write(json.dumps(said))
