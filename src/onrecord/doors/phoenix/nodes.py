"""Ids in Phoenix's form: a word and a key in base64. Its clients tell an id from a name by that word."""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64


class Nodes:
    """Ids of one sort."""

    def __init__(self, word: str) -> None:
        self._head = f"{word}:"

    def id(self, key: str) -> str:
        """The id of what has this key."""
        return b64encode(f"{self._head}{key}".encode()).decode()

    def key(self, id_: str) -> str:
        """The key that an id was made from; what is no id of this sort is taken for a key or a name itself."""
        try:
            text = b64decode(id_, validate=True).decode()
        except (NotBase64, ValueError):
            return id_
        return text.removeprefix(self._head) if text.startswith(self._head) else id_
