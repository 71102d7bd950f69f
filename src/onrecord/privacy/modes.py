"""Content mode ``metadata``: what is left of a record when no text is kept.

Names that developers give (span, tool, agent, model, application) stay, screened like any text; what people and models
said, what tools took and gave, and every attribute outside the policy's closed lists go.
"""

from typing import Any, Final

from msgspec.structs import replace

from onrecord.model.message import Message, ToolDefinition
from onrecord.model.score import Score
from onrecord.model.span import Document, Error, PromptRef, Scope, Span, ToolCall
from onrecord.privacy.policy import METADATA_ATTRIBUTES, METADATA_RESOURCE

_ROLES: Final = frozenset(("system", "developer", "user", "assistant", "tool"))


def bare_message(message: Message) -> Message:
    """A message without its content: who spoke, and why it ended."""
    return Message(role=message.role if message.role in _ROLES else "other", finish_reason=message.finish_reason)


def bare_tool(tool: ToolDefinition) -> ToolDefinition:
    """A tool definition without its description and schema."""
    return ToolDefinition(name=tool.name)


def bare_score(score: Score) -> Score:
    """A score without comment, author and metadata."""
    return replace(score, comment="", author="", metadata={})


def bare_span(span: Span) -> Span:
    """A span without text: closed lists of attributes, names, numbers and ids."""
    error, tool, prompt = span.error, span.tool, span.prompt
    return replace(
        span,
        trace_state="",
        status_message="",
        parameters={key: value for key, value in span.parameters.items() if isinstance(value, int | float)},
        error=error and Error(type=error.type, http_status=error.http_status, retry_count=error.retry_count),
        tool=tool and ToolCall(name=tool.name, call_id=tool.call_id, type=tool.type),
        prompt=prompt and PromptRef(name=prompt.name, version=prompt.version, variant=prompt.variant),
        query="",
        documents=tuple(Document(score=document.score) for document in span.documents),
        scores=tuple(bare_score(score) for score in span.scores),
        tags=(),
        metadata={},
        attributes=_kept(span.attributes, METADATA_ATTRIBUTES),
        resource=_kept(span.resource, METADATA_RESOURCE),
        scope=Scope(name=span.scope.name, version=span.scope.version, schema_url=span.scope.schema_url),
        events=(),
        links=tuple(replace(link, trace_state="", attributes={}) for link in span.links),
    )


def _kept(attributes: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in attributes.items() if key in names}
