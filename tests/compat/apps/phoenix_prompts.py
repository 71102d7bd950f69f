# mypy: ignore-errors
"""``phoenix.client`` keeps a prompt in two versions, tags one, and reads them back."""

import json
import os
import sys

from phoenix.client import Client
from phoenix.client.types import PromptVersion

client = Client(base_url=os.environ["SERVER"], api_key=os.environ["KEY"])
said = {}
made = []
for words in ("Answer {{question}}.", "Answer {{question}} in one sentence."):
    version = PromptVersion(
        [{"role": "system", "content": words}], model_name="gpt-4o", model_provider="OPENAI", description="A try"
    )
    made.append(client.prompts.create(name="waiter", version=version, prompt_description="Speaks to guests"))
client.prompts.tags.create(prompt_version_id=made[0].id, name="production", description="What guests hear")


def words_of(version):
    return version.format(variables={"question": "this"}).messages[0]["content"]


said["latest"] = words_of(client.prompts.get(prompt_identifier="waiter"))
said["tagged"] = words_of(client.prompts.get(prompt_identifier="waiter", tag="production"))
said["first"] = words_of(client.prompts.get(prompt_version_id=made[0].id))
said["tags"] = [one["name"] for one in client.prompts.tags.list(prompt_version_id=made[0].id)]
client.prompts.tags.create(prompt_version_id=made[1].id, name="production")
said["moved"] = words_of(client.prompts.get(prompt_identifier="waiter", tag="production"))
said["changed"] = client.prompts.update(prompt_identifier="waiter", prompt_metadata={"team": "floor"})
client.prompts.delete(prompt_identifier="waiter")
try:
    client.prompts.get(prompt_identifier="waiter")
except ValueError as gone:
    said["gone"] = str(gone)
sys.stdout.write(json.dumps(said))
