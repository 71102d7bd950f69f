"""Managed prompts: versions that never change, labels that move, and a record of each change.

A label points to one version of a name. ``latest`` is always the newest one and is never set by hand. The change is put
on the record before it is made, as an erasure is.
"""

import re
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from onrecord.control.library import Document, Library
from onrecord.doors.langfuse.listing import every
from onrecord.model.project import Project

PROMPT: Final = "langfuse.prompt"
"""Kind of document."""
TEXT, CHAT = "text", "chat"
PRODUCTION, LATEST = "production", "latest"
_REFERENCE: Final = re.compile(r"@@@langfusePrompt:name=([^|@]+)\|(version|label)=([^@]+)@@@")
Note = Callable[[dict[str, Any]], None]
"""Puts a change on the record."""


class NewPrompt(msgspec.Struct, frozen=True, kw_only=True):
    """A version that is to be made."""

    name: str
    type: str
    prompt: Any
    config: Any
    labels: Sequence[str]
    tags: Sequence[str] | None
    """``None``: those of the version before."""
    message: str


class Book:
    """The prompts of every project. Versions are numbered under a lock: one process writes a data directory."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._lock = threading.Lock()

    def newest(self, project: Project, name: str) -> Document | None:
        """The newest version of a name."""
        return self._library.get(project, PROMPT, name)

    def find(self, project: Project, name: str, version: int | None = None, label: str = "") -> Document | None:
        """A version by number or label; the one in production when neither is named."""
        if version is not None:
            return self._library.get(project, PROMPT, name, version)
        wanted = label or PRODUCTION
        if wanted == LATEST:
            return self.newest(project, name)
        return next((one for one in self._versions(project, name) if wanted in one.value["labels"]), None)

    def add(self, project: Project, new: NewPrompt, note: Note) -> Document:
        """Make a version; it takes its labels from whichever has them."""
        with self._lock:
            before = self.newest(project, new.name)
            labels = _labels(new.labels)
            tags = new.tags if new.tags is not None else before.value["tags"] if before else []
            made = Document(
                kind=PROMPT, id=new.name, name=new.name, version=before.version + 1 if before else 1,
                value={
                    "type": new.type, "prompt": new.prompt, "config": new.config, "labels": labels,
                    "tags": list(tags), "message": new.message,
                },
            )  # fmt: skip
            note({"action": "create", "name": new.name, "version": made.version, "labels": labels, "type": new.type})
            self._take_labels(project, new.name, labels)
            return self._library.put(project, made)

    def label(self, project: Project, name: str, version: int, labels: Sequence[str], note: Note) -> Document | None:
        """Give a version further labels; nothing when there is no such version."""
        with self._lock:
            one = self._library.get(project, PROMPT, name, version)
            if one is None:
                return None
            wanted = _labels([*one.value["labels"], *labels])
            note({"action": "label", "name": name, "version": version, "labels": wanted})
            self._take_labels(project, name, wanted)
            return self._library.put(project, msgspec.structs.replace(one, value={**one.value, "labels": wanted}))

    def _take_labels(self, project: Project, name: str, labels: Sequence[str]) -> None:
        for other in self._versions(project, name):
            left = [label for label in other.value["labels"] if label not in labels]
            if left != other.value["labels"]:
                self._library.put(project, msgspec.structs.replace(other, value={**other.value, "labels": left}))

    def _versions(self, project: Project, name: str) -> list[Document]:
        return list(every(self._library, project, PROMPT, name=name))


def resolved(prompt: Any, find: Callable[..., Document | None], depth: int) -> Any:
    """The prompt with the text prompts that it names put in; one that is not there stays as it was written."""
    if isinstance(prompt, list):
        return [
            {**one, "content": resolved(one["content"], find, depth)}
            if isinstance(one, dict) and isinstance(one.get("content"), str)
            else one
            for one in prompt
        ]
    if depth == 0 or not isinstance(prompt, str):
        return prompt

    def put_in(match: re.Match[str]) -> str:
        name, by, value = match.groups()
        wanted = (name, int(value), "") if by == "version" and value.isdecimal() else (name, None, value)
        inner = find(*wanted)
        if inner is None or inner.value["type"] != TEXT:
            return match[0]
        return str(resolved(inner.value["prompt"], find, depth - 1))

    return _REFERENCE.sub(put_in, prompt)


def _labels(labels: Sequence[str]) -> list[str]:
    return [label for label in dict.fromkeys(labels) if label != LATEST]
