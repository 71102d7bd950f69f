"""Operations on dead letters; ``table.py`` lists them with the others."""

from typing import Final

from onrecord.api.operation import Operation, Parameter, Question
from onrecord.query.letters import LetterRow, OpenLetter, Retried
from onrecord.query.results import Page

_EXACT: Final = Parameter(name="content", note="`exact`: a letter is never anything else", choices=("exact",))
_PURPOSE: Final = Parameter(name="purpose", note="Why, in your own words; recorded with the read")


def _list(asked: Question) -> Page[LetterRow]:
    return asked.services.letters.list(asked.access, asked.project.id, asked.page)


def _open(asked: Question) -> OpenLetter:
    return asked.services.letters.open(asked.access, asked.project.id, asked.path["letter_id"])


def _retry(asked: Question) -> Retried:
    return asked.services.letters.retry(asked.caller, asked.project.id, asked.path["letter_id"])


LETTERS: Final = (
    Operation(
        name="listDeadLetters", path="/dead-letters",
        summary="What could not be kept as a record, newest first: when, through which door, why; no content",
        handler=_list, result=Page[LetterRow], paged=True,
    ),
    Operation(
        name="getDeadLetter", path="/dead-letters/{letter_id}", summary="One with its content: exact, for a purpose",
        handler=_open, result=OpenLetter, parameters=(_EXACT, _PURPOSE),
    ),
    Operation(
        name="retryDeadLetter", path="/dead-letters/{letter_id}/retry", method="POST",
        summary="Try it again: it becomes a record and is gone, or the answer says why not; for owners",
        handler=_retry, result=Retried,
    ),
)  # fmt: skip
