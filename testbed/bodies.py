"""Bodies of messages, in pieces as they come, and what can befall them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

Pieces = AsyncIterator[bytes]


async def whole(body: bytes) -> Pieces:
    """Yields a body that is there already."""
    if body:
        yield body


async def discard(pieces: Pieces) -> None:
    async for _ in pieces:
        pass


async def first(pieces: Pieces, length: int) -> Pieces:
    """Yields the first bytes of a body."""
    if length == 0:
        return
    async for piece in pieces:
        yield piece[:length]
        length -= len(piece)
        if length <= 0:
            return


async def paced(pieces: Pieces, bytes_per_second: int) -> Pieces:
    """Yields a tenth of a second's bytes at a time, but one at least."""
    size = max(1, bytes_per_second // 10)
    async for piece in pieces:
        for start in range(0, len(piece), size):
            part = piece[start : start + size]
            await asyncio.sleep(len(part) / bytes_per_second)
            yield part


async def flipped(pieces: Pieces, byte: int) -> Pieces:
    """Yields a body with all bits of one byte inverted."""
    position = 0
    async for piece in pieces:
        if position <= byte < position + len(piece):
            changed = bytearray(piece)
            changed[byte - position] ^= 0xFF
            yield bytes(changed)
        else:
            yield piece
        position += len(piece)
