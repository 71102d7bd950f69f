"""Texts: one text in, its exact and its masked copy out; and the same for all texts of a structure.

A text is screened until nothing more is found, the masked copy always from the exact one. So screening the exact copy
again gives both copies and the labels again, and screening the masked copy gives itself. JSON kept as text is screened
string by string and stays JSON.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from onrecord.privacy.detect.finding import Finding
from onrecord.privacy.detect.mapkeys import meaning_of
from onrecord.privacy.detect.scan import Detector
from onrecord.privacy.detect.secret import is_opaque, stands_for_secret
from onrecord.privacy.identity import KnownId
from onrecord.privacy.jsontext import is_json, rewrite
from onrecord.privacy.policy import FINAL
from onrecord.privacy.pseudonym import Pseudonyms, labels_in

SECRET: Final = "<SECRET>"  # noqa: S105 - what stands where one stood
_ROUNDS: Final = 8
"""Screenings of one text until nothing more is found. Two are usual: a token may bring a number nearer to its word."""
_NESTING: Final = 4
"""JSON inside JSON strings that is read as such; deeper it is read as text."""
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

    def is_clean(self, joined: str, keys: list[str]) -> bool:
        """Whether nothing can be found in texts joined by line breaks, nor because of their ``keys``: one scan."""
        if not self._harmless.issuperset(keys) and not all(map(self._learn, keys)):
            return False
        return not self._detector.hits(joined)

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
        if (meaning.secret and not stands_for_secret(text)) or (meaning.token and is_opaque(text)):
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
        masked, _ = self._settle(exact, found, meaning.hint, None)
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


class Copies:
    """The two copies of one structure's texts: ``exact`` first, over the whole of it, then ``masked``."""

    def __init__(self, screen: TextScreen, depth: int = 0) -> None:
        self._screen = screen
        self._depth = depth
        self._known: Sequence[KnownId] = ()
        self._masked: dict[tuple[str, str], str] = {}
        self._labels: set[str] = set()

    def know(self, known: Sequence[KnownId]) -> None:
        """Hide these ids, too, in masked copies."""
        self._known = known

    def exact(self, text: str, key: str) -> str:
        """The exact copy of ``text``, which stands under ``key``."""
        screened = self._screen.text(text, key, self._depth)
        self._labels.update(screened.found)
        self._masked[screened.exact, key] = screened.masked
        return screened.exact

    def masked(self, exact: str, key: str) -> str:
        """The masked copy of a text whose exact copy was made before."""
        masked = self._masked.get((exact, key))
        if masked is None:
            masked = self._screen.text(exact, key, self._depth).masked
        for known in self._known:
            masked = known.hide(masked, key)
        return masked

    def found(self) -> tuple[str, ...]:
        """Labels of what was found, sorted."""
        return tuple(sorted(self._labels))
