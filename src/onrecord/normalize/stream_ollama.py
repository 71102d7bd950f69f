"""Lines of Ollama's own ``/api/chat`` and ``/api/generate``, put together. Source: Ollama, docs/api.md."""

from collections.abc import Iterable
from typing import Any

from onrecord.normalize.growing import absorb, settled
from onrecord.normalize.stream import Told, Whole

_ONCE = frozenset({"role"})


def whole(told: Iterable[Told]) -> Whole:
    """The answer that lines tell."""
    found = Whole()
    growing: dict[str, Any] = {}
    for one in told:
        line = one.value
        if not isinstance(line, dict):
            found.strange.append(line)
            continue
        if line.get("error"):
            found.error = line["error"]
            continue
        said = {key: value for key, value in line.items() if key in {"message", "response", "thinking"}}
        found.body.update({key: value for key, value in line.items() if key not in said})
        absorb(growing, said, _ONCE)
        found.complete = found.complete or line.get("done") is True
        if not found.first and (said.get("response") or said.get("thinking") or _speaks(said.get("message"))):
            found.first = one.end
    found.body.update(settled(growing))
    return found


def _speaks(message: Any) -> bool:
    return isinstance(message, dict) and any(value for key, value in message.items() if key != "role")
