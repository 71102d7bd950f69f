"""What the ingest path knows of one project while it runs: its keys, its screen, and what it has already screened.

Each distinct message is scanned once: ``ScreenedMessages`` keeps, by the SHA-256 of a message as it came, what the
vault holds of it and what the store may show. It is bounded, in memory only, and emptied by every erasure.
"""

from collections.abc import Callable
from hashlib import sha256

import msgspec

from onrecord.errors import Missing
from onrecord.keys.keystore import KeyStore
from onrecord.keys.locator import Locators
from onrecord.model.message import Message, ToolDefinition
from onrecord.model.project import ContentMode, Project
from onrecord.privacy.pseudonym import Pseudonyms
from onrecord.privacy.screen import Screen

_GENERATION_BYTES = 16 * 1024 * 1024
"""Bytes of messages in one of the two generations of the cache."""

encode = msgspec.msgpack.Encoder().encode


class Screened(msgspec.Struct, frozen=True, gc=False):
    """One message, or the tool definitions of a call, after screening."""

    slot: bytes
    """What the vault holds: msgpack of the exact value."""
    digest: bytes
    """SHA-256 of ``slot``."""
    masked: Message | None
    """What the store may show; None for tool definitions, which it does not."""
    found: tuple[str, ...]


class ScreenedMessages:
    """A bounded cache in two generations: what is used moves to the young one, the old one is dropped whole."""

    def __init__(self) -> None:
        self._young: dict[bytes, Screened] = {}
        self._old: dict[bytes, Screened] = {}
        self._young_bytes = 0

    def get(self, digest: bytes) -> Screened | None:
        """What was kept under that digest."""
        found = self._young.get(digest)
        if found is None:
            found = self._old.get(digest)
            if found is not None:
                self.put(digest, found)
        return found

    def put(self, digest: bytes, screened: Screened) -> None:
        """Keep a value; the oldest generation goes when this one is full."""
        self._young[digest] = screened
        self._young_bytes += 2 * len(screened.slot) + 400
        if self._young_bytes > _GENERATION_BYTES:
            self._old = self._young
            self._young = {}
            self._young_bytes = 0

    def clear(self) -> None:
        """Forget everything."""
        self._young, self._old, self._young_bytes = {}, {}, 0


class ProjectRuntime:
    """One project's keys and screen, made once per process."""

    def __init__(self, project: Project, pseudonym_key: bytes, locator_key: bytes) -> None:
        self.project = project
        self.pseudonym_key = pseudonym_key
        self.locator_key = locator_key
        self.locators = Locators(locator_key)
        self.pseudonyms = Pseudonyms(pseudonym_key)
        self.screen = Screen(self.pseudonyms, mode=project.mode)
        self.messages = ScreenedMessages()
        self.versions: dict[bytes, str] = {}

    def message(self, message: Message) -> Screened:
        """Screen a message, or recall what was found the first time."""
        raw = encode(message)
        digest = sha256(raw).digest()
        known = self.messages.get(digest)
        if known is None:
            exact, masked, found = self.screen.message(message)
            if exact is message:
                known = Screened(raw, digest, masked, found)
            else:
                slot = encode(exact)
                known = Screened(slot, sha256(slot).digest(), masked, found)
            self.messages.put(digest, known)
        return known

    def tools(self, tools: tuple[ToolDefinition, ...]) -> Screened:
        """Screen the tool definitions of a call as one slot."""
        raw = encode(tools)
        digest = sha256(raw).digest()
        known = self.messages.get(digest)
        if known is None:
            exact = tuple(self.screen.tools(tool)[0] for tool in tools)
            slot = encode(exact)
            known = Screened(slot, sha256(slot).digest(), None, ())
            self.messages.put(digest, known)
        return known


class ProjectRuntimes:
    """The runtimes of all projects, made on first use; one per content mode that records were kept under."""

    def __init__(self, keys: KeyStore, find: Callable[[int], Project | None]) -> None:
        """``find`` gives the project with a number."""
        self._keys = keys
        self._find = find
        self._runtimes: dict[tuple[int, str], ProjectRuntime] = {}
        self._newest: dict[int, ProjectRuntime] = {}
        self.on_forget: list[Callable[[], None]] = []

    def of(self, project: Project) -> ProjectRuntime:
        """The runtime of a project under the content mode that it has now."""
        runtime = self._runtimes.get((project.number, project.mode))
        if runtime is None:
            runtime = self._make(project)
            self._runtimes[project.number, project.mode] = runtime
        self._newest[project.number] = runtime
        return runtime

    def numbered(self, number: int) -> ProjectRuntime:
        """The runtime of the project with that number.

        Raises:
            Missing: when there is no such project.
        """
        runtime = self._newest.get(number)
        if runtime is None:
            project = self._find(number)
            if project is None:
                raise Missing("there is no such project")
            runtime = self.of(project)
        return runtime

    def under(self, number: int, mode: str) -> ProjectRuntime:
        """The runtime under the content mode that a record was kept under."""
        runtime = self.numbered(number)
        if runtime.project.mode == mode:
            return runtime
        key = (number, mode)
        if key not in self._runtimes:
            project = msgspec.structs.replace(runtime.project, mode=ContentMode(mode))
            self._runtimes[key] = self._make(project)
        return self._runtimes[key]

    def _make(self, project: Project) -> ProjectRuntime:
        keys = (self._keys.project_key(project.number, name) for name in ("pseudonym", "locator"))
        return ProjectRuntime(project, *keys)

    def forget(self) -> None:
        """Drop every screened message from memory, here and in the workers."""
        for forget in self.on_forget:
            forget()
        for runtime in list(self._runtimes.values()):  # others may be made meanwhile
            runtime.messages.clear()
            runtime.screen.forget()
