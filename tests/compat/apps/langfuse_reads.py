# mypy: ignore-errors
"""Langfuse's Python SDKs read back what they sent: traces, observations, sessions, scores. Argument: a trace id."""

import json
import sys
from importlib.metadata import version

from langfuse import Langfuse

MAJOR = int(version("langfuse").partition(".")[0])
trace_id = sys.argv[1]
client = Langfuse()
seen = {}


def kept(trace):
    return {
        "name": trace.name,
        "user": trace.user_id,
        "session": trace.session_id,
        "tags": sorted(trace.tags),
        "input": trace.input,
        "output": trace.output,
        "scores": sorted(score.name for score in trace.scores),
        "observations": sorted(f"{one.type}:{one.name}" for one in trace.observations),
    }


if MAJOR == 2:
    seen = kept(client.fetch_trace(trace_id).data)
    page = client.fetch_traces(user_id=seen["user"], limit=50)
    seen["found"] = trace_id in [one.id for one in page.data]
    seen["calls"] = [one.name for one in client.fetch_observations(trace_id=trace_id, type="GENERATION").data]
    seen["sessions"] = client.fetch_sessions().meta.total_items
    (call,) = client.fetch_observations(trace_id=trace_id, type="GENERATION").data
    seen["call"] = [call.model, call.usage.input, call.usage.output, call.level, call.prompt_name, call.output]
elif MAJOR < 5:
    api = client.api
    seen = (
        kept(api.trace.get(trace_id))
        if MAJOR == 3
        else kept(api.legacy.trace_v1.get(trace_id))
        if hasattr(getattr(api, "legacy", None), "trace_v1")
        else kept(api.trace.get(trace_id))
    )
    seen["found"] = trace_id in [one.id for one in api.trace.list(user_id=seen["user"], limit=50).data]
    seen["sessions"] = api.sessions.list().meta.total_items
if MAJOR >= 3:
    told = client.resolve_media_references(obj={"image": sys.argv[2]}, resolve_with="base64_data_uri")
    seen["picture"] = told["image"].partition(",")[2]
if MAJOR >= 4:
    from langfuse import Evaluation
    from langfuse.batch_evaluation import EvaluatorInputs

    def judged(*, output, **_):
        return Evaluation(name="length", value=len(str(output)))

    done = client.run_batched_evaluation(
        **({"scope": "observations"} if MAJOR == 4 else {}),
        evaluators=[judged],
        max_items=5,
        mapper=lambda *, item: EvaluatorInputs(input=item.input, output=item.output, expected_output=None, metadata={}),
    )
    seen["evaluated"] = done.total_items_processed
    client.flush()
    rows = client.api.observations.get_many(trace_id=trace_id, fields="core,basic,io,usage,model").data
    seen["v2"] = sorted(f"{one.type}:{one.name}" for one in rows)
print(json.dumps(seen))
