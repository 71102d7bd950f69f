"""Operations on media of steps; ``table.py`` lists them with the others."""

from typing import Final

import msgspec

from onrecord.api.operation import Operation, Parameter, Question
from onrecord.api.reading import whole
from onrecord.query.results import Page
from onrecord.query.stepmedia import MediumRow

_EXACT: Final = Parameter(name="content", note="`exact`: bytes are never anything else", choices=("exact",))
_PURPOSE: Final = Parameter(name="purpose", note="Why, in your own words; recorded with the read")


class OpenMedium(msgspec.Struct, frozen=True, kw_only=True):
    """A medium with its bytes."""

    media_type: str
    """What the client says that it is."""
    size: int
    data: bytes
    """Base64."""


def _list(asked: Question) -> Page[MediumRow]:
    engine, project = asked.services.engine, asked.project.id
    return Page(rows=engine.step_media(asked.access, project, engine.span(asked.access, project, *_ids(asked))))


def _open(asked: Question) -> OpenMedium:
    number = whole("number", asked.path["number"])
    found = asked.services.engine.step_medium(asked.access, asked.project.id, _ids(asked), number)
    return OpenMedium(media_type=found.media_type, size=len(found.data), data=found.data)


def _ids(asked: Question) -> tuple[str, str]:
    return asked.path["trace_id"], asked.path["span_id"]


MEDIA: Final = (
    Operation(
        name="listMedia", path="/traces/{trace_id}/spans/{span_id}/media",
        summary="The media that a step mentions: type, size, state; no bytes",
        handler=_list, result=Page[MediumRow],
    ),
    Operation(
        name="getMedium", path="/traces/{trace_id}/spans/{span_id}/media/{number}",
        summary="One with its bytes: exact, for a purpose",
        handler=_open, result=OpenMedium, parameters=(_EXACT, _PURPOSE),
    ),
)  # fmt: skip
