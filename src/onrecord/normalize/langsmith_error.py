"""Errors of LangSmith's runs: one text in which Python puts a repr and a traceback, JavaScript a stack."""

import re
from typing import Final

from onrecord.normalize.draft import Draft

_TRACEBACK: Final = "Traceback (most recent call last):"
_REPR: Final = re.compile(r"([A-Za-z_]\w*)\(")
_LAST: Final = re.compile(r"^([A-Za-z_][\w.]*)(?::[ \t]?(.*))?$", re.MULTILINE)
_SCRIPT: Final = re.compile(r"([A-Za-z_$][\w$.]*(?:Error|Exception)): ?")
_LONGEST: Final = 200_000
"""Characters that are looked through; a longer text is the message as it is."""


def read_error(draft: Draft, text: str) -> None:
    """Take a run's error apart into type, message and stack; what can not be told apart is the message."""
    head, mark, tail = text.partition(_TRACEBACK)
    if len(text) > _LONGEST:
        draft.error["message"] = text
    elif mark:
        kind, message = _of_traceback(head.strip(), tail)
        draft.error["message"] = message or head.strip()
        draft.error["stack"] = mark + tail.rstrip("\n")
        if kind:
            draft.error["type"] = kind
    else:
        _of_script(draft, text)


def _of_traceback(head: str, tail: str) -> tuple[str, str]:
    """Type and message: the repr before a traceback names the type, its last line of that type the message."""
    named = _REPR.match(head)
    last = None
    for found in _LAST.finditer(tail):
        if named is None or found[1].rpartition(".")[2] == named[1]:
            last = found
    if last is None:
        return (named[1], head) if named else ("", head)
    return last[1], tail[last.start(2) :].strip() if last[2] is not None else ""


def _of_script(draft: Draft, text: str) -> None:
    found = _SCRIPT.match(text)
    if found is None:
        named = _REPR.match(text)
        if named is not None and text.endswith(")"):
            draft.error["type"] = named[1]
        draft.error["message"] = text
        return
    message, at, _ = text[found.end() :].partition("\n    at ")
    draft.error |= {"type": found[1], "message": message}
    if at:
        draft.error["stack"] = text
