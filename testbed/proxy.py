"""An HTTP proxy before one server, in a thread with an event loop of its own."""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from concurrent.futures import Future
from typing import Self

from testbed.exchange import ClientGone, Exchange
from testbed.http1 import LONGEST_HEAD, Head


class Proxy(ABC):
    """Listens on a free port of 127.0.0.1 while a ``with`` block runs; what becomes of requests is `handle`'s choice.

    Raises:
        ExceptionGroup: On leaving the block, `handle` having failed by other than a broken connection.
    """

    host = "127.0.0.1"
    port: int

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._connections: set[asyncio.Task[None]] = set()
        self._failures: list[Exception] = []

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @abstractmethod
    async def handle(self, exchange: Exchange) -> None:
        """Answers a request, or not."""

    def __enter__(self) -> Self:
        listening: Future[None] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(listening)), name="proxy", daemon=True)
        self._thread.start()
        listening.result()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        if self._failures:
            raise ExceptionGroup("the proxy could not do what a rule says", self._failures)

    async def _run(self, listening: Future[None]) -> None:
        try:
            self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
            listener = await asyncio.start_server(self._connected, self.host, 0, limit=LONGEST_HEAD)
        except BaseException as error:
            listening.set_exception(error)
            return
        self.port = listener.sockets[0].getsockname()[1]
        listening.set_result(None)
        await self._stop.wait()
        listener.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        writer.transport.set_write_buffer_limits(high=0)  # what was sent before a reset has left
        try:
            while await self._one_request(reader, writer):
                pass
        except asyncio.CancelledError:  # the proxy stops
            pass
        finally:
            writer.close()

    async def _one_request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serves one request, and tells whether another may come on the same connection."""
        try:
            head = await Head.read(reader)
        except (ConnectionError, EOFError):  # the client has no more to ask
            return False
        exchange = Exchange(head, reader, writer, self._server)
        try:
            await self.handle(exchange)
            await exchange.finish()
        except (ConnectionError, EOFError, ClientGone):  # one of the two left
            exchange.reset()
        except Exception as error:
            self._failures.append(error)
            exchange.reset()
        finally:
            await exchange.leave()
        return exchange.is_open
