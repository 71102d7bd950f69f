"""Where in a statement the reason lies that it was not answered."""

import re
from typing import Final

_POSITION: Final = re.compile(r"failed at position (\d+)(?: \(((?:[^()]|\([^()]*\))*?)\))?")
_NAMED: Final = (
    re.compile(r"The function (\S+) is not possible"),
    re.compile(r"^(\S+) can not be called inside a lambda"),
    re.compile(r"There is no table ([^\s:]+): select"),
    re.compile(r"Table functions such as (\S+) are not possible"),
    re.compile(r"^([A-Z]{2,}) is not possible here"),
    re.compile(r"Unknown (?:expression|function|table)?[\w ]*identifier [`']([^`']+)[`']"),
    re.compile(r"Identifier '([^']+)' cannot be resolved"),
)


def place_of(statement: str, reason: str) -> tuple[int, int] | None:
    """First and last character (exclusive) of what a reason speaks of; None when it names nothing to be found.

    The engine counts bytes, from 1, in the statement without the blanks around it.
    """
    found = _POSITION.search(reason)
    if found:
        ahead = len(statement) - len(statement.lstrip())
        before = statement.lstrip().encode()[: int(found[1]) - 1].decode("utf-8", "ignore")
        begin = ahead + len(before)
        return (begin, min(len(statement), begin + max(1, len(found[2] or "")))) if begin < len(statement) else None
    for pattern in _NAMED:
        named = pattern.search(reason)
        if named:
            return _first(statement, named[1])
    return None


def _first(statement: str, name: str) -> tuple[int, int] | None:
    """Where a name stands first as a whole word, in whatever case."""
    found = re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", statement, re.IGNORECASE)
    return (found.start(), found.end()) if found else None
