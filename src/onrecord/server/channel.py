"""Calls between two processes of the server, over a pair of sockets: each side asks, each side answers.

Messages are msgpack. One thread reads, one writes, so that nobody who asks waits for the other side to read; a handler
answers at once or with a future. When the other side is gone every question that is still open fails, and so does every
later one.
"""

import contextlib
import itertools
import queue
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from onrecord.errors import OnrecordError, Pushback, Unavailable, where

Handler = Callable[..., Any]


class _Asked(msgspec.Struct, tag="asked", array_like=True):
    id: int
    name: str
    arguments: list[Any]


class _Told(msgspec.Struct, tag="told", array_like=True):
    id: int
    value: Any = None
    failed: bool = False
    message: str = ""
    busy: bool = False


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Asked | _Told).decode


class Channel(threading.Thread):
    """One side. ``handlers`` answer what the other side asks, by name."""

    def __init__(self, socket_fd: int, handlers: Mapping[str, Handler], ended: Callable[[], None]) -> None:
        """``ended`` is called once, in the channel's thread, when the other side is gone."""
        super().__init__(name="channel", daemon=True)
        self._connection = Connection(socket_fd)
        self._handlers = handlers
        self._ended = ended
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, name="channel-out", daemon=True)
        self._ids = itertools.count(1)
        self._open: dict[int, Future[Any]] = {}
        self._over = False

    def ask(self, name: str, *arguments: Any) -> "Future[Any]":
        """Ask the other side. The future fails with ``Unavailable``, or ``Pushback`` when it is busy."""
        id_ = next(self._ids)
        done: Future[Any] = Future()
        self._open[id_] = done
        self._outbox.put(_encode(_Asked(id_, name, list(arguments))))
        if self._over:  # it may have ended before the question was noted
            self._fail(id_)
        return done

    def run(self) -> None:
        """The thread that reads."""
        self._writer.start()
        try:
            with contextlib.suppress(EOFError, OSError):
                while True:
                    message = _decode(self._connection.recv_bytes())
                    if isinstance(message, _Told):
                        self._told(message)
                    else:
                        self._answer(message)
        finally:
            self._over = True
            self._outbox.put(None)
            for id_ in list(self._open):
                self._fail(id_)
            self._ended()

    def _told(self, message: _Told) -> None:
        done = self._open.pop(message.id, None)
        if done is None:
            return
        if message.failed:
            done.set_exception(Pushback(message.message) if message.busy else Unavailable(message.message))
        else:
            done.set_result(message.value)

    def _answer(self, message: _Asked) -> None:
        try:
            value = self._handlers[message.name](*message.arguments)
        except Exception as error:  # noqa: BLE001 - whoever asked must hear of it
            self._tell(_failure(message.id, error))
            return
        if isinstance(value, Future):
            value.add_done_callback(lambda done: self._tell(_outcome(message.id, done)))
        else:
            self._tell(_Told(message.id, value))

    def _tell(self, message: _Told) -> None:
        self._outbox.put(_encode(message))

    def _write(self) -> None:
        """The thread that writes; once the other side is gone, the thread that reads sees it too."""
        with contextlib.suppress(OSError):
            while (data := self._outbox.get()) is not None:
                self._connection.send_bytes(data)

    def _fail(self, id_: int) -> None:
        done = self._open.pop(id_, None)
        if done is not None:
            done.set_exception(Unavailable("the other process has ended"))


def _outcome(id_: int, done: "Future[Any]") -> _Told:
    error = done.exception()
    return _Told(id_, done.result()) if error is None else _failure(id_, error)


def _failure(id_: int, error: BaseException) -> _Told:
    message = error.message if isinstance(error, OnrecordError) else where(error)
    return _Told(id_, failed=True, message=message, busy=isinstance(error, Pushback))
