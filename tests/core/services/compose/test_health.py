"""Health checks, run as a container would run them."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from datanectar.services.compose.health import healthcheck
from datanectar.services.ports import free_port


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/ready" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def port() -> Iterator[int]:
    """A server that is ready at ``/ready``."""
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever).start()
        yield server.server_port
        server.shutdown()


def healthy(test: list[str]) -> bool:
    assert test[:2] == ["CMD", "python"]
    return subprocess.run([sys.executable, *test[2:]], capture_output=True).returncode == 0


def test_an_image_of_python_asks_with_python(service, port: int) -> None:
    assert healthy(healthcheck(service(ready=f"http://127.0.0.1:{port}/ready"))["test"])
    assert not healthy(healthcheck(service(ready=f"http://127.0.0.1:{port}/other"))["test"])


def test_a_proxy_is_not_asked(service, port: int, monkeypatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    assert healthy(healthcheck(service(ready=f"http://127.0.0.1:{port}/ready"))["test"])


def test_without_a_url_every_port_has_to_take_connections(service, port: int) -> None:
    assert healthy(healthcheck(service(ports=[port]))["test"])
    assert not healthy(healthcheck(service(ports=[port, free_port()]))["test"])


def test_a_published_image_asks_with_what_it_has(service) -> None:
    test = healthcheck(service(image="acme", ready="http://127.0.0.1:1/a&b"))["test"]
    url = "'http://127.0.0.1:1/a&b'"
    assert test == ["CMD-SHELL", f"wget -q -O /dev/null {url} || curl -fsS -o /dev/null {url}"]


def test_what_cannot_be_asked_is_not_checked(service) -> None:
    assert healthcheck(service()) == {}
    assert healthcheck(service(image="acme", ports=[8082])) == {}


def test_slow_imports_are_waited_for(service) -> None:
    found = healthcheck(service(ports=[8082]))
    assert (found["interval"], found["timeout"], found["retries"], found["start_period"]) == ("10s", "10s", 3, "90s")
