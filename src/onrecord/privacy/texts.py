"""Texts: one text in, its exact and its masked copy out; and the same for all texts of a structure.

A text is screened until nothing more is found, the masked copy always from the exact one. So screening the exact copy
again gives both copies and the labels again, and screening the masked copy gives itself. JSON kept as text is screened
string by string and stays JSON.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from onrecord.privacy.detect.engine import Hit
from onrecord.privacy.detect.finding import Finding
from onrecord.privacy.detect.mapkeys import KeyMeaning, meaning_of
from onrecord.privacy.detect.scan import Detector
from onrecord.privacy.detect.secret import is_opaque, stands_for_secret
from onrecord.privacy.identity import KnownId
from onrecord.privacy.jsontext import is_json, rewrite
from onrecord.privacy.policy import FINAL
from onrecord.privacy.pseudonym import Pseudonyms, labels_in
from onrecord.privacy.walk import Gathered

SECRET: Final = "<SECRET>"  # noqa: S105 - what stands where one stood
_ROUNDS: Final = 8
"""Screenings of one text until nothing more is found. Two are usual: a token may bring a number nearer to its word."""
_NESTING: Final = 4
"""JSON inside JSON strings that is read as such; deeper it is read as text."""
_SHORT: Final = 64
"""Characters of a text that is worth remembering as harmless."""
_CLEARED_KEPT: Final = 10_000
"""Harmless texts remembered, with their keys; in memory only."""
_KEYS_KEPT: Final = 20_000
"""Harmless map keys remembered; applications use a few hundred, and one that invents keys starts over."""


class Screened(NamedTuple):
    """A text's two copies, and the labels of what was found in it."""

    exact: str
    masked: str
    found: tuple[str, ...]


class TextScreen:
    """Screens single texts for one project. Threads may share it."""

    def __init__(self, pseudonyms: Pseudonyms, detector: Detector) -> None:
        self._pseudonyms = pseudonyms
        self._detector = detector
        self._harmless: set[str] = set()
        self._cleared: set[tuple[str, str]] = set()
        self._kept: set[str] = set()

    def copies(self, gathered: Gathered) -> "Copies | None":
        """The copies of all texts of a structure, or None when nothing can be found in it: one scan for all."""
        texts, under, keys = gathered
        suspects: list[tuple[str, str]] = []
        if not self._harmless.issuperset(keys):
            speaking = {key for key in keys if not self._learn(key)}
            suspects += [(key, "") for key in speaking]
            suspects += [(text, key) for text, key in zip(texts, under, strict=True) if key in speaking]
        cleared = self._cleared
        if cleared:
            unknown = [pair for pair in zip(texts, under, strict=True) if pair not in cleared]
            texts, under = [text for text, _ in unknown], [key for _, key in unknown]
        joined = "\n".join(texts)
        hits = self._detector.hits(joined)
        if hits:
            suspects += [(texts[place], under[place]) for place in _places(texts, joined.isascii(), hits)]
        suspects = [suspect for suspect in suspects if not self._clears(*suspect)]
        if not suspects:
            return None
        copies = Copies(self, only={text for text, _ in suspects})
        for text, key in suspects:
            copies.exact(text, key)
        return copies

    def keeps(self, identifier: str) -> bool:
        """Whether the exact copy of an id is the id itself; its masked copy is a pseudonym, whatever is in it."""
        if identifier in self._kept:
            return True
        if self.text(identifier).exact != identifier:
            return False
        if len(self._kept) >= _CLEARED_KEPT:
            self._kept = set()
        self._kept.add(identifier)
        return True

    def forget(self) -> None:
        """Drop the texts and ids that are remembered as harmless."""
        self._cleared = set()
        self._kept = set()

    def _clears(self, text: str, key: str) -> bool:
        """Whether a suspect is harmless after all; short ones that are, model names and dates, come in every record."""
        if (text, key) in self._cleared:
            return True
        if len(text) > _SHORT or self.text(text, key).found:
            return False
        if len(self._cleared) >= _CLEARED_KEPT:
            self._cleared = set()
        self._cleared.add((text, key))
        return True

    def _learn(self, key: str) -> bool:
        if key in self._harmless:
            return True
        meaning = meaning_of(key)
        if meaning.secret or meaning.token or self._detector.hits(key):
            return False
        if len(self._harmless) >= _KEYS_KEPT:
            self._harmless = set()
        self._harmless.add(key)
        return True

    def text(self, text: str, key: str = "", depth: int = 0) -> Screened:
        """Screen one text that stands under ``key``, ``depth`` levels of JSON text below the record."""
        meaning = meaning_of(key)
        if _is_secret(text, meaning):
            return Screened(SECRET, SECRET, ("SECRET",))
        hits = self._detector.hits(text)
        if not hits:
            return Screened(text, text, ())
        if depth < _NESTING and is_json(text):
            copies = Copies(self, depth + 1)
            exact = rewrite(text, copies.exact)
            return Screened(exact, rewrite(exact, copies.masked), copies.found())
        found = self._detector.find(text, meaning.hint, hits)
        exact, found = self._settle(text, found, meaning.hint, FINAL)
        if _is_secret(exact, meaning):  # what is left of it when a part has gone
            return Screened(SECRET, SECRET, ("SECRET",))
        masked, _ = self._settle(exact, found, meaning.hint, None)
        if _is_secret(masked, meaning):
            masked = SECRET
        return Screened(exact, masked, labels_in(masked))

    def _settle(
        self, text: str, found: list[Finding], hint: str, only: frozenset[str] | None
    ) -> tuple[str, list[Finding]]:
        for _ in range(_ROUNDS):
            now = found if only is None else [each for each in found if each.label in only]
            if not now:
                break
            text = self._replace(text, now)
            found = self._detector.find(text, hint)
        return text, found

    def _replace(self, text: str, found: list[Finding]) -> str:
        pieces: list[str] = []
        seen = 0
        for each in found:
            pieces += (text[seen : each.start], self._stand_in(each))
            seen = each.end
        return "".join(pieces) + text[seen:]

    def _stand_in(self, found: Finding) -> str:
        if found.label == "SECRET":
            return SECRET
        if found.label == "CARD":
            return f"<CARD_{found.canonical}>"
        return self._pseudonyms.token(found.label, found.canonical)


