"""``@onrecord.trace``: a function, coroutine or generator as a step, with its arguments and its result."""

import functools
import inspect
from collections.abc import AsyncIterator, Callable, Generator
from typing import Any, Final

from onrecord.limits import CLIENT_ITEMS
from onrecord.sdk.state import CURRENT, NOTHING
from onrecord.sdk.step import Step

_BOUND: Final = ("self", "cls")


class Traced:
    """How one function is recorded."""

    def __init__(self, function: Callable[..., Any], name: str, kind: str, *, input: bool, output: bool) -> None:  # noqa: A002
        self.function = function
        self._name = name or getattr(function, "__qualname__", type(function).__name__)
        self._kind = kind
        self._input = input
        self._output = output
        self._names = _positional(function)
        self._skip = 1 if self._names[:1] and self._names[0] in _BOUND else 0

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Step:
        """Start the step of one call."""
        step = Step(self._name, self._kind)
        step.begin(self._arguments(args, kwargs) if self._input else NOTHING)
        return step

    def finish(self, step: Step, result: Any) -> None:
        """End the step of a call that came back."""
        if self._output and result is not None:
            step.output(result)
        step.end()

    def fail(self, step: Step, so_far: Any, error: BaseException) -> None:
        """End the step of a generator that failed, or that nobody read to its end."""
        if self._output:
            step.output(so_far)
        step.end(error)

    def _arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        names = self._names
        said = dict(zip(names[self._skip :], args[self._skip :], strict=False))
        if len(args) > len(names):
            said["args"] = list(args[len(names) :])
        return {**said, **kwargs} if kwargs else said


class Items:
    """What a generator gave: pieces of text put together, anything else as a list."""

    def __init__(self) -> None:
        self._items: list[Any] = []
        self._more = 0

    def add(self, item: Any) -> None:
        """One more."""
        if len(self._items) < CLIENT_ITEMS:
            self._items.append(item)
        else:
            self._more += 1

    def whole(self) -> Any:
        """All of them."""
        if self._items and all(type(one) is str for one in self._items):
            text = "".join(self._items)
            return f"{text} [and {self._more} more pieces]" if self._more else text
        return [*self._items, f"[and {self._more} more]"] if self._more else self._items


def traced(function: Callable[..., Any], name: str, kind: str, *, input: bool, output: bool) -> Callable[..., Any]:  # noqa: A002
    """The function, recorded; it stays what it was: plain, coroutine, generator or asynchronous generator."""
    how = Traced(function, name, kind, input=input, output=output)
    if inspect.isasyncgenfunction(function):
        form = _async_generator(how)
    elif inspect.iscoroutinefunction(function):
        form = _coroutine(how)
    elif inspect.isgeneratorfunction(function):
        form = _generator(how)
    else:
        form = _plain(how)
    return functools.wraps(function)(form)


def _plain(how: Traced) -> Callable[..., Any]:
    def form(*args: Any, **kwargs: Any) -> Any:
        if CURRENT.recorder is None:
            return how.function(*args, **kwargs)
        step = how.begin(args, kwargs)
        step.enter()
        try:
            result = how.function(*args, **kwargs)
        except BaseException as error:
            step.leave()
            step.end(error)
            raise
        step.leave()
        how.finish(step, result)
        return result

    return form


def _coroutine(how: Traced) -> Callable[..., Any]:
    async def form(*args: Any, **kwargs: Any) -> Any:
        if CURRENT.recorder is None:
            return await how.function(*args, **kwargs)
        step = how.begin(args, kwargs)
        step.enter()
        try:
            result = await how.function(*args, **kwargs)
        except BaseException as error:
            step.leave()
            step.end(error)
            raise
        step.leave()
        how.finish(step, result)
        return result

    return form


def _generator(how: Traced) -> Callable[..., Any]:
    """The step lasts until the generator is exhausted, and is the current one only while its code runs."""

    def form(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        step, items = how.begin(args, kwargs), Items()
        inner = how.function(*args, **kwargs)
        resume: Callable[[], Any] = functools.partial(next, inner)
        try:
            while True:
                step.enter()
                try:
                    item = resume()
                finally:
                    step.leave()
                items.add(item)
                try:
                    resume = functools.partial(inner.send, (yield item))
                except GeneratorExit:
                    inner.close()
                    raise
                except BaseException as error:  # noqa: BLE001 - thrown in from outside: the function decides
                    resume = functools.partial(inner.throw, error)
        except StopIteration as stop:
            how.finish(step, items.whole() if stop.value is None else stop.value)
            return stop.value
        except BaseException as error:
            how.fail(step, items.whole(), error)
            raise

    return form


def _async_generator(how: Traced) -> Callable[..., Any]:
    async def form(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        step, items = how.begin(args, kwargs), Items()
        inner = how.function(*args, **kwargs)
        resume: Callable[[], Any] = inner.__anext__
        try:
            while True:
                step.enter()
                try:
                    item = await resume()
                finally:
                    step.leave()
                items.add(item)
                try:
                    resume = functools.partial(inner.asend, (yield item))
                except GeneratorExit:
                    await inner.aclose()
                    raise
                except BaseException as error:  # noqa: BLE001 - thrown in from outside: the function decides
                    resume = functools.partial(inner.athrow, error)
        except StopAsyncIteration:
            how.finish(step, items.whole())
        except BaseException as error:
            how.fail(step, items.whole(), error)
            raise

    return form


def _positional(function: Callable[..., Any]) -> tuple[str, ...]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ()
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(one.name for one in parameters if one.kind in kinds)
