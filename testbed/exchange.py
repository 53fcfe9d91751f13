"""One request on its way through the proxy, and the reply on its way back: what the faults are made of."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from testbed.bodies import Pieces, discard, first
from testbed.http1 import LONGEST_HEAD, Head, has_body, reply_body, request_body, write_body

LINGER_FOR_NO_TIME = struct.pack("ii", 1, 0)  # closing sends a reset

#: Signs a request anew: given its head, returns the head with another signature.
Sign = Callable[[Head], Head]


class ClientGone(Exception):
    """The client left in the middle of its request."""


@dataclass(slots=True)
class Request:
    """What was seen of a request; `status` is what the client was sent, None if it was sent none."""

    method: str
    target: str
    headers: Mapping[str, str] = field(repr=False)
    status: int | None = None


@dataclass(slots=True)
class Reply:
    """A reply whose body is still to come."""

    head: Head
    body: Pieces


class Exchange:
    """A client's request, the server it is meant for, and what may be done with the two.

    Nothing is sent on before `ask` or `ask_in_part`; whatever an action does not send back, the client waits for.
    """

    def __init__(
        self, request: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: tuple[str, int]
    ) -> None:
        self.request = request
        self.seen = Request(request.method, request.target, dict(request.fields))
        self.is_open = True  # whether another request may follow on this connection
        self.sign: Sign = lambda head: head  # for a request that was changed
        self.earlier: tuple[Head, bytes] | None = None  # the reply to the GET before
        self._broken = False  # the client gets no whole reply
        self._reader = reader
        self._writer = writer
        self._server = server
        self._body = self._of_client(request_body(request, reader))
        self._body_begun = False
        self._upload: asyncio.Task[None] | None = None
        self._upstream: asyncio.StreamWriter | None = None

    async def ask(self) -> Reply:
        """Sends the request on, and returns the server's reply as soon as its head is there."""
        reader, writer = await self._connect()
        writer.write(bytes(self.request))
        self._upload = asyncio.create_task(self._send_on(writer))
        while (head := await Head.read(reader)).status < 200:
            self._writer.write(bytes(head))  # 100 Continue: the client sends its body now
        return Reply(head, reply_body(self.request.method, head, reader))

    async def ask_in_part(self, length: int) -> None:
        """Sends on the request and the first bytes of its body, and no more."""
        _, writer = await self._connect()
        writer.write(bytes(self.request))
        if self.request.get("expect"):
            self._writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        async for piece in first(self._body, length):
            writer.write(piece)
            await writer.drain()

    async def send(self, reply: Reply) -> None:
        """Sends a reply to the client, as its body comes in."""
        head = reply.head
        self.seen.status = head.status
        self._writer.write(bytes(head))
        await self._writer.drain()
        if has_body(self.request.method, head):
            await write_body(head, reply.body, self._writer)
            self.is_open &= head.is_chunked or head.length is not None
        self.is_open &= not (head.ends_connection or self.request.ends_connection)

    async def send_in_part(self, reply: Reply, length: int) -> None:
        """Sends a reply with the first bytes of its body, and then nothing more."""
        self._break()
        self.seen.status = reply.head.status
        self._writer.write(bytes(reply.head))
        await write_body(reply.head, first(reply.body, length), self._writer, ends=False)

    def reset(self) -> None:
        """Breaks the connection to the client off, so that it sees a reset."""
        self._break()
        if self._writer.is_closing():  # the client was faster
            return
        peer: socket.socket = self._writer.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_FOR_NO_TIME)
        self._writer.transport.abort()

    async def hang(self) -> None:
        """Keeps silent until the client goes away."""
        self._break()
        while await self._reader.read(LONGEST_HEAD):
            pass

    async def finish(self) -> None:
        """Reads what is left of the request, so that the reply arrives and another request can follow."""
        if self._upstream is not None:
            self._upstream.transport.abort()
        if self._broken:
            return
        if self.request.get("expect") and not self._body_begun:
            self.is_open = False  # the body may come, or not
        elif self._upload is not None:
            await self._upload
        else:
            await discard(self._body)

    async def leave(self) -> None:
        """Lets go of the server."""
        if self._upstream is not None:
            self._upstream.transport.abort()
        if self._upload is not None:
            self._upload.cancel()
            await asyncio.gather(self._upload, return_exceptions=True)

    def _break(self) -> None:
        self.is_open = False
        self._broken = True

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, self._upstream = await asyncio.open_connection(*self._server, limit=LONGEST_HEAD)
        return reader, self._upstream

    async def _send_on(self, writer: asyncio.StreamWriter) -> None:
        try:
            await write_body(self.request, self._body, writer)
        except ConnectionError:  # a server may answer, and close, before it read everything
            await discard(self._body)
        except ClientGone:
            writer.transport.abort()
            raise

    async def _of_client(self, pieces: Pieces) -> Pieces:
        try:
            async for piece in pieces:
                self._body_begun = True
                yield piece
        except (ConnectionError, EOFError) as error:
            raise ClientGone from error
