"""A diff of two texts word by word, for prompts: what stayed, what went, what came.

Pure. Blanks belong to the word before them, so that a diff joins to both texts again. Common beginnings and ends are
set aside first, and words that are everywhere are no anchors (difflib's ``autojunk``): the time stays bounded.
"""

import re
from difflib import SequenceMatcher
from typing import Final

import msgspec

CHARACTERS: Final = 20_000
"""Characters of each text that are compared; the rest is counted."""
_WORD: Final = re.compile(
    r"\s+|[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0eff]\s*|(?:[^\s\u3040-\u30ff\u3400-\u9fff\u0e00-\u0eff])+\s*"
)


class Change(msgspec.Struct, frozen=True):
    """A run of words."""

    kind: str
    """``same``, ``gone`` (of the older text only) or ``new`` (of the newer one only)."""
    text: str


def word_diff(older: str, newer: str) -> tuple[Change, ...]:
    """``older`` to ``newer`` as runs: all but ``new`` joins to the older text, all but ``gone`` to the newer."""
    before, after = _WORD.findall(older[:CHARACTERS]), _WORD.findall(newer[:CHARACTERS])
    head = _alike(before, after)
    tail = _alike(before[head:][::-1], after[head:][::-1])
    middle = (before[head : len(before) - tail], after[head : len(after) - tail])
    runs = [("same", "".join(before[:head]))]
    for kind, start, end, first, last in SequenceMatcher(None, *middle).get_opcodes():
        if kind == "equal":
            runs.append(("same", "".join(middle[0][start:end])))
        else:
            runs += [("gone", "".join(middle[0][start:end])), ("new", "".join(middle[1][first:last]))]
    runs.append(("same", "".join(before[len(before) - tail :])))
    return tuple(_merged([Change(kind, text) for kind, text in runs if text]))


def _alike(before: list[str], after: list[str]) -> int:
    """How many words both begin with."""
    return next(
        (place for place, (one, other) in enumerate(zip(before, after, strict=False)) if one != other),
        min(len(before), len(after)),
    )


def _merged(changes: list[Change]) -> list[Change]:
    merged: list[Change] = []
    for one in changes:
        if merged and merged[-1].kind == one.kind:
            merged[-1] = Change(one.kind, merged[-1].text + one.text)
        else:
            merged.append(one)
    return merged
