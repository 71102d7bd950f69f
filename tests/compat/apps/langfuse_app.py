# mypy: ignore-errors
"""Langfuse's Python SDK 3, 4 and 5: everything that an application does with it, in one run.

Says at the end, as one line of JSON, what its own side saw. Variables: LANGFUSE_*, OPENAI_BASE_URL, OPENAI_API_KEY.
"""

import json
import os
from contextlib import nullcontext
from importlib.metadata import version

import langfuse
from langchain.agents import create_agent
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langfuse import get_client, observe
from langfuse.langchain import CallbackHandler
from langfuse.media import LangfuseMedia

from tests.compat import plot
from tests.compat.apps.langfuse_prompts import prompts

MAJOR = int(version("langfuse").partition(".")[0])
DATASET = f"capitals of {os.environ['CLIENT']}"
PNG = b"\x89PNG\r\n\x1a\n" + b"a picture of nobody" * 50
client = get_client()
seen = {"major": MAJOR}


def trace_facts(**facts):
    """User, session, tags ... of everything inside: SDK 3 says them on one span, later ones on each."""
    if MAJOR >= 4:
        return langfuse.propagate_attributes(**facts)
    name = facts.pop("trace_name", None)
    client.update_current_trace(**facts, **({"name": name} if name else {}))
    return nullcontext()


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return plot.get_weather(city)


@observe(name="decorated", as_type="tool")
def decorated(city, unit="C"):
    return {"city": city, "unit": unit, "degrees": 21}


def by_hand(prompt):
    """An agent with a tool, a generation, an event, a failure, a picture and scores."""
    with client.start_as_current_observation(as_type="agent", name="root", input={"question": plot.QUESTION}) as root:
        with trace_facts(
            user_id=plot.USER,
            session_id=plot.SESSION,
            tags=["a", "b"],
            trace_name="my-trace",
            metadata={"plan": "pro", "number": "7"},
            version="v1",
        ):
            with client.start_as_current_observation(
                as_type="generation",
                name="call",
                model=plot.MODEL,
                model_parameters={"temperature": 0.2},
                input=[{"role": "system", "content": plot.SYSTEM}, {"role": "user", "content": plot.QUESTION}],
                prompt=prompt,
                metadata={"k": "v", "n": 1, "nested": {"a": [1, 2]}},
            ) as call:
                call.update(
                    output={"role": "assistant", "content": plot.ANSWER},
                    level="WARNING",
                    status_message="slow",
                    usage_details={"input": 10, "output": 5, "total": 15},
                    cost_details={"input": 0.001, "output": 0.002},
                )
            decorated("Lisbon", unit="F")
            client.create_event(name="noticed", input={"what": "a bird"})
            try:
                with client.start_as_current_observation(as_type="span", name="failing"):
                    raise ValueError("it broke")
            except ValueError:
                pass
            picture = LangfuseMedia(content_bytes=PNG, content_type="image/png")
            with client.start_as_current_observation(as_type="span", name="picture", input={"image": picture}):
                pass
            root.update(output="the end")
            root.score(name="quality", value=0.9, comment="good")
            root.score_trace(name="thumb", value=1, data_type="BOOLEAN")
        seen["trace"], seen["root"] = root.trace_id, root.id
        seen["url"] = client.get_trace_url(trace_id=root.trace_id)
    client.create_score(name="mood", value="happy", trace_id=seen["trace"], data_type="CATEGORICAL", score_id="mood-1")
    client.create_score(name="mood", value="happy", trace_id=seen["trace"], data_type="CATEGORICAL", score_id="mood-1")
    client.create_score(name="session-score", value=3, session_id=plot.SESSION)


def openai_dropin():
    from langfuse.openai import OpenAI  # noqa: PLC0415 - wraps LangChain's client, too

    provider = OpenAI()
    messages = [{"role": "system", "content": plot.SYSTEM}, {"role": "user", "content": plot.QUESTION}]
    with client.start_as_current_observation(as_type="span", name="drop-in") as root:
        seen["openai"] = root.trace_id
        answer = provider.chat.completions.create(
            model=plot.MODEL,
            messages=messages,
            temperature=plot.TEMPERATURE,
            name="asked",
            metadata={"langfuse_user_id": plot.USER, "langfuse_session_id": plot.SESSION, "tier": "gold"},
        )
        assert answer.choices[0].message.content == plot.ANSWER
        stream = provider.chat.completions.create(
            model=plot.MODEL, messages=messages, stream=True, stream_options={"include_usage": True}, name="streamed"
        )
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices) == plot.ANSWER


def langchain():
    handler = CallbackHandler()
    prompt = ChatPromptTemplate.from_messages([("system", plot.SYSTEM), ("user", "{question}")])
    chain = prompt | ChatOpenAI(model=plot.MODEL, temperature=plot.TEMPERATURE, max_retries=0)
    answer = chain.invoke(
        {"question": plot.QUESTION},
        config={
            "callbacks": [handler],
            "run_name": "chained",
            "metadata": {"langfuse_user_id": plot.USER, "langfuse_session_id": plot.SESSION, "langfuse_tags": ["lc"]},
        },
    )
    assert answer.content == plot.ANSWER
    seen["langchain"] = handler.last_trace_id
    get_weather.invoke({"city": plot.CITY}, config={"callbacks": [handler]})


def agent():
    handler = CallbackHandler()
    model = ChatOpenAI(model=plot.MODEL, temperature=plot.TEMPERATURE, max_retries=0)
    made = create_agent(model, [get_weather], system_prompt=plot.SYSTEM, name="geographer")
    told = made.invoke(
        {"messages": [{"role": "user", "content": plot.FOLLOW_UP}]},
        config={"callbacks": [handler], "metadata": {"langfuse_user_id": plot.USER}},
    )
    assert told["messages"][-1].content == plot.TOOL_ANSWER
    seen["agent"] = handler.last_trace_id


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

    def task(*, item, **_):
        return {"Portugal": "Lisbon", "Austria": "Graz"}[item.input]

    def right(*, output, expected_output, **_):
        return langfuse.Evaluation(name="right", value=float(output == expected_output))

    result = dataset.run_experiment(name="first try", task=task, evaluators=[right], run_name="first try 1")
    assert sorted(one.evaluations[0].value for one in result.item_results) == [0.0, 1.0]
    seen["run"] = result.experiment_id if MAJOR >= 5 else result.dataset_run_id
    seen["run_url"] = result.experiment_url if MAJOR >= 5 else result.dataset_run_url
    seen["dataset"] = dataset.id
    if MAJOR < 5:
        client.flush()
        run = client.get_dataset_run(dataset_name=DATASET, run_name="first try 1")
        assert sorted(item.dataset_item_id for item in run.dataset_run_items) == [
            f"{DATASET} Austria",
            f"{DATASET} Portugal",
        ]


assert client.auth_check()
by_hand(prompts(client))
langchain()
agent()
openai_dropin()
experiment()
client.flush()
client.shutdown()
print(json.dumps(seen))
