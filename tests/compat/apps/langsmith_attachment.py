# mypy: ignore-errors
"""LangSmith's attachments: a picture that is handed to a traced function."""

import base64
import json
import sys

from langsmith import Client, traceable
from langsmith.run_helpers import get_current_run_tree
from langsmith.schemas import Attachment

from tests.compat.apps import talk

client = Client()
seen = {}


@traceable(name="describe")
def describe(picture: Attachment, question: str) -> str:
    run = get_current_run_tree()
    seen.update(run=str(run.id), trace=str(run.trace_id))
    return "A single pixel."


picture = base64.b64decode(talk.IMAGE.partition(",")[2])
describe(Attachment(mime_type="image/png", data=picture), "What is in it?")
client.tracing_queue.join()
getattr(client, "flush", lambda: None)()
sys.stdout.write(json.dumps(seen))
