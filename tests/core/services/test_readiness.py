"""Whether a service is of use, asked of servers in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from datanectar.records import Service
from datanectar.services.ports import free_port
from datanectar.services.readiness import asked, lacks


@pytest.fixture
def answering() -> Iterator[Callable[..., tuple[str, list[Any]]]]:
    """Returns a function that starts a server of one answer, and returns its URL and what it was asked."""
    servers: list[HTTPServer] = []

    def start(status: int = 200, body: bytes = b"", **headers: str) -> tuple[str, list[Any]]:
        requests: list[Any] = []

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                sent = self.rfile.read(int(self.headers["Content-Length"] or 0))
                requests.append((self.command, self.path, self.headers["Content-Type"], sent))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        return f"http://127.0.0.1:{server.server_port}/up", requests

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def service(**fields: Any) -> Service:
    return Service(name="web", command=["web"], **fields)


def test_a_url_that_answers_200_is_up(answering) -> None:
    url, requests = answering()
    assert lacks(service(ready=url)) == ""
    assert requests == [("GET", "/up", None, b"")]


@pytest.mark.parametrize("status", [204, 404, 503])
def test_any_other_answer_is_not_and_is_told(answering, status: int) -> None:
    url, _ = answering(status)
    assert lacks(service(ready=url)) == f"GET {url} answers {status}"


def test_what_an_error_says_is_told(answering) -> None:
    url, _ = answering(503, b"  the model is loading\n")
    assert lacks(service(ready=url)) == f"GET {url} answers 503: the model is loading"


def test_what_an_error_says_at_length_is_cut(answering) -> None:
    url, _ = answering(500, b"x" * 10_000)
    assert lacks(service(ready=url)) == f"GET {url} answers 500: {'x' * 500}"


def test_a_url_that_nothing_listens_at_is_told() -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    assert lacks(service(ready=url)).startswith(f"GET {url} fails: ")
    assert "refused" in lacks(service(ready=url))


def test_what_speaks_no_http_is_told(answering) -> None:
    url, _ = answering()
    assert lacks(service(ready=url.replace("http:", "nothing:"))).startswith("GET nothing://127.0.0.1")


def test_no_proxy_is_asked_for_what_is_on_this_machine(answering, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    url, _ = answering()
    assert asked(url) == ""


def test_a_post_sends_json(answering) -> None:
    url, requests = answering()
    assert asked(url, {"a": [1]}) == ""
    assert requests == [("POST", "/up", "application/json", b'{"a": [1]}')]


def test_a_post_that_is_refused_is_told_as_one(answering) -> None:
    url, _ = answering(422, b"no such feature")
    assert asked(url, {}) == f"POST {url} answers 422: no such feature"


def test_without_a_url_each_port_has_to_take_connections(answering) -> None:
    url, _ = answering()
    port, silent = int(url.split(":")[2].split("/")[0]), free_port()
    assert lacks(service(ports=[port])) == ""
    assert lacks(service(ports=[port, silent])) == f"nothing takes connections at port {silent}"


def test_without_a_url_and_a_port_nothing_is_lacking() -> None:
    assert lacks(service()) == ""
