"""The OpenAPI 3.1 document, made from the table of operations and the types of their answers. Pure."""

from typing import Any, Final

import msgspec

from onrecord.api.operation import JSON, Operation, Parameter, parameters_of
from onrecord.api.problem import MEDIA_TYPE, Problem
from onrecord.api.scores import SOURCES, NewScore
from onrecord.api.sql import FORMS, MEDIA_TYPES, NewStatement, SqlResult
from onrecord.api.table import OPERATIONS
from onrecord.query.fields import FIELDS, OPEN_MAPS, Field
from onrecord.query.filters import QUERY, SUFFIXES
from onrecord.receive.port import Ack

_REFERENCE: Final = "#/components/schemas/{name}"
_SCHEMAS: Final = {
    "number": {"type": "string", "pattern": r"^-?\d+(\.\d+)?[kM]?$"},
    "duration": {"type": "string", "pattern": r"^-?\d+(\.\d+)?(us|ms|s|m|min|h)?$"},
    "instant": {"type": "string"},
    "flag": {"type": "string", "enum": ["true", "false"]},
}
_TEXT: Final = {"type": "string"}


def document() -> dict[str, Any]:
    """The whole document."""
    answers = [one.result for one in OPERATIONS if one.result is not bytes]
    schemas, components = msgspec.json.schema_components(
        [*answers, NewStatement, SqlResult, NewScore, Ack, Problem], ref_template=_REFERENCE
    )
    named = dict(zip([one.name for one in OPERATIONS if one.result is not bytes], schemas, strict=False))
    paths: dict[str, Any] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, named.get(one.name, {}))
    paths["/scores"] = {"post": _scores(*schemas[-3:-1]), "options": _preflight()}
    paths["/sql"] = {"post": _sql(*schemas[-5:-3])}
    paths["/openapi.json"] = {"get": _described()}
    components["NewStatement"]["properties"]["format"]["enum"] = list(FORMS)
    components["NewScore"]["properties"]["source"]["enum"] = list(SOURCES)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "onrecord",
            "version": "1",
            "summary": "What is on the record: traces, search, figures and proofs.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"key": []}, {"bearer": []}, {"session": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "parameters": {"filter." + name: one for name, one in _filters().items()},
            "responses": {"Problem": _problem(schemas[-1])},
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "onrecord_session"},
            },
        },
    }


def _operation(one: Operation, schema: dict[str, Any]) -> dict[str, Any]:
    in_path = [{"name": name, "in": "path", "required": True, "schema": _TEXT} for name in one.path_names]
    in_query = [_parameter(parameter) for parameter in parameters_of(one)]
    filters = [{"$ref": f"#/components/parameters/filter.{name}"} for name in _filters()] if one.filtered else []
    body = {"schema": schema} if schema else {}
    return {
        "operationId": one.name,
        "summary": one.summary,
        "parameters": [*in_path, *in_query, *filters],
        "responses": {
            "200": {"description": one.summary, "content": {one.media_type: body}},
            "default": {"$ref": "#/components/responses/Problem"},
        },
    }


def _parameter(one: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer", "minimum": 0} if one.whole else dict(_TEXT)
    if one.choices:
        schema["enum"] = list(one.choices)
    made: dict[str, Any] = {"name": one.name, "in": "query", "description": one.note, "required": one.required}
    if one.repeated:
        return {**made, "schema": {"type": "array", "items": schema}, "style": "form", "explode": True}
    return {**made, "schema": schema}


def _filters() -> dict[str, Any]:
    """Every filter as a parameter, by the name that it has in a URL. Open maps stand as one example each."""
    line = {"name": QUERY, "in": "query", "description": "Search line, see docs/api.md", "schema": _TEXT}
    made: dict[str, Any] = {QUERY: line}
    for field in FIELDS.values():
        made[field.name] = _filter(field, field.name, field.note)
        for suffix in suffixes_of(field):
            name = f"{field.name}__{suffix}"
            note = f"{field.note} ({'is known' if suffix == 'exists' else SUFFIXES[suffix]})"
            made[name] = _filter(field, name, note, suffix)
    for name in OPEN_MAPS:
        example = f"{name}.KEY"
        made[example] = {"name": example, "in": "query", "description": f"A key of the {name}", "schema": _TEXT}
    score = {"name": "score.NAME", "in": "query", "description": "The newest score of a name", "schema": _TEXT}
    return {**made, "score.NAME": score}


def suffixes_of(field: Field) -> tuple[str, ...]:
    """What may follow a field's name in a URL."""
    if field.kind in ("number", "duration", "instant"):
        return ("ne", "lt", "lte", "gt", "gte", "exists")
    if field.kind in ("flag", "id"):
        return ("ne", "exists")
    return ("ne", "prefix", "contains", "exists")


def _filter(field: Field, name: str, note: str, suffix: str = "") -> dict[str, Any]:
    schema = _SCHEMAS["flag"] if suffix == "exists" else _SCHEMAS.get(field.kind, _TEXT)
    if field.choices and suffix in ("", "ne"):
        schema = {"type": "string", "enum": list(field.choices)}
    if suffix in ("", "ne"):
        schema = {"type": "array", "items": schema}
    return {"name": name, "in": "query", "description": note, "schema": schema}


def _scores(new: dict[str, Any], ack: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": "addScore",
        "summary": "Attach a rating, validation or evaluation; durable when answered",
        "parameters": [_parameter(Parameter(name="project", note="Id or name of the project, with a login"))],
        "requestBody": {"required": True, "content": {JSON: {"schema": new}}},
        "responses": {
            "201": {"description": "Kept", "content": {JSON: {"schema": ack}}},
            "default": {"$ref": "#/components/responses/Problem"},
        },
    }


def _sql(new: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    whole = {JSON: {"schema": result}, **{one.partition(";")[0]: {} for one in MEDIA_TYPES.values()}}
    return {
        "operationId": "runSql",
        "summary": "Run a SELECT over the views of a project; every statement is recorded",
        "requestBody": {"required": True, "content": {JSON: {"schema": new}}},
        "responses": {
            "200": {"description": "Its rows", "content": whole},
            "default": {"$ref": "#/components/responses/Problem"},
        },
    }


def _preflight() -> dict[str, Any]:
    return {
        "operationId": "allowScore",
        "summary": "CORS preflight: pages of any site may send a judgement with a key",
        "security": [],
        "responses": {"204": {"description": "Allowed"}},
    }


def _described() -> dict[str, Any]:
    return {
        "operationId": "describe",
        "summary": "This document",
        "security": [],
        "responses": {"200": {"description": "This document", "content": {JSON: {"schema": {"type": "object"}}}}},
    }


def _problem(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": "Problem details (RFC 9457)", "content": {MEDIA_TYPE: {"schema": schema}}}
