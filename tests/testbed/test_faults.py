"""Each fault is what it says, as a plain client and the SDKs see it."""

from __future__ import annotations

import http.client
import http.server
import threading
import urllib.request
from collections.abc import Iterator

import pytest
from testbed.faults import (
    FaultProxy,
    Rule,
    answer,
    cut,
    flip,
    lose_reply,
    replace_response,
    reset,
    reset_in_body,
    slow,
    stale,
    stall,
    strip_header,
)


class Store(http.server.BaseHTTPRequestHandler):
    """Keeps what is put, and answers with it."""

    protocol_version = "HTTP/1.1"
    objects: dict[str, bytes]
    chunked = False

    def do_PUT(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(length := int(self.headers["Content-Length"]))
            if len(body) < length:
                self.close_connection = True
                return
        taken = self.headers.get("If-None-Match") and self.path in self.objects
        if not taken:
            self.objects[self.path] = body
        self.reply(412 if taken else 201, b"")

    def do_GET(self) -> None:
        body = self.objects.get(self.path)
        self.reply(404 if body is None else 200, body or b"")

    def do_DELETE(self) -> None:
        self.objects.pop(self.path, None)
        self.send_response(204)
        self.end_headers()

    do_HEAD = do_GET

    def reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        if "chunked" in self.path:
            self.send_header("Transfer-Encoding", "chunked")
            body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:5], body[5:]) if part) + b"0\r\n\r\n"
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def objects() -> dict[str, bytes]:
    return {}


@pytest.fixture
def proxy(objects: dict[str, bytes]) -> Iterator[FaultProxy]:
    handler = type("OwnStore", (Store,), {"objects": objects})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients are meant to break off
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        with FaultProxy("127.0.0.1", server.server_port) as proxy:
            yield proxy
        server.shutdown()


@pytest.fixture
def client(proxy: FaultProxy) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(proxy.host, proxy.port, timeout=30)
    yield connection
    connection.close()


