"""Values that a stream tells in pieces: texts grow by what is appended, and are joined once, at the end."""

from typing import Any


class Text(list[str]):
    """A text in pieces; joined by ``settled``."""


def append(value: dict[str, Any], key: str, piece: str) -> None:
    """Append to the text under a key. What stood there and was no text is overwritten."""
    known = value.get(key)
    if type(known) is Text:
        known.append(piece)
    else:
        value[key] = Text([known, piece] if isinstance(known, str) else [piece])


def settled(value: Any) -> Any:
    """The value with every text joined."""
    if type(value) is Text:
        return "".join(value)
    if isinstance(value, dict):
        return {key: settled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [settled(item) for item in value]
    return value


def absorb(value: dict[str, Any], delta: dict[str, Any], once: frozenset[str]) -> None:
    """Let a delta grow a map: texts append, lists extend, maps grow; whatever is in ``once`` is said the first time."""
    for key, piece in delta.items():
        known = value.get(key)
        if piece is None:
            value.setdefault(key, None)
        elif known is None or (key in once and not known):
            value[key] = Text([piece]) if isinstance(piece, str) and key not in once else piece
        elif key in once:
            continue
        elif isinstance(piece, str) and isinstance(known, str | Text):
            append(value, key, piece)
        elif isinstance(piece, list) and type(known) is list:
            known.extend(piece)
        elif isinstance(piece, dict) and isinstance(known, dict):
            absorb(known, piece, once)
        else:
            value[key] = piece
