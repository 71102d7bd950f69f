# mypy: ignore-errors
"""Prompts of LangSmith's hub: pushed, changed, tagged, pulled by tag and by hash, listed and deleted."""

import json
import sys
import warnings

from langchain_core.prompts import ChatPromptTemplate
from langsmith import Client
from langsmith.utils import LangSmithNotFoundError

warnings.simplefilter("ignore")
client = Client()


def template(words: str) -> ChatPromptTemplate:
    return ChatPromptTemplate.from_messages([("system", words), ("user", "{question}")])


def system(identifier: str) -> str:
    return client.pull_prompt(identifier).format_messages(question="?")[0].content


client.push_prompt("clerk", object=template("Be kind."), description="The clerk at the desk")
client.push_prompt("clerk", object=template("Be kind and brief."), commit_tags="production")
client.push_prompt("clerk", object=template("Be brief."))
commits = list(client.list_prompt_commits("clerk"))
said = {
    "latest": system("clerk"),
    "tagged": system("clerk:production"),
    "first": system(f"clerk:{commits[-1].commit_hash[:8]}"),
    "commits": len(commits),
    "listed": [one.repo_handle for one in client.list_prompts().repos],
    "description": client.get_prompt("clerk").description,
}
client.delete_prompt("clerk")
try:
    client.pull_prompt("clerk", skip_cache=True)
except LangSmithNotFoundError:
    said["gone"] = True
sys.stdout.write(json.dumps(said))
