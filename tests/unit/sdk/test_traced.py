"""``trace``, ``span`` and ``context``: what is captured, in every form of a function, and what never changes."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import onrecord
from onrecord.sdk.state import CURRENT


@pytest.fixture
def seen(tmp_path: Any) -> Iterator[InMemorySpanExporter]:
    """What another exporter of the same application sees of our spans."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    onrecord.init(
        endpoint="http://127.0.0.1:9", spool=tmp_path, tracer_provider=provider, instrument=False, exit_seconds=0
    )
    yield exporter
    onrecord.shutdown(0)


def one(exporter: InMemorySpanExporter, name: str = "") -> ReadableSpan:
    found = [span for span in exporter.get_finished_spans() if not name or span.name == name]
    assert len(found) == 1
    return found[0]


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def test_arguments_and_result_are_captured_under_their_names(seen: InMemorySpanExporter) -> None:
    @onrecord.trace
    def add(a: int, b: int = 2, *more: int, **named: int) -> int:
        return a + b + sum(more) + sum(named.values())

    assert add(1, 2, 3, four=4) == 10
    said = attributes(one(seen))
    assert said["input.value"] == '{"a":1,"b":2,"args":[3],"four":4}'
    assert (said["output.value"], said["output.mime_type"]) == ("10", "application/json")
    assert said["openinference.span.kind"] == "CHAIN"


def test_a_method_does_not_capture_its_object(seen: InMemorySpanExporter) -> None:
    class Shop:
        @onrecord.trace(name="sell", kind="tool")
        def sell(self, what: str) -> str:
            return what

    assert Shop().sell("tea") == "tea"
    assert attributes(one(seen, "sell"))["input.value"] == '{"what":"tea"}'


def test_input_and_output_can_be_left_out(seen: InMemorySpanExporter) -> None:
    @onrecord.trace(input=False, output=False)
    def secret(word: str) -> str:
        return word

    secret("hidden")
    assert "hidden" not in str(attributes(one(seen)))


def test_a_function_stays_what_it_was(seen: InMemorySpanExporter) -> None:
    @onrecord.trace
    def plain() -> None:
        """Its words."""

    @onrecord.trace
    async def coroutine() -> None: ...

    @onrecord.trace
    def generator() -> Iterator[int]:
        yield 1

    @onrecord.trace
    async def agenerator() -> AsyncIterator[int]:
        yield 1

    assert (plain.__name__, plain.__doc__) == ("plain", "Its words.")
    assert inspect.iscoroutinefunction(coroutine)
    assert inspect.isgeneratorfunction(generator)
    assert inspect.isasyncgenfunction(agenerator)


def test_an_error_is_recorded_and_raised_unchanged(seen: InMemorySpanExporter) -> None:
    error = KeyError("k")

    @onrecord.trace
    def fails() -> None:
        raise error

    with pytest.raises(KeyError) as raised:
        fails()
    assert raised.value is error
    span = one(seen)
    assert span.status.status_code.name == "ERROR"
    assert span.events[0].name == "exception"


def test_an_error_that_has_no_words_ends_its_step_too(seen: InMemorySpanExporter) -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError

    with pytest.raises(Mute), onrecord.span("mute"):
        raise Mute
    assert (one(seen).status.status_code.name, one(seen).status.description) == ("ERROR", "Mute")


def test_a_generator_passes_on_what_is_sent_thrown_and_returned(seen: InMemorySpanExporter) -> None:
    @onrecord.trace
    def echo() -> Any:
        heard = []
        try:
            heard.append((yield "first"))
        except ValueError:
            heard.append("caught")
        heard.append((yield "second"))
        return heard

    talk = echo()
    assert next(talk) == "first"
    assert talk.throw(ValueError("x")) == "second"
    with pytest.raises(StopIteration) as stop:
        talk.send("last")
    assert stop.value.value == ["caught", "last"]
    assert attributes(one(seen))["output.value"] == '["caught","last"]'


def test_a_generator_that_nobody_reads_to_its_end_keeps_what_it_gave(seen: InMemorySpanExporter) -> None:
    closed = []

    @onrecord.trace
    def pieces() -> Any:
        try:
            yield "a"
            yield "b"
        finally:
            closed.append(True)

    talk = pieces()
    next(talk)
    talk.close()
    assert closed == [True]
    span = one(seen)
    assert attributes(span)["output.value"] == "a"
    assert span.status.status_code.name == "UNSET"


def test_a_generators_step_is_current_only_while_its_code_runs(seen: InMemorySpanExporter) -> None:
    inside = []

    @onrecord.trace
    def pieces() -> Iterator[int]:
        inside.append(onrecord.current())
        yield 1

    talk = pieces()
    next(talk)
    assert onrecord.current() == ("", "")
    assert inside[0] != ("", "")
    list(talk)


