# mypy: ignore-errors
"""Langfuse's Python SDK 2, which sends JSON batches: everything that an application does with it, in one run."""

import datetime as dt
import json
import os

from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI
from langfuse import Langfuse
from langfuse.callback import CallbackHandler
from langfuse.decorators import langfuse_context, observe
from langfuse.media import LangfuseMedia

from tests.compat import plot
from tests.compat.apps.langfuse_prompts import prompts

DATASET = f"capitals of {os.environ['CLIENT']}"
PNG = b"\x89PNG\r\n\x1a\n" + b"a picture of nobody" * 50
client = Langfuse()
seen = {"major": 2}


def by_hand(prompt):
    root = client.trace(
        name="my-trace",
        user_id=plot.USER,
        session_id=plot.SESSION,
        tags=["a", "b"],
        input={"question": plot.QUESTION},
        metadata={"plan": "pro", "number": "7"},
        version="v1",
        release="rel-1",
    )
    call = root.generation(
        name="call",
        model=plot.MODEL,
        model_parameters={"temperature": 0.2},
        prompt=prompt,
        input=[{"role": "system", "content": plot.SYSTEM}, {"role": "user", "content": plot.QUESTION}],
        metadata={"k": "v", "n": 1, "nested": {"a": [1, 2]}},
    )
    call.update(output="a first idea")
    call.end(
        output={"role": "assistant", "content": plot.ANSWER},
        level="WARNING",
        status_message="slow",
        usage_details={"input": 10, "output": 5, "total": 15},
        cost_details={"input": 0.001, "output": 0.002},
        completion_start_time=dt.datetime.now(dt.UTC),
    )
    outer = root.span(name="outer", input={"city": "Lisbon"})
    outer.span(name="inner", input="deep").end(output="down")
    outer.end(output={"degrees": 21})
    root.event(name="noticed", input={"what": "a bird"})
    root.span(name="failing").end(level="ERROR", status_message="it broke")
    root.span(name="picture", input={"image": LangfuseMedia(content_bytes=PNG, content_type="image/png")}).end()
    root.update(output="the end", metadata={"late": True})
    call.score(name="quality", value=0.9, comment="good")
    root.score(name="thumb", value=1, data_type="BOOLEAN")
    for _ in range(2):
        client.score(trace_id=root.id, name="mood", value="happy", id="mood-1", data_type="CATEGORICAL")
    seen["trace"], seen["call"], seen["url"] = root.id, call.id, root.get_trace_url()


@observe(as_type="generation")
def answer(question):
    langfuse_context.update_current_observation(model=plot.MODEL, usage_details={"input": 3, "output": 2})
    return plot.ANSWER


@observe()
def decorated(question):
    langfuse_context.update_current_trace(name="decorated", user_id=plot.USER, session_id=plot.SESSION, tags=["d"])
    seen["decorated"] = langfuse_context.get_current_trace_id()
    return answer(question)


def langchain():
    handler = CallbackHandler(user_id=plot.USER, session_id=plot.SESSION, tags=["lc"])
    prompt = ChatPromptTemplate.from_messages([("system", plot.SYSTEM), ("user", "{question}")])
    chain = prompt | ChatOpenAI(model=plot.MODEL, temperature=plot.TEMPERATURE, max_retries=0)
    told = chain.invoke({"question": plot.QUESTION}, config={"callbacks": [handler], "run_name": "chained"})
    assert told.content == plot.ANSWER
    handler.flush()
    seen["langchain"] = handler.get_trace_id()


def openai_dropin():
    from langfuse.openai import OpenAI, openai  # noqa: PLC0415 - wraps LangChain's client, too

    provider = OpenAI()
    messages = [{"role": "system", "content": plot.SYSTEM}, {"role": "user", "content": plot.QUESTION}]
    root = client.trace(name="drop-in", user_id=plot.USER, session_id=plot.SESSION)
    seen["openai"] = root.id
    told = provider.chat.completions.create(
        model=plot.MODEL,
        messages=messages,
        temperature=plot.TEMPERATURE,
        name="asked",
        trace_id=root.id,
        metadata={"tier": "gold"},
    )
    assert told.choices[0].message.content == plot.ANSWER
    stream = provider.chat.completions.create(
        model=plot.MODEL,
        messages=messages,
        stream=True,
        stream_options={"include_usage": True},
        name="streamed",
        trace_id=root.id,
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices) == plot.ANSWER
    openai.flush_langfuse()


def experiment():
    client.create_dataset(name=DATASET, description="of countries", metadata={"size": "small"})
    for country, capital in (("Portugal", "Lisbon"), ("Austria", "Vienna")):
        client.create_dataset_item(
            dataset_name=DATASET, id=f"{DATASET} {country}", input=country, expected_output=capital
        )
    dataset = client.get_dataset(DATASET)
    assert sorted((item.input, item.expected_output) for item in dataset.items) == [
        ("Austria", "Vienna"),
        ("Portugal", "Lisbon"),
    ]
    for item in dataset.items:
        trace = client.trace(name="try", input=item.input)
        item.link(trace, "first try 1", run_description="by hand")
        trace.score(name="right", value=float(item.input == "Portugal"))
    client.flush()
    run = client.get_dataset_run(DATASET, "first try 1")
    assert sorted(item.dataset_item_id for item in run.dataset_run_items) == [
        f"{DATASET} Austria",
        f"{DATASET} Portugal",
    ]
    assert run.description == "by hand"
    seen["run"], seen["dataset"] = run.id, dataset.id


assert client.auth_check()
by_hand(prompts(client))
decorated(plot.QUESTION)
langfuse_context.flush()
langchain()
openai_dropin()
experiment()
client.flush()
client.shutdown()
print(json.dumps(seen))
