"""Compose files as text, written and read."""

import io
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from datanectar.errors import ConfigurationError, UnsupportedError
from datanectar.services.compose.text import read, written

WORDS = st.text(st.characters(codec="utf-8"))


def test_it_reads_well() -> None:
    services: dict[str, Any] = {"luigid": {"build": {"dockerfile_inline": "FROM a\nRUN b\n"}, "command": ["a", "1"]}}
    text = written({"name": "x", "services": services, "volumes": {"v": {}}}, {"luigid": "A scheduler\n of tasks"})
    header, _, rest = text.partition("\n\n")
    assert "yours to edit" in header
    assert "`datanectar compose --check`" in header
    assert rest == (
        "name: x\n\nservices:\n  # A scheduler of tasks\n  luigid:\n    build:\n      dockerfile_inline: |\n"
        '        FROM a\n        RUN b\n    command: [a, "1"]\n\nvolumes:\n  v: {}\n'
    )


@given(WORDS)
@example("1e3")
@example("0o17")
@example("yes")
@example("null")
@example("12:30:00")
@example(" a\n b")
@example("a\n\n b\n\n")
@example("a\u2028b\n")
@example("# a")
@example("<<")
def test_every_reader_reads_text_as_the_text_that_it_was(word: str) -> None:
    services = {"a": {"command": [word], "environment": {"A": word}, "build": {"dockerfile_inline": word + "\nx"}}}
    text = written({"services": services}, {})
    Path("x.yml").write_text(text, encoding="utf-8", newline="\n")
    assert read(Path("x.yml"))["services"] == services
    assert YAML(typ="safe", pure=True).load(io.StringIO(text))["services"] == services  # the YAML 1.2 that Docker reads


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"x\.yml is not there; `datanectar compose` writes one"):
        read(Path("x.yml"))


@pytest.mark.parametrize("text", [b"a: [", b"\xff", b"a: \x01"])
def test_a_file_that_is_broken_is_named(text: bytes) -> None:
    Path("x.yml").write_bytes(text)
    with pytest.raises(ConfigurationError, match=r"x\.yml is not YAML: "):
        read(Path("x.yml"))


@pytest.mark.parametrize("text", ["", "- a", "text"])
def test_a_file_of_something_else_is_named(text: str) -> None:
    Path("x.yml").write_text(text)
    with pytest.raises(ConfigurationError, match=r"x\.yml is no Compose file"):
        read(Path("x.yml"))


def test_a_file_that_cannot_be_read_is_named() -> None:
    Path("x.yml").mkdir()
    with pytest.raises(ConfigurationError, match=r"x\.yml cannot be read: Is a directory"):
        read(Path("x.yml"))


def test_without_pyyaml_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(UnsupportedError, match=r"pip install 'datanectar-core\[services\]'"):
        written({}, {})
