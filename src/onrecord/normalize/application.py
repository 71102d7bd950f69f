"""Which application a span belongs to: the name that stands closest to it, and who said it.

A *project* in the words of Phoenix, Arize and other products is an application to us (architecture, section 5). In
this order: what the span itself names, the project of its resource, what its delivery names (``x-project-name``), its
service. So whoever chose a project finds it under that name; the service stays an attribute of the resource.
"""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from onrecord.model.declaration import Declaration
from onrecord.model.score import Score
from onrecord.model.span import Span
from onrecord.normalize.values import as_text, first

PROJECT: Final = "arize.project.name"
"""On a span: where Arize's exporter routes it. Also seen on resources."""
_PROJECTS: Final = ("openinference.project.name", PROJECT, "model_id")
"""Resource attributes that name a project; ``model_id`` is Arize's older word."""


def application_of(resource: Mapping[str, Any]) -> str:
    """The application that a resource names; empty when it names none."""
    return as_text(first(resource, *_PROJECTS) or resource.get("service.name"))


def under(value: Span | Score | Declaration | None, application: str) -> Span | Score | Declaration | None:
    """A span under the application that its delivery names, unless it names more than its service."""
    if not application or not isinstance(value, Span):
        return value
    if value.application and value.application != as_text(value.resource.get("service.name")):
        return value
    if first(value.resource, *_PROJECTS):
        return value
    return replace(value, application=application)