def test_an_asynchronous_generator_passes_on_what_is_sent_and_thrown(seen: InMemorySpanExporter) -> None:
    @onrecord.trace
    async def echo() -> Any:
        try:
            yield (yield "first")
        except ValueError:
            yield "caught"

    async def talk() -> list[Any]:
        said = echo()
        found = [await said.asend(None), await said.asend("mine"), await said.athrow(ValueError("x"))]
        await said.aclose()
        return found

    assert asyncio.run(talk()) == ["first", "mine", "caught"]
    assert attributes(one(seen))["output.value"] == "firstminecaught"


def test_steps_of_concurrent_tasks_stand_below_their_own_parents(seen: InMemorySpanExporter) -> None:
    @onrecord.trace
    async def child(number: int) -> None:
        await asyncio.sleep(0)

    async def parent(number: int) -> tuple[str, str]:
        with onrecord.span(f"parent {number}") as step:
            await asyncio.gather(child(number), child(number))
            return step.span_id, step.trace_id

    async def both() -> list[tuple[str, str]]:
        return list(await asyncio.gather(parent(1), parent(2)))

    parents = {span_id for span_id, _ in asyncio.run(both())}
    children = [span for span in seen.get_finished_spans() if span.name.endswith("child")]
    assert sorted(f"{span.parent.span_id:016x}" for span in children if span.parent) == sorted([*parents, *parents])


def test_other_exporters_see_no_person_from_us(seen: InMemorySpanExporter) -> None:
    with onrecord.context(user="ann@example.com", session="s-1"), onrecord.span("step"):
        pass
    assert "ann" not in str(attributes(one(seen)))


def test_what_json_does_not_know_is_named_and_never_asked_for_its_words(seen: InMemorySpanExporter) -> None:
    class Rows:
        def __repr__(self) -> str:
            raise AssertionError("a repr may run a query")

    with onrecord.span("step") as step:
        step.input({"rows": Rows()}).output(Rows())
    said = attributes(one(seen))
    assert "Rows>" in said["input.value"]
    assert "Rows>" in said["output.value"]


def test_values_that_break_their_own_encoding_do_not_reach_the_application(seen: InMemorySpanExporter) -> None:
    class Model:
        def model_dump(self) -> Any:
            raise RuntimeError("boom")

    loop: list[Any] = []
    loop.append(loop)
    for value in (Model(), loop, "\ud800", {1: {(2, 3): "x"}}, float("nan"), b"\xff"):
        with onrecord.span("step") as step:
            step.input(value).set(odd=value)
    assert len(seen.get_finished_spans()) == 6


def test_without_a_client_everything_does_nothing() -> None:
    assert CURRENT.recorder is None

    @onrecord.trace
    def add(a: int) -> int:
        return a + 1

    @onrecord.trace
    def pieces() -> Iterator[int]:
        yield from (1, 2)

    with onrecord.context(user="u"), onrecord.span("s") as step:
        step.input(1).output(2).set(a=3)
        onrecord.feedback(1.0)
        onrecord.validation("v", True)
        assert add(1) == 2
        assert list(pieces()) == [1, 2]
    assert (step.trace_id, onrecord.current()) == ("", ("", ""))
    assert onrecord.flush()
    assert onrecord.shutdown()
    assert onrecord.status() == {}


def test_a_judgement_that_is_none_does_not_reach_the_application(seen: InMemorySpanExporter) -> None:
    class Bad:
        def __str__(self) -> str:
            raise ValueError

    nothing: Any = None
    bad: Any = Bad()
    onrecord.feedback(nothing)
    onrecord.feedback(bad)
    onrecord.validation("v", True, value=bad)
    onrecord.validation("v", True, metadata=bad)
    with onrecord.context(user=bad), onrecord.span("step"):
        pass
    assert one(seen, "step").name == "step"
    assert onrecord.status()["taken"] == 1


def test_a_second_init_changes_nothing(seen: InMemorySpanExporter) -> None:
    first = CURRENT.recorder
    onrecord.init(endpoint="http://elsewhere.example", sample_rate=0.0)
    assert CURRENT.recorder is first
    with onrecord.span("step"):
        pass
    assert onrecord.status()["taken"] == 1


def test_a_sample_rate_leaves_out_whole_traces_and_counts_them(tmp_path: Any) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    onrecord.init(
        endpoint="http://127.0.0.1:9", spool=tmp_path, tracer_provider=provider, instrument=False, sample_rate=0.5,
        exit_seconds=0,
    )  # fmt: skip
    for _ in range(200):
        with onrecord.span("outer"), onrecord.span("inner"):
            pass
    status = onrecord.status()
    onrecord.shutdown(0)
    taken, left_out = int(status["taken"]), int(status["left_out"])
    assert taken + left_out == 400
    assert taken % 2 == left_out % 2 == 0
    assert 100 < taken < 300