def ask(
    client: http.client.HTTPConnection, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    client.request(method, path, body, named)
    reply = client.getresponse()
    return reply.status, reply.read()


def test_without_rules_everything_passes_on_one_connection(
    client: http.client.HTTPConnection, proxy: FaultProxy
) -> None:
    assert ask(client, "PUT", "/a", b"nectar") == (201, b"")
    local = client.sock
    assert ask(client, "GET", "/a") == (200, b"nectar")
    assert ask(client, "HEAD", "/a") == (200, b"")
    assert ask(client, "GET", "/none") == (404, b"")
    assert ask(client, "DELETE", "/a") == (204, b"")
    assert ask(client, "GET", "/a") == (404, b"")
    assert client.sock is local
    assert [(seen.method, seen.target, seen.status) for seen in proxy.requests] == [
        *(("PUT", "/a", 201), ("GET", "/a", 200), ("HEAD", "/a", 200)),
        *(("GET", "/none", 404), ("DELETE", "/a", 204), ("GET", "/a", 404)),
    ]
    assert proxy.requests[0].headers["Content-Length"] == "6"


def test_chunked_bodies_pass_both_ways(client: http.client.HTTPConnection, objects: dict[str, bytes]) -> None:
    assert ask(client, "PUT", "/chunked", iter([b"nec", b"tar", b"!"])) == (201, b"")
    assert objects == {"/chunked": b"nectar!"}
    assert ask(client, "GET", "/chunked") == (200, b"nectar!")
    assert ask(client, "HEAD", "/chunked") == (200, b"")
    assert ask(client, "GET", "/chunked") == (200, b"nectar!")


def test_a_lost_reply_leaves_the_work_done(
    client: http.client.HTTPConnection, proxy: FaultProxy, objects: dict[str, bytes]
) -> None:
    proxy.rules.append(Rule(lose_reply, method="PUT"))
    with pytest.raises(ConnectionResetError):
        ask(client, "PUT", "/a", b"nectar")
    assert objects == {"/a": b"nectar"}
    assert [seen.status for seen in proxy.requests] == [None]


def test_a_reset_leaves_the_work_undone(
    client: http.client.HTTPConnection, proxy: FaultProxy, objects: dict[str, bytes]
) -> None:
    proxy.rules.append(Rule(reset, method="PUT"))
    with pytest.raises(ConnectionError):
        ask(client, "PUT", "/a", b"nectar")
    assert objects == {}


def test_a_reset_in_a_request_leaves_the_server_with_half_of_it(
    client: http.client.HTTPConnection, proxy: FaultProxy, objects: dict[str, bytes]
) -> None:
    proxy.rules.append(Rule(reset_in_body, method="PUT"))
    with pytest.raises(ConnectionError):
        ask(client, "PUT", "/a", bytes(4 << 20))
    assert objects == {}


def test_a_reset_in_a_reply_comes_after_half_of_it(
    client: http.client.HTTPConnection, proxy: FaultProxy, objects: dict[str, bytes]
) -> None:
    objects["/a"] = bytes(4 << 20)
    proxy.rules.append(Rule(reset_in_body, method="GET"))
    client.request("GET", "/a")
    reply = client.getresponse()
    assert reply.status == 200
    with pytest.raises(ConnectionResetError):
        reply.read()


def test_a_reset_in_a_short_reply_comes_after_its_head(
    client: http.client.HTTPConnection, proxy: FaultProxy, objects: dict[str, bytes]
) -> None:
    objects["/a"] = b"nectar"
    proxy.rules.append(Rule(reset_in_body, method="GET"))
    client.request("GET", "/a")
    reply = client.getresponse()
    assert (reply.status, reply.read1(3)) == (200, b"nec")
    with pytest.raises(ConnectionResetError):
        reply.read()


def test_a_stalled_request_ends_with_the_clients_patience(proxy: FaultProxy, objects: dict[str, bytes]) -> None:
    proxy.rules.append(Rule(stall))
    client = http.client.HTTPConnection(proxy.host, proxy.port, timeout=0.2)
    with pytest.raises(TimeoutError):
        ask(client, "PUT", "/a", b"nectar")
    client.close()
    assert objects == {}


def test_a_slow_body_outlasts_a_clients_patience(
    client: http.client.HTTPConnection, proxy: FaultProxy, objects: dict[str, bytes]
) -> None:
    objects["/a"] = b"nectar"
    proxy.rules += [Rule(slow(1)), Rule(slow(1000))]
    impatient = http.client.HTTPConnection(proxy.host, proxy.port, timeout=0.2)
    with pytest.raises(TimeoutError):
        ask(impatient, "GET", "/a")
    impatient.close()
    assert ask(client, "GET", "/a") == (200, b"nectar")


@pytest.mark.parametrize("path", ["/a", "/chunked"])
def test_a_cut_body_ends_early(
    client: http.client.HTTPConnection, proxy: FaultProxy, objects: dict[str, bytes], path: str
) -> None:
    objects[path] = b"nectar"
    proxy.rules.append(Rule(cut(after=4)))
    with pytest.raises(http.client.IncompleteRead) as caught:
        ask(client, "GET", path)
    assert caught.value.partial == b"nect"


@pytest.mark.parametrize("path", ["/a", "/chunked"])
def test_one_byte_is_flipped(
    client: http.client.HTTPConnection, proxy: FaultProxy, objects: dict[str, bytes], path: str
) -> None:
    objects[path] = b"nectar"
    proxy.rules.append(Rule(flip(byte=5)))
    assert ask(client, "GET", path) == (200, b"necta" + bytes([ord("r") ^ 0xFF]))


def test_a_made_up_answer_never_reaches_the_server(
    client: http.client.HTTPConnection, proxy: FaultProxy, objects: dict[str, bytes]
) -> None:
    proxy.rules.append(Rule(answer(503, b"<Error/>", {"Retry-After": "1"}), method="PUT"))
    client.request("PUT", "/a", bytes(4 << 20))
    reply = client.getresponse()
    assert (reply.status, reply.headers["Retry-After"], reply.read()) == (503, "1", b"<Error/>")
    assert objects == {}
    assert ask(client, "PUT", "/a", b"nectar") == (201, b"")


def test_a_replaced_response_hides_what_was_done(
    client: http.client.HTTPConnection, proxy: FaultProxy, objects: dict[str, bytes]
) -> None:
    proxy.rules.append(Rule(replace_response(500, b"sorry"), method="PUT"))
    assert ask(client, "PUT", "/a", b"nectar") == (500, b"sorry")
    assert objects == {"/a": b"nectar"}


def test_a_stripped_header_does_not_reach_the_server(
    client: http.client.HTTPConnection, proxy: FaultProxy, objects: dict[str, bytes]
) -> None:
    objects["/a"] = b"first"
    assert ask(client, "PUT", "/a", b"second", If_None_Match="*") == (412, b"")
    proxy.rules.append(Rule(strip_header("if-none-match")))
    assert ask(client, "PUT", "/a", b"second", If_None_Match="*") == (201, b"")
    assert objects == {"/a": b"second"}


def test_a_stale_answer_is_that_of_the_get_before(
    client: http.client.HTTPConnection, proxy: FaultProxy, objects: dict[str, bytes]
) -> None:
    objects |= {"/a": b"old", "/b": b"other"}
    proxy.rules.append(Rule(stale, path="b"))
    assert ask(client, "GET", "/a") == (200, b"old")
    assert ask(client, "GET", "/b") == (200, b"old")
    assert ask(client, "GET", "/b") == (200, b"other")


def test_a_rule_acts_as_often_as_it_says_on_what_it_matches(
    client: http.client.HTTPConnection, proxy: FaultProxy
) -> None:
    twice, always = Rule(answer(503), method="GET", path=r"^/a", times=2), Rule(answer(500), path="b$", times=None)
    proxy.rules += [twice, always]
    asked = [ask(client, "GET", path)[0] for path in ("/a", "/ab", "/a", "/ab", "/b", "/ca")]
    assert asked == [503, 503, 404, 500, 500, 404]
    assert ask(client, "PUT", "/a", b"x")[0] == 201
    assert (twice.acted, always.acted) == (2, 2)


def test_a_fault_behind_the_end_of_a_body_fails_the_test(proxy: FaultProxy, objects: dict[str, bytes]) -> None:
    objects["/a"] = b"nectar"
    outer = FaultProxy(proxy.host, proxy.port)
    outer.rules.append(Rule(flip(byte=6)))
    with pytest.raises(ExceptionGroup) as caught, outer:
        urllib.request.urlopen(f"{outer.url}/a")
    assert [str(error) for error in caught.value.exceptions] == ["the body has 6 bytes, and the fault is for byte 6"]
