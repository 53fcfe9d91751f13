"""As much of HTTP/1.1 as a proxy needs: heads are read and written whole, bodies in pieces."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Self

from testbed.bodies import Pieces

PIECE = 64 << 10
LONGEST_HEAD = 64 << 10


@dataclass(frozen=True, slots=True)
class Head:
    """The first line of a message and its header fields, in their order and spelling."""

    start: str
    fields: tuple[tuple[str, str], ...]

    @classmethod
    async def read(cls, reader: asyncio.StreamReader) -> Self:
        """Reads a head, and nothing of the body behind it.

        Raises:
            asyncio.IncompleteReadError: The connection ended first.
        """
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
        fields = (line.partition(":") for line in lines[1:])
        return cls(lines[0], tuple((name, value.strip()) for name, _, value in fields))

    @classmethod
    def of_reply(cls, status: int, fields: dict[str, str]) -> Self:
        return cls(f"HTTP/1.1 {status} Made up", tuple(fields.items()))

    def __bytes__(self) -> bytes:
        lines = [self.start, *(f"{name}: {value}" for name, value in self.fields), "", ""]
        return "\r\n".join(lines).encode("latin-1")

    def get(self, name: str) -> str | None:
        """Returns the value of a field, whatever the case of its name."""
        return next((value for key, value in self.fields if key.lower() == name.lower()), None)

    def without(self, name: str) -> Self:
        return replace(self, fields=tuple(field for field in self.fields if field[0].lower() != name.lower()))

    def with_field(self, name: str, value: str) -> Self:
        return replace(self, fields=(*self.without(name).fields, (name, value)))

    @property
    def method(self) -> str:
        return self.start.split(" ")[0]

    @property
    def target(self) -> str:
        return self.start.split(" ")[1]

    @property
    def status(self) -> int:
        return int(self.start.split(" ")[1])

    @property
    def is_chunked(self) -> bool:
        return (self.get("transfer-encoding") or "").lower().endswith("chunked")

    @property
    def length(self) -> int | None:
        """How many bytes the body has, where the head says so."""
        value = self.get("content-length")
        return None if value is None or self.is_chunked else int(value)

    @property
    def ends_connection(self) -> bool:
        return (self.get("connection") or "").lower() == "close" or "HTTP/1.0" in self.start


def request_body(head: Head, reader: asyncio.StreamReader) -> Pieces:
    """Yields the body of a request; without a length it has none."""
    return _chunks(reader) if head.is_chunked else _exactly(reader, head.length or 0)


def has_body(method: str, reply: Head) -> bool:
    """Tells whether the reply to a request with `method` has a body, whatever its length says."""
    return method != "HEAD" and reply.status not in (204, 304)


def reply_body(method: str, head: Head, reader: asyncio.StreamReader) -> Pieces:
    """Yields the body of a reply to a request with `method`; without a length it goes on to the connection's end."""
    if not has_body(method, head):
        return _exactly(reader, 0)
    if head.is_chunked:
        return _chunks(reader)
    return _to_the_end(reader) if head.length is None else _exactly(reader, head.length)


async def write_body(head: Head, pieces: Pieces, writer: asyncio.StreamWriter, *, ends: bool = True) -> None:
    """Writes a body as its head announces it, in chunks or as it is; unless it `ends`, the last chunk is kept back."""
    async for piece in pieces:
        writer.write(b"%x\r\n%s\r\n" % (len(piece), piece) if head.is_chunked else piece)
        await writer.drain()
    if head.is_chunked and ends:
        writer.write(b"0\r\n\r\n")
        await writer.drain()


async def _exactly(reader: asyncio.StreamReader, length: int) -> Pieces:
    while length > 0:
        piece = await reader.read(min(PIECE, length))
        if not piece:
            raise asyncio.IncompleteReadError(b"", length)
        length -= len(piece)
        yield piece


async def _chunks(reader: asyncio.StreamReader) -> Pieces:
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        async for piece in _exactly(reader, size):
            yield piece
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass  # no client here sends trailers that anybody reads


async def _to_the_end(reader: asyncio.StreamReader) -> Pieces:
    while piece := await reader.read(PIECE):
        yield piece
