# mypy: ignore-errors
"""What a client reads back: runs by id, by project, by filter, with children; feedback; links to pages."""

import asyncio
import json
import sys
import time

from langsmith import Client

client = Client()
seen = json.loads(sys.argv[1])
root = seen["assistant"]["run"]
run = client.read_run(root, load_child_runs=True)
runs = list(client.list_runs(project_name=sys.argv[2], trace_id=seen["assistant"]["trace"]))
models = list(
    client.list_runs(project_name=sys.argv[2], filter='and(eq(run_type, "llm"), has(tags, "golden"), lt(latency, 60))')
)
given = client.create_feedback(root, key="taste", score=0.25, comment="so so", trace_id=seen["assistant"]["trace"])
client.tracing_queue.join()
getattr(client, "flush", lambda: None)()
client.update_feedback(given.id, score=0.75)


def taste():
    for _ in range(100):
        found = [one for one in client.list_feedback(run_ids=[root]) if one.key == "taste"]
        if found and found[0].score == 0.75:
            return found[0]
        time.sleep(0.1)
    raise AssertionError


judged = taste()
client.delete_feedback(given.id)
abroad = Client(api_url="http://records.example:4318/langsmith/api/v1", api_key="or_none", auto_batch_tracing=False)
said = {
    "name": run.name,
    "inputs": run.inputs,
    "outputs": run.outputs,
    "tags": run.tags,
    "tier": run.extra["metadata"].get("tier"),
    "children": [child.name for child in run.child_runs or []],
    "tool": next([one.inputs, one.outputs] for one in runs if one.name == "get_weather"),
    "error": next(one.error for one in runs if one.name == "fragile").splitlines()[0],
    "status": sorted({one.status for one in runs}),
    "listed": sorted(one.name for one in runs),
    "models": sorted({one.name for one in models}),
    "roots": sorted({one.name for one in client.list_runs(project_name=sys.argv[2], is_root=True)}),
    "failed": sorted({one.name for one in client.list_runs(project_name=sys.argv[2], error=True)}),
    "tokens": next(one.total_tokens for one in runs if one.name == "model"),
    "comment": judged.comment,
    "url": client.get_run_url(run=run, project_name=sys.argv[2]),
    "host": abroad._host_url,
}
if hasattr(client, "list_threads"):
    threads = client.list_threads(project_name=sys.argv[2])
    thread = threads[0]["thread_id"]
    said["threads"] = [len(threads), threads[0]["count"]]
    said["thread"] = [one.name for one in client.read_thread(thread_id=thread, project_name=sys.argv[2])]
if hasattr(client, "runs"):
    project = client.read_project(project_name=sys.argv[2]).id

    async def second():
        since = "2020-01-01T00:00:00Z"
        chosen = ["ID", "NAME", "INPUTS"]
        page = client.runs.query(project_ids=[str(project)], ids=[root], selects=chosen, min_start_time=since)
        return [[str(one.id), one.name, one.inputs] async for one in page]

    said["second"] = asyncio.run(second())
sys.stdout.write(json.dumps(said))
