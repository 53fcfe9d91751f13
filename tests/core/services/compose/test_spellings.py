"""Spellings of Compose that mean the same, and those that do not."""

from typing import Any

import pytest

from datanectar.services.compose.spellings import plain

BIND = {"type": "bind", "source": "./a", "target": "/a", "bind": {"create_host_path": False}}


def spelled(key: str, value: Any) -> Any:
    return plain({"services": {"s": {key: value}}})["services"]["s"][key]


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [
        ("environment", {"A": "1", "B": None, "C": "x=y"}, ["C=x=y", "A=1", "B"]),
        ("environment", {"A": 1, "B": True}, {"A": "1", "B": "true"}),
        ("environment", {"A": "${A:?set it in .env}"}, {"A": "${A:?}"}),
        ("command", ["a", "--b", "c d"], "a --b 'c d'"),
        ("command", ["a", 1], ["a", "1"]),
        ("entrypoint", ["a", "b"], "a b"),
        ("healthcheck", {"test": ["CMD-SHELL", "curl x"]}, {"test": "curl x"}),
        ("healthcheck", {"interval": "90s", "retries": 3}, {"interval": "1m30s", "retries": "3"}),
        ("healthcheck", {"timeout": "0.5s"}, {"timeout": "500ms"}),
        ("stop_grace_period", "30s", "0m30s"),
        ("stop_grace_period", "60s", "1m"),
        ("ports", ["127.0.0.1:1:2"], [{"host_ip": "127.0.0.1", "published": 1, "target": 2, "protocol": "tcp"}]),
        ("ports", ["127.0.0.1:1:2"], ["127.0.0.1:1:2/tcp"]),
        ("ports", ["8000:80"], [{"published": "8000", "target": 80, "mode": "ingress"}]),
        ("ports", [80], ["80"]),
        ("ports", ["[::1]:1:2"], [{"host_ip": "[::1]", "published": "1", "target": "2"}]),
        ("ports", ["1:1", "2:2"], ["2:2", "1:1"]),
        ("volumes", [BIND], ["./a:/a"]),
        ("volumes", [BIND], ["./a:/a:rw"]),
        ("volumes", [BIND], ["./a/:/a/"]),
        ("volumes", [{**BIND, "read_only": True}], ["./a:/a:ro"]),
        ("volumes", [BIND], [{**BIND, "read_only": False, "source": "a"}]),
        ("volumes", [{**BIND, "source": "${A:-./b}"}], ["${A:-./b}:/a"]),
        ("volumes", [{"type": "volume", "source": "v", "target": "/a"}], ["v:/a"]),
        ("volumes", [{"type": "volume", "target": "/a"}], ["/a"]),
        ("build", "sub", {"context": "sub"}),
        ("build", {"dockerfile_inline": "FROM a"}, {"dockerfile_inline": "FROM a\n", "context": "."}),
        ("cap_drop", ["A", "B"], ["B", "A"]),
        ("init", True, "true"),
    ],
)
def test_these_mean_the_same(key: str, one: Any, other: Any) -> None:
    assert spelled(key, one) == spelled(key, other)


@pytest.mark.parametrize(
    ("key", "one", "other"),
    [
        ("environment", {"A": None}, {"A": ""}),
        ("environment", {"A": "${A:?}"}, {"A": "${A:-x}"}),
        ("command", ["a", "b"], ["b", "a"]),
        ("command", ["a b"], "a b"),
        ("command", "a 'b", "a b"),
        ("stop_grace_period", "30s", "30m"),
        ("stop_grace_period", "30s", "soon"),
        ("ports", ["127.0.0.1:1:2"], ["1:2"]),
        ("ports", ["127.0.0.1:1:2"], ["127.0.0.1:1:2/udp"]),
        ("ports", ["127.0.0.1:1:2"], ["127.0.0.1:1:2", "1:2"]),
        ("ports", ["1:2"], ["1:two"]),
        ("volumes", [BIND], ["./a:/a:ro"]),
        ("volumes", [BIND], ["a:/a"]),
        ("volumes", [BIND], ["./a:/a:Z"]),
        ("volumes", [BIND], ["./a:/a:ro:too much"]),
        ("volumes", [BIND], [{**BIND, "bind": {"create_host_path": True}}]),
        ("volumes", [BIND], [BIND, {**BIND, "source": "./b"}]),
    ],
)
def test_these_do_not_mean_the_same(key: str, one: Any, other: Any) -> None:
    assert spelled(key, one) != spelled(key, other)


@pytest.mark.parametrize("key", ["environment", "ports", "volumes", "healthcheck", "build", "cap_drop", "command"])
@pytest.mark.parametrize("value", [None, 1, "text", {"a": [1]}, [None], [[1]], [{"a": 1}]])
def test_what_makes_no_sense_is_read_all_the_same(key: str, value: Any) -> None:
    spelled(key, value)


@pytest.mark.parametrize("document", [{"services": None}, {"services": {"s": None}}, {"services": {"s": [1]}}])
def test_services_that_are_none_are_read(document: dict[str, Any]) -> None:
    assert "services" in plain(document)


def test_a_volume_without_options_is_one_with_none() -> None:
    assert plain({"volumes": {"v": None}}) == plain({"volumes": {"v": {}}})
