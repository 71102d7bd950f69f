"""The gateway's addresses: ``/gateway/...``, one ASGI application behind them.

Raw ASGI: a request object and a response object of a framework would cost as much as the call itself.
"""

import asyncio

from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from onrecord.errors import OnrecordError, Pushback, Rejected
from onrecord.gateway.admission import METHODS, admit, expected_bytes, too_large
from onrecord.gateway.outlet import Outlet
from onrecord.gateway.port import Services
from onrecord.gateway.refusals import refusal
from onrecord.gateway.relay import Relay
from onrecord.gateway.upstreams import PREFIX
from onrecord.limits import BODY_SECONDS
from onrecord.receive.inflight import Reservation


class Gateway:
    """Admits, reads the request, makes the call."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        services = self._services
        outlet = Outlet(receive, send)
        try:
            call = admit(scope, services)
            with services.inflight.enter(expected_bytes(call.said, services.body_bytes)) as held:
                body = await _body(receive, held, services.body_bytes)
                await Relay(services, call, body, outlet, held).run()
        except OnrecordError as error:
            if not outlet.started:  # once a byte is out, the connection ends without an end of the answer
                await outlet.answer(*refusal(error, scope["path"]))


def routes(services: Services) -> list[BaseRoute]:
    """The one route. Its path, not the request's, stands in the access log: the request's may hold a key."""
    return [_route(Gateway(services))]


def _route(gateway: Gateway) -> Route:
    return Route(f"{PREFIX}{{call:path}}", gateway, methods=list(METHODS))


class OnlyGateway:
    """The gateway where nothing else is served: what a router would do for one route, without its price."""

    def __init__(self, services: Services) -> None:
        self._gateway = Gateway(services)
        self._route = _route(self._gateway)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request. One that is no call stands here only because its connection could not be passed on."""
        if scope["path"].startswith(PREFIX) and scope["method"] in METHODS:
            scope["route"] = self._route
            await self._gateway(scope, receive, send)
        else:
            busy = Pushback("The server is busy.", hint="Send the request again.", retry_after_s=1)
            await Outlet(receive, send).answer(*refusal(busy, scope["path"]))


async def _body(receive: Receive, held: Reservation, bound: int) -> bytes:
    """The whole request body as sent.

    Raises:
        Rejected: 400 the caller left, 408 too slow, 413 too large.
        Pushback: there is no room for it.
    """
    pieces: list[bytes] = []
    size, expected = 0, held.held_bytes
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Rejected("The client left before its request was whole.")
                piece = message.get("body", b"")
                size += len(piece)
                if size > bound:
                    raise too_large(bound)
                if size > expected:
                    held.change(len(piece))
                pieces.append(piece)
                if not message.get("more_body", False):
                    break
    except TimeoutError:
        raise Rejected(f"The body did not arrive within {BODY_SECONDS} s.", status=408) from None
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
