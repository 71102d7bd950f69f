# mypy: ignore-errors
"""Managed prompts as every Langfuse SDK for Python has them: made, read by version and label, missing."""


def prompts(client):
    for text in ("Hallo {{name}}", "Hello {{name}}"):
        client.create_prompt(name="greet", prompt=text, labels=["production"], tags=["a"], config={"t": 1})
    client.create_prompt(
        name="folder/chat", type="chat", prompt=[{"role": "system", "content": "Be {{mood}}"}], commit_message="first"
    )
    assert client.get_prompt("greet").compile(name="Ada") == "Hello Ada"
    assert client.get_prompt("greet", version=1).prompt == "Hallo {{name}}"
    assert (
        client.get_prompt("folder/chat", label="latest", type="chat").compile(mood="brief")[0]["content"] == "Be brief"
    )
    client.update_prompt(name="greet", version=1, new_labels=["staging"])
    staged = client.get_prompt("greet", label="staging")
    assert (staged.version, staged.config, staged.tags) == (1, {"t": 1}, ["a"])
    missing = client.get_prompt("missing", fallback="Good day {{name}}", cache_ttl_seconds=0)
    assert missing.is_fallback
    assert missing.compile(name="Ada") == "Good day Ada"
    return client.get_prompt("greet")
