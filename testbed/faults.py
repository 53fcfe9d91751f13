"""A proxy between an SDK and its server that breaks the requests it is told to.

    with FaultProxy(server.host, server.port) as proxy:
        proxy.rules.append(Rule(lose_reply, method="PUT", path="manifest"))
        ...  # a client of proxy.url: its first PUT of a manifest is done, and seems to have failed
        assert [request.status for request in proxy.requests] == [None, 412]

An action is an async function of an `Exchange`; those that take arguments return one.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from testbed.bodies import discard, flipped, paced, whole
from testbed.exchange import Exchange, Reply, Request, Sign
from testbed.http1 import Head
from testbed.proxy import Proxy

MOST_REMEMBERED = 1 << 20  # bytes of a reply that `stale` may give again

Action = Callable[[Exchange], Awaitable[None]]


@dataclass(slots=True)
class Rule:
    """What is done to requests, of those with a method and a target in which `path` is found, the first `times`.

    Attributes:
        times: How many requests it is still for; None for all there will ever be.
        acted: How many it was for.
    """

    action: Action
    method: str | None = None
    path: str = ""
    times: int | None = 1
    acted: int = 0

    def applies(self, request: Head) -> bool:
        fits = self.method in (None, request.method) and re.search(self.path, request.target)
        return self.times != 0 and bool(fits)


class FaultProxy(Proxy):
    """A proxy on a port of its own, in a thread of its own, while a ``with`` block runs.

    Attributes:
        rules: What to do to which requests. The first rule that applies acts; without one a request passes.
        requests: What was seen, in the order in which it came.

    Args:
        host: Where the server is.
        port: Which port it listens on.
        sign: Signs a request that `strip_header` changed, for servers that check.
    """

    def __init__(self, host: str, port: int, sign: Sign | None = None) -> None:
        super().__init__(host, port)
        self._sign = sign
        self.rules: list[Rule] = []
        self.requests: list[Request] = []
        self._earlier: tuple[Head, bytes] | None = None

    async def handle(self, exchange: Exchange) -> None:
        self.requests.append(exchange.seen)
        exchange.earlier = self._earlier
        exchange.sign = self._sign or exchange.sign
        rule = next((rule for rule in self.rules if rule.applies(exchange.request)), None)
        if rule is None:
            await self._pass(exchange)
        else:
            rule.acted += 1
            rule.times = None if rule.times is None else rule.times - 1
            await rule.action(exchange)

    async def _pass(self, exchange: Exchange) -> None:
        reply = await exchange.ask()
        small = reply.head.length is not None and reply.head.length <= MOST_REMEMBERED
        if exchange.request.method == "GET" and reply.head.status in (200, 206) and small:
            body = b"".join([piece async for piece in reply.body])
            self._earlier = reply.head, body
            reply = Reply(reply.head, whole(body))
        await exchange.send(reply)


async def relay(exchange: Exchange) -> None:
    """No fault."""
    await exchange.send(await exchange.ask())


async def lose_reply(exchange: Exchange) -> None:
    """The server does the work, and the client sees a reset."""
    await discard((await exchange.ask()).body)
    exchange.reset()


async def reset(exchange: Exchange) -> None:
    """The client sees a reset before the server sees anything."""
    exchange.reset()


async def reset_in_body(exchange: Exchange) -> None:
    """Both see a reset in the middle of the request's body, or of the reply's where the request has none."""
    if exchange.request.length or exchange.request.is_chunked:
        await exchange.ask_in_part((exchange.request.length or 2) // 2)
    else:
        reply = await exchange.ask()
        await exchange.send_in_part(reply, (reply.head.length or 2) // 2)
    exchange.reset()


async def stall(exchange: Exchange) -> None:
    """Nothing happens until the client gives up."""
    await exchange.hang()


def slow(bytes_per_second: int) -> Action:
    """The reply's body comes at a trickle."""

    async def slowly(exchange: Exchange) -> None:
        reply = await exchange.ask()
        await exchange.send(Reply(reply.head, paced(reply.body, bytes_per_second)))

    return slowly


def cut(after: int) -> Action:
    """The connection ends after so many bytes of the reply's body."""

    async def cutting(exchange: Exchange) -> None:
        reply = await exchange.ask()
        _require(reply, after)
        await exchange.send_in_part(reply, after)

    return cutting


def flip(byte: int) -> Action:
    """All bits of one byte of the reply's body are inverted."""

    async def flipping(exchange: Exchange) -> None:
        reply = await exchange.ask()
        _require(reply, byte)
        await exchange.send(Reply(reply.head, flipped(reply.body, byte)))

    return flipping


def answer(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Action:
    """The client gets a reply that is made up, and the server nothing."""

    async def answering(exchange: Exchange) -> None:
        await exchange.send(made_up(status, body, headers))

    return answering


def replace_response(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Action:
    """The server does the work, and the client gets a reply that is made up."""

    async def replacing(exchange: Exchange) -> None:
        await discard((await exchange.ask()).body)
        await exchange.send(made_up(status, body, headers))

    return replacing


def strip_header(name: str) -> Action:
    """The server does not see a header."""

    async def stripping(exchange: Exchange) -> None:
        exchange.request = exchange.sign(exchange.request.without(name))
        await relay(exchange)

    return stripping


async def stale(exchange: Exchange) -> None:
    """The client gets the reply to the GET before, and the server nothing."""
    if exchange.earlier is None:
        raise ValueError(f"no earlier GET with at most {MOST_REMEMBERED} bytes has passed the proxy")
    head, body = exchange.earlier
    await exchange.send(Reply(head, whole(body)))


def made_up(status: int, body: bytes, headers: Mapping[str, str] | None) -> Reply:
    fields = {"Content-Type": "application/xml", **(headers or {}), "Content-Length": str(len(body))}
    return Reply(Head.of_reply(status, fields), whole(body))


def _require(reply: Reply, byte: int) -> None:
    """A fault behind the end of a body would be none, and its test one that cannot fail."""
    if reply.head.length is not None and reply.head.length <= byte:
        raise ValueError(f"the body has {reply.head.length} bytes, and the fault is for byte {byte}")
