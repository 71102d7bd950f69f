"""An application that records itself with ``import onrecord``: one scenario per run, settings from the environment."""

import asyncio
import contextlib
import multiprocessing
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator

import onrecord

SECRET = "the-quince-orchard-is-sold"
"""What must not be readable on disk."""


@onrecord.trace(kind="tool")
def look_up(word: str, *, limit: int = 3) -> dict[str, object]:
    return {"word": word, "found": limit}


@onrecord.trace(kind="agent", name="stream")
def stream(count: int) -> Iterator[str]:
    for number in range(count):
        look_up(f"w{number}", limit=number)
        yield f"piece {number} "


@onrecord.trace
async def pieces() -> AsyncIterator[int]:
    yield 1
    yield 2


@onrecord.trace
async def gather(topic: str) -> list[int]:
    await asyncio.sleep(0)
    return [piece async for piece in pieces()]


@onrecord.trace(input=False, output=False)
def secretive(word: str) -> str:
    return word


@onrecord.trace
def step(number: int) -> str:
    return f"{SECRET} {number}"


def every_form() -> None:
    with onrecord.context(user="ann@example.com", session="visit-1"):
        assert look_up("a", limit=2) == {"word": "a", "found": 2}
        assert list(stream(2)) == ["piece 0 ", "piece 1 "]
        assert asyncio.run(gather("x")) == [1, 2]
        secretive("hidden words")
        with onrecord.span("answer", kind="chain", tries=2) as one:
            one.input("What is the time?").output({"time": "noon"}).set(mood="good")
            onrecord.feedback(4, name="stars", comment="quick", user="ann@example.com")
            onrecord.validation("length", False, reason="too short", value=0.25)
    with contextlib.suppress(ZeroDivisionError), onrecord.span("fails", kind="tool"):
        print(1 // 0)
    assert onrecord.flush(20), onrecord.status()
    print(one.trace_id)


def steps(first: str, last: str, pause_s: str = "0") -> None:
    """Numbered steps; says when they are in the spool, then waits to be killed or ends by itself."""
    for number in range(int(first), int(last) + 1):
        step(number)
        time.sleep(float(pause_s))


def steps_then_wait(first: str, last: str) -> None:
    steps(first, last)
    while onrecord.status()["in_memory"]:
        time.sleep(0.01)
    time.sleep(0.2)
    print("spooled", flush=True)
    time.sleep(60)


def forked() -> None:
    """A process that forks after it has recorded: by hand, and through multiprocessing."""
    step(1)
    child = os.fork()
    if child == 0:
        step(2)
        done = onrecord.flush(20)
        os._exit(0 if done else 1)
    _, status = os.waitpid(child, 0)
    assert status == 0, status
    worker = multiprocessing.get_context("fork").Process(target=step, args=(3,))
    worker.start()
    worker.join(30)
    assert worker.exitcode == 0
    step(4)
    assert onrecord.flush(20), onrecord.status()


def stuck() -> None:
    """Records that never get past the mask: they are in memory when the process is killed."""
    step(1)
    time.sleep(0.3)
    for number in range(2, 7):
        step(number)
    print("stuck", flush=True)
    time.sleep(60)


def _mask() -> object:
    if sys.argv[1] != "stuck":
        return None

    def mask(text: str) -> str:
        if " 1" not in text and text.startswith(SECRET):
            time.sleep(60)
        return text

    return mask


if __name__ == "__main__":
    onrecord.init(instrument=False, mask=_mask())  # type: ignore[arg-type]
    globals()[sys.argv[1]](*sys.argv[2:])
