"""The labelled texts, and how well the screen does on them: counted by label and language.

Texts are invented. ``{{LABEL|value}}`` marks what must be found; a line without a mark is a technical text in which
nothing may be found. The texts and the rules have the same author: read the figures as an upper bound.
"""

import re
from pathlib import Path
from typing import NamedTuple

from onrecord.privacy.detect.scan import detector

FOLDER = Path(__file__).parent / "labelled"
LANGUAGES = ("en", "nl", "de", "fr", "es")
_MARK = re.compile(r"\{\{([A-Z_]+)\|(.*?)\}\}")


class Labelled(NamedTuple):
    """One text, and the (label, value) pairs in it."""

    text: str
    wanted: frozenset[tuple[str, str]]


class Score(NamedTuple):
    """Counts of one label in one language."""

    right: int
    missed: int
    wrong: int

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0


def texts_of(language: str) -> list[Labelled]:
    lines = (FOLDER / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    return [Labelled(_MARK.sub(r"\2", line), frozenset(_MARK.findall(line))) for line in lines]


def found_in(text: str) -> frozenset[tuple[str, str]]:
    return frozenset((each.label, text[each.start : each.end]) for each in detector().find(text))


def score(language: str) -> dict[str, Score]:
    """Counts by label; a value counts when its borders are exact."""
    counts: dict[str, list[int]] = {}
    for labelled in texts_of(language):
        found = found_in(labelled.text)
        for place, values in enumerate((found & labelled.wanted, labelled.wanted - found, found - labelled.wanted)):
            for label, _ in values:
                counts.setdefault(label, [0, 0, 0])[place] += 1
    return {label: Score(*values) for label, values in sorted(counts.items())}


def negatives_hit(language: str) -> tuple[int, int]:
    """How many texts without personal data have a finding, and how many such texts there are."""
    clean = [labelled.text for labelled in texts_of(language) if not labelled.wanted]
    return sum(bool(found_in(text)) for text in clean), len(clean)
