# mypy: ignore-errors
"""The conversation with plain provider clients: what instrumented apps run between setting up and flushing."""

import json
import sys
from collections.abc import Callable

from tests.compat import plot

IMAGE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
PLAIN = {"model": plot.MODEL, "temperature": plot.TEMPERATURE, "seed": plot.SEED, "max_tokens": plot.MAX_TOKENS}
TOOL = {"type": "function", "function": plot.WEATHER_TOOL}
FLAT_TOOL = {"type": "function", "strict": True, **plot.WEATHER_TOOL}
CLAUDE_TOOL = {
    "name": "get_weather",
    "description": plot.WEATHER_TOOL["description"],
    "input_schema": plot.WEATHER_TOOL["parameters"],
}


def opening(question: str) -> list:
    """System prompt and question."""
    return [{"role": "system", "content": plot.SYSTEM}, {"role": "user", "content": question}]


def chat(client) -> None:
    client.chat.completions.create(**PLAIN, messages=opening(plot.QUESTION), user="ada")


def stream(client) -> None:
    chunks = client.chat.completions.create(
        **PLAIN, messages=opening(plot.QUESTION), stream=True, stream_options={"include_usage": True}
    )
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == plot.ANSWER


def tools(client, run: Callable = plot.get_weather) -> None:
    messages = opening(plot.FOLLOW_UP)
    first = client.chat.completions.create(**PLAIN, messages=messages, tools=[TOOL]).choices[0].message
    call = first.tool_calls[0]
    result = run(**json.loads(call.function.arguments))
    function = {"name": call.function.name, "arguments": call.function.arguments}
    messages.append(
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": call.id, "type": "function", "function": function}],
        }
    )
    messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    client.chat.completions.create(**PLAIN, messages=messages, tools=[TOOL])


def stream_tools(client) -> None:
    chunks = client.chat.completions.create(
        **PLAIN, messages=opening(plot.FOLLOW_UP), tools=[TOOL], stream=True, stream_options={"include_usage": True}
    )
    assert len(list(chunks)) > 3


def error(client) -> None:
    try:
        client.chat.completions.create(**PLAIN, messages=opening(plot.FAILING))
    except Exception as failure:
        assert "429" in str(failure)
    else:
        raise AssertionError


def refusal(client) -> None:
    client.chat.completions.create(**PLAIN, messages=opening(plot.FORBIDDEN))


def image(client) -> None:
    content = [{"type": "text", "text": plot.QUESTION}, {"type": "image_url", "image_url": {"url": IMAGE}}]
    client.chat.completions.create(**PLAIN, messages=[{"role": "user", "content": content}])


def embeddings(client) -> None:
    client.embeddings.create(model=plot.EMBEDDER, input=list(plot.PASSAGES), encoding_format="float")


def responses(client) -> None:
    client.responses.create(
        model=plot.MODEL, instructions=plot.SYSTEM, input=plot.QUESTION, temperature=plot.TEMPERATURE
    )


def responses_stream(client) -> None:
    events = client.responses.create(model=plot.MODEL, instructions=plot.SYSTEM, input=plot.QUESTION, stream=True)
    assert [e.type for e in events][-1] == "response.completed"


def responses_tools(client) -> None:
    given = [{"role": "user", "content": plot.FOLLOW_UP}]
    first = client.responses.create(model=plot.MODEL, instructions=plot.SYSTEM, input=given, tools=[FLAT_TOOL])
    call = next(item for item in first.output if item.type == "function_call")
    given.append({"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments})
    given.append({"type": "function_call_output", "call_id": call.call_id, "output": plot.get_weather(plot.CITY)})
    client.responses.create(model=plot.MODEL, instructions=plot.SYSTEM, input=given, tools=[FLAT_TOOL])


def reasoning(client) -> None:
    client.responses.create(
        model=plot.REASONER, input=plot.RIDDLE, reasoning={"effort": "low", "summary": "auto"}, max_output_tokens=500
    )


CLAUDE = {"model": plot.CLAUDE, "max_tokens": plot.MAX_TOKENS, "system": plot.SYSTEM}


def _ask(question: str) -> list:
    return [{"role": "user", "content": question}]


def claude_chat(client) -> None:
    client.messages.create(**CLAUDE, messages=_ask(plot.QUESTION))


def claude_stream(client) -> None:
    events = client.messages.create(**CLAUDE, messages=_ask(plot.QUESTION), stream=True)
    assert [e.type for e in events][-1] == "message_stop"


def claude_tools(client) -> None:
    messages = _ask(plot.FOLLOW_UP)
    first = client.messages.create(**CLAUDE, messages=messages, tools=[CLAUDE_TOOL])
    call = next(block for block in first.content if block.type == "tool_use")
    messages.append(
        {"role": "assistant", "content": [{"type": "tool_use", "id": call.id, "name": call.name, "input": call.input}]}
    )
    messages.append(
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": plot.FORECAST}]}
    )
    client.messages.create(**CLAUDE, messages=messages, tools=[CLAUDE_TOOL])


def claude_error(client) -> None:
    try:
        client.messages.create(**CLAUDE, messages=_ask(plot.FAILING))
    except Exception as failure:
        assert "429" in str(failure)
    else:
        raise AssertionError


def claude_thinking(client) -> None:
    client.messages.create(
        model=plot.CLAUDE,
        max_tokens=2000,
        thinking={"type": "enabled", "budget_tokens": 1024},
        messages=_ask(plot.RIDDLE),
    )


def run_case(client, *, claude: bool = False, extra: dict[str, Callable] | None = None) -> None:
    """Run the case that the command line names."""
    case = sys.argv[1]
    run = (extra or {}).get(case) or globals()[f"claude_{case}" if claude else case]
    run(client)


def openai_client():
    import openai  # noqa: PLC0415 - after instrumentation

    return openai.OpenAI(max_retries=0)


def anthropic_client():
    import anthropic  # noqa: PLC0415 - after instrumentation

    return anthropic.Anthropic(max_retries=0)