def _is_secret(text: str, meaning: KeyMeaning) -> bool:
    """Whether ``text`` is a secret because of the key under which it stands."""
    return (meaning.secret and not stands_for_secret(text)) or (meaning.token and is_opaque(text))


def _places(texts: list[str], ascii_only: bool, hits: list[Hit]) -> list[int]:
    """Numbers of the texts, joined by line breaks, in which hits end."""
    lengths = map(len, texts) if ascii_only else (len(text.encode("utf-8", "surrogatepass")) for text in texts)
    ends = list(accumulate(length + 1 for length in lengths))
    return sorted({bisect_right(ends, end - 1) for _, end in hits})


class Copies:
    """The two copies of one structure's texts: ``exact`` first, over the whole of it, then ``masked``.

    ``only`` names the texts in which something may be found; the others are their own copies.
    """

    def __init__(self, screen: TextScreen, depth: int = 0, only: set[str] | None = None) -> None:
        self._screen = screen
        self._depth = depth
        self._only = only
        self._known: Sequence[KnownId] = ()
        self._screened: dict[tuple[str, str], Screened] = {}
        self._labels: set[str] = set()
        self.exact_differs = False
        self.masked_differs = False
        self.rewritten = False
        """Something was found in a text only after an id in it was hidden."""

    def know(self, known: Sequence[KnownId]) -> None:
        """Hide these ids, too, in masked copies."""
        self._known = known

    def exact(self, text: str, key: str) -> str:
        """The exact copy of ``text``, which stands under ``key``."""
        return text if self._only is not None and text not in self._only else self._screen_once(text, key).exact

    def masked(self, exact: str, key: str) -> str:
        """The masked copy of a text, given its exact copy."""
        masked = exact
        if self._only is None or exact in self._only:
            masked = self._screen_once(exact, key).masked
        hidden = masked
        for known in self._known:
            hidden = known.hide(hidden, key)
        if hidden == masked:
            return masked
        again = self._screen.text(hidden, key, self._depth)
        self.rewritten = self.rewritten or bool(again.found)
        return again.masked

    def found(self) -> tuple[str, ...]:
        """Labels of what was found, sorted."""
        return tuple(sorted(self._labels))

    def _screen_once(self, text: str, key: str) -> Screened:
        screened = self._screened.get((text, key))
        if screened is None:
            screened = self._screen.text(text, key, self._depth)
            self._screened[text, key] = self._screened[screened.exact, key] = screened
            self._labels.update(screened.found)
            self.exact_differs = self.exact_differs or screened.exact != text
            self.masked_differs = self.masked_differs or screened.masked != text
            if self._only is not None:
                self._only.add(screened.exact)
        return screened
