"""The turn of a trace: what its user asked and what came back in the end, as its root tells it."""

import msgspec

from onrecord.query.results import SpanDetail
from onrecord.web.content import Block, View, blocks

_INSTRUCTIONS = ("system", "developer")


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """Both ends of a trace, at the level that is not exact."""

    detail: SpanDetail
    asked: tuple[Block, ...] = ()
    answer: tuple[Block, ...] = ()

    @property
    def told(self) -> bool:
        """Whether the root tells either."""
        return bool(self.asked or self.answer)


def turn_of(detail: SpanDetail, look: View) -> Turn:
    """The turn that a root tells: its newest messages but for instructions, and its output."""
    content = detail.content
    if content is None:
        return Turn(detail=detail)
    asked = [
        (place, message)
        for place, message in enumerate(content.input)
        if place >= detail.new_from and message.role not in _INSTRUCTIONS
    ]
    return Turn(
        detail=detail,
        asked=tuple(block for place, message in asked for block in blocks((message,), "input", look, place)),
        answer=blocks(content.output, "output", look),
    )
