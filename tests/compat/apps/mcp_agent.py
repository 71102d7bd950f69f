# mypy: ignore-errors
"""An agent's client: the official MCP package asks every tool of the server at argv[1] with the key in argv[2]."""

import asyncio
import json
import sys

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


async def main(url, key):
    http = httpx2.AsyncClient(headers={"authorization": f"Bearer {key}"}, timeout=30)
    async with http, Client(streamable_http_client(url, http_client=http)) as client:
        answers = {}

        async def call(name, **arguments):
            result = await client.call_tool(name, arguments)
            text = result.content[0].text
            answers[name] = text if result.is_error else json.loads(text)
            return answers[name]

        tools = [tool.name for tool in (await client.list_tools()).tools]
        found = await call("search_traces", query="kingfisher", limit=5)
        trace_id = found["traces"][0]["trace_id"]
        tree = await call("get_trace", trace_id=trace_id)
        await call("get_span", trace_id=trace_id, span_id=tree["steps"][0]["span_id"])
        await call("aggregate", measures=["count", "cost"], group_by=["model"])
        await call("explain_failure", trace_id=trace_id)
        wrong = await client.call_tool("get_trace", {"trace_id": "f" * 32})
        said = {"version": client.protocol_version, "tools": tools, "answers": answers, "wrong": wrong.is_error}
        print(json.dumps(said))


asyncio.run(main(*sys.argv[1:]))
