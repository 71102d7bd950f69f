"""The history of one partition: which messages it already holds, so that each is stored once.

An agent sends its whole conversation again with every call. A new record therefore names an earlier record whose
messages it begins with (``base``, ``take``), points at other messages that the partition holds (``refs``), and carries
only what is new. Pure: values in, values out; nothing here is ever wrong about content, at worst it stores twice.
"""

from collections.abc import Sequence

from onrecord.vault.body import Body

_BASES = 4
"""Interleaved calls of one conversation (router, agent, sub-agent) whose message lists are remembered."""
_MESSAGES = 4_096
"""Messages of one partition that are remembered; older ones are stored again when they come back."""


class History:
    """What the commit thread remembers of one partition in one month."""

    __slots__ = ("_lists", "_where")

    def __init__(self) -> None:
        self._where: dict[bytes, tuple[int, int]] = {}
        self._lists: list[tuple[int, list[bytes]]] = []

    def encode(
        self,
        identifier: int,
        salt: bytes,
        shape: tuple[int, int, int],
        slots: Sequence[bytes],
        digests: Sequence[bytes],
    ) -> Body:
        """The body of record ``identifier``: ``slots[0]`` is its attributes segment, ``digests`` the slots' SHA-256."""
        messages = list(digests[1:])
        base, take = self._best_base(messages)
        refs: list[int] = []
        segments = [slots[0]]
        where = self._where
        if len(where) > _MESSAGES:
            where.clear()
        for position in range(take, len(messages)):
            digest = messages[position]
            known = where.get(digest)
            if known is None:
                refs += (0, len(segments))
                where[digest] = (identifier, len(segments))
                segments.append(slots[position + 1])
            elif known[0] == identifier:
                refs += (0, known[1])
            else:
                refs += known
        self.remember(identifier, messages)
        return Body(salt, shape, base, take, refs, segments)

    def remember(self, identifier: int, messages: list[bytes]) -> None:
        """Note the message list of a record, so that later ones may begin with it."""
        if len(messages) > 1:
            if len(self._lists) == _BASES:
                self._lists.pop(0)
            self._lists.append((identifier, messages))

    def place(self, digest: bytes, identifier: int, ordinal: int) -> None:
        """Note where a stored message lies (used when a history is read back from the vault)."""
        self._where[digest] = (identifier, ordinal)

    def _best_base(self, messages: list[bytes]) -> tuple[int, int]:
        best, best_take = 0, 1
        for identifier, earlier in reversed(self._lists):
            take = 0
            for ours, theirs in zip(messages, earlier, strict=False):
                if ours != theirs:
                    break
                take += 1
            if take > best_take:
                best, best_take = identifier, take
        return (best, best_take) if best else (0, 0)
