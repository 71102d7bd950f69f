"""Instrumentors: what is installed is switched on once, what is broken breaks nothing."""

from importlib.metadata import EntryPoint
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider

from onrecord.sdk.instrumentors import instrument

CALLS: list[str] = []


class Good:
    """An instrumentor as OpenTelemetry describes one: one object per class, that knows whether it is on."""

    name = "good"
    is_instrumented_by_opentelemetry = False

    def instrument(self, **given: Any) -> None:
        assert isinstance(given["tracer_provider"], TracerProvider)
        CALLS.append(self.name)
        type(self).is_instrumented_by_opentelemetry = True


class Telling(Good):
    name = "telling"


class Web(Good):
    name = "web"


class Broken:
    def __init__(self) -> None:
        raise ImportError("the library is too old")


OPENINFERENCE, OPENTELEMETRY = "openinference_instrumentor", "opentelemetry_instrumentor"
INSTALLED = {
    OPENINFERENCE: [("openai", "Telling"), ("unheard_of", "Good")],
    OPENTELEMETRY: [("openai", "Good"), ("openai-v2", "Good"), ("anthropic", "Broken"), ("django", "Web"),
                    ("cohere", "NotThere")],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    CALLS.clear()
    for one in (Good, Telling, Web):
        one.is_instrumented_by_opentelemetry = False

    def entry_points(*, group: str) -> list[EntryPoint]:
        return [EntryPoint(name, f"{__name__}:{what}", group) for name, what in INSTALLED[group]]

    monkeypatch.setattr("onrecord.sdk.instrumentors.entry_points", entry_points)


def test_what_speaks_for_an_ai_library_is_on_once_and_openinference_is_preferred() -> None:
    assert instrument(TracerProvider(), True) == ["openai", "unheard_of"]
    assert CALLS == ["telling", "good"]


def test_a_second_time_nothing_is_switched_on_again() -> None:
    instrument(TracerProvider(), True)
    assert instrument(TracerProvider(), True) == ["openai", "unheard_of"]
    assert CALLS == ["telling", "good"]


def test_a_list_switches_on_what_it_names() -> None:
    assert instrument(TracerProvider(), ("django",)) == ["django"]
    assert CALLS == ["web"]


def test_nothing_is_switched_on_when_nobody_wants_it() -> None:
    assert instrument(TracerProvider(), False) == []
