# mypy: ignore-errors
"""A run whose inputs are larger than any record may be, between two small ones. Argument: how many megabytes."""

import random
import string
import sys

from langsmith import Client, traceable

noise = "".join(random.Random(1).choices(string.ascii_letters, k=1_000_000))


@traceable(name="before")
def before():
    return "small"


@traceable(name="large")
def large(pieces):
    return "done"


@traceable(name="after")
def after():
    return "small"


client = Client()
before(langsmith_extra={"client": client})
large([f"{number} {noise[number:]}" for number in range(int(sys.argv[1]))], langsmith_extra={"client": client})
after(langsmith_extra={"client": client})
client.tracing_queue.join()
getattr(client, "flush", lambda: None)()
print("null")
