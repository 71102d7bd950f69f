"""The application's own mask: a function that sees every text before it leaves the process.

It runs in the background, before anything is written to the spool. A text that it fails on, or for which it gives no
text, is withheld: what was not masked is never sent. Withheld texts are counted, on the record and in all.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

_log = logging.getLogger(__name__)
WITHHELD: Final = "[withheld]"
COUNT: Final = "onrecord.withheld"
"""Attribute: how many texts of this record were withheld."""
_PLAIN: Final = ("onrecord.", "openinference.span.kind", "telemetry.sdk.", "input.mime_type", "output.mime_type")
"""Beginnings of names whose values are words of the conventions: no person writes them."""


class Mask:
    """The mask as the spool uses it. One thread."""

    def __init__(self, hook: Callable[[str], str] | None) -> None:
        self._hook = hook
        self.withheld = 0
        """Texts withheld since the start."""

    def text(self, text: str) -> str:
        """A text as it may leave."""
        if self._hook is None or not text:
            return text
        try:
            masked = self._hook(text)
        except BaseException as error:  # noqa: BLE001 - a hook that ends the thread would end the log
            if not self.withheld:
                _log.error("the mask fails (%s); what it fails on is withheld", type(error).__name__)
            masked = None
        if isinstance(masked, str):
            return masked
        self.withheld += 1
        return WITHHELD

    def value(self, value: Any) -> Any:
        """An attribute value as it may leave: text, or arrays and maps of it; numbers stay."""
        if type(value) is str:
            return self.text(value)
        if isinstance(value, str):
            return self.text(str(value))
        if isinstance(value, bytes | bytearray):
            return self.text(bytes(value).decode("utf-8", "replace"))
        if isinstance(value, Mapping):
            return {self.text(str(name)): self.value(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(one) for one in value]
        return value

    def attributes(self, attributes: Mapping[str, Any]) -> Mapping[str, Any]:
        """Attributes as they may leave."""
        if self._hook is None:
            return attributes
        return {name: value if name.startswith(_PLAIN) else self.value(value) for name, value in attributes.items()}
