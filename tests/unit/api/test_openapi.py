"""The description of the API is valid OpenAPI 3.1 and says what the routes do, no more and no less."""

import re
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from onrecord.api.app import PREFIX, routes
from onrecord.api.openapi import document, suffixes_of
from onrecord.api.operation import parameters_of
from onrecord.api.port import Services
from onrecord.api.table import OPERATIONS
from onrecord.errors import Rejected
from onrecord.query.fields import ALIASES, FIELDS
from onrecord.query.figures import MEASURES
from onrecord.query.filters import EVERYTHING, from_parameters

DOCUMENT: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(document()))
GUIDE = Path(__file__).parents[3] / "docs" / "api.md"
SAMPLES = {"number": "1", "duration": "1s", "instant": "-1h", "flag": "true"}


def test_the_document_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(cast("dict[Any, Any]", DOCUMENT)).validate()


def test_every_route_is_described_and_every_described_address_is_routed() -> None:
    made = routes(cast("Services", None))
    routed = {(method, route.path) for route in made for method in route.methods or () if method != "HEAD"}
    routed = {(method, path) for method, path in routed if "{rest:path}" not in path}
    described = {(method.upper(), PREFIX + path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert routed == described


def names(operation: str) -> set[str]:
    """Names of an operation's parameters, references followed."""
    found = set()
    for methods in DOCUMENT["paths"].values():
        for described in methods.values():
            if described["operationId"] == operation:
                for parameter in described["parameters"]:
                    key = parameter.get("$ref", "").rpartition("/")[2]
                    found.add((DOCUMENT["components"]["parameters"][key] if key else parameter)["name"])
    return found


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_every_parameter_is_described(operation: Any) -> None:
    filters = {parameter["name"] for parameter in DOCUMENT["components"]["parameters"].values()}
    own = {*operation.path_names, *(parameter.name for parameter in parameters_of(operation))}
    assert names(operation.name) == (own | filters if operation.filtered else own)


def test_every_described_filter_is_understood() -> None:
    for parameter in DOCUMENT["components"]["parameters"].values():
        name = parameter["name"].replace("KEY", "key").replace("NAME", "name")
        field = FIELDS.get(name.partition("__")[0])
        value = "x" if field is None else SAMPLES.get(field.kind, field.choices[0] if field.choices else "x")
        assert from_parameters([(name, "true" if name.endswith("__exists") else value)]) != EVERYTHING


def test_what_is_not_described_is_not_understood() -> None:
    for field in FIELDS.values():
        for suffix in {"lt", "gte", "prefix", "contains"} - set(suffixes_of(field)):
            with pytest.raises(Rejected):
                from_parameters([(f"{field.name}__{suffix}", SAMPLES.get(field.kind, "x"))])


def test_the_guide_names_every_address_field_alias_and_measure() -> None:
    guide = GUIDE.read_text()
    quoted = set(re.findall(r"`([^`]+)`", guide))
    for path in DOCUMENT["paths"]:
        assert f"/api/v1{path}" in guide, path
    assert {*FIELDS, *ALIASES, *MEASURES} <= quoted, {*FIELDS, *ALIASES, *MEASURES} - quoted
