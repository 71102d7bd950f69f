"""A dead letter, tried again: from what was sealed of it to a prepared record, by the code of today.

Pure but for random salts and ids, like ``prepare``. What it can not do, it says in a sentence without a byte of the
letter, and the letter stays.
"""

from typing import Any, Final

import msgspec

from onrecord.errors import Missing, OnrecordError, Rejected
from onrecord.ingest.doors import DOORS, Door
from onrecord.ingest.item import SENT, Item, Letter
from onrecord.ingest.prepare import prepare_twice
from onrecord.ingest.project import ProjectRuntime
from onrecord.model.declaration import Declaration
from onrecord.model.score import Score
from onrecord.model.span import Span
from onrecord.normalize.application import under
from onrecord.receive import exchanges, interactions, langfuse, langsmith, phoenix
from onrecord.receive.otlp import Bad, Decoded, DecodedLog, decode_alone

_TOLD: Final = {kind.__name__: kind for kind in (Span, Score, Declaration)}
_PIECES: Final[dict[str, dict[str, Any]]] = {
    "otlp": {"Decoded": Decoded, "DecodedLog": DecodedLog},
    "otlp.logs": {"DecodedLog": DecodedLog},
    "interactions": {"Line": interactions.Line},
    "langfuse": {"Piece": langfuse.Piece},
    "langsmith": {"Run": langsmith.Run, "Feedback": langsmith.Feedback},
    "phoenix": {"Decoded": Decoded},
    "phoenix.scores": {"Judged": phoenix.Judged},
    "gateway": {"Piece": exchanges.Piece},
}
"""What each door reads, by the door's name and the type's."""
_WHOLE: Final = ("interactions", "langsmith")
"""Doors whose faulty pieces are bodies of their own."""


def prepared_again(letter: Letter, signal: str, runtime: ProjectRuntime) -> Item:
    """The record that a letter is, now that it can be read.

    Raises:
        Rejected: it still can not be kept, and why. Unavailable: the screen does not work.
    """
    door = DOORS.get(signal)
    if door is None:
        raise Rejected("Nothing here reads this kind of delivery any more.")
    try:
        return _prepared(letter, door, runtime)
    except OnrecordError:
        raise
    except Bad as fault:
        raise Rejected(f"It is at fault still: {fault}.") from None
    except Exception as error:  # noqa: BLE001 - it stays a dead letter, whatever our code stumbles over
        raise Rejected(f"It could not be understood ({type(error).__name__}).") from None


def _prepared(letter: Letter, door: Door, runtime: ProjectRuntime) -> Item:
    if letter.stage in _TOLD:
        value, digest, kind = _unpacked(letter.raw, _TOLD[letter.stage]), letter.digest, letter.kind
    else:
        piece = _piece(letter, door)
        value, digest, kind = under(door.read(piece), letter.application), piece.digest, door.kind(piece)
    if door.join is not None:
        ((value, digest, kind),) = door.join([(value, digest, kind)])
    if value is None:
        raise Rejected("It says nothing of a model call, so there is nothing to keep.")
    return prepare_twice(value, digest, kind, door, runtime)


def _piece(letter: Letter, door: Door) -> Any:
    """The piece that a letter holds, as its door decodes it."""
    name = door.name.decode()
    if letter.stage != SENT:
        kind = _PIECES.get(name, {}).get(letter.stage)
        if kind is None:
            raise Missing("The letter holds what this version does not know.")
        return _unpacked(letter.raw, kind)
    if letter.context is not None:
        return decode_alone(letter.raw, letter.media, letter.context, logs=name == "otlp.logs")
    if name not in _WHOLE:
        raise Rejected(
            "Of this kind of delivery a piece alone can not be tried again.",
            hint="Open the letter, and send its content again once it is mended.",
        )
    found, faults = door.decode(letter.raw, letter.media)
    if faults or len(found) != 1:
        raise Rejected(f"It is at fault still: {faults[0].reason}." if faults else "It holds more than one record.")
    return found[0]


def _unpacked(raw: bytes, kind: Any) -> Any:
    return msgspec.msgpack.decode(raw, type=kind)
