"""What Docker Compose says of a file; none of it where it is not installed."""

import os
from pathlib import Path

import pytest

from datanectar.services.compose.docker import refusal

FILE = Path("docker-compose.yml")


@pytest.fixture(autouse=True)
def no_docker(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("bin").mkdir()
    monkeypatch.setenv("PATH", os.path.abspath("bin"))


def docker(script: str) -> None:
    Path("bin/docker").write_text(f"#!/bin/sh\n{script}\n")
    Path("bin/docker").chmod(0o755)


def test_without_docker_nothing_is_said() -> None:
    assert refusal(FILE, []) == ""


def test_docker_without_compose_says_nothing_of_the_file() -> None:
    docker("echo \"'compose' is not a docker command\" >&2; exit 1")
    assert refusal(FILE, []) == ""


def test_a_file_that_it_accepts_is_fine() -> None:
    docker('echo "$@" >> calls')
    assert refusal(FILE, []) == ""
    assert Path("calls").read_text() == "compose version\ncompose -f docker-compose.yml config -q\n"


def test_variables_that_are_yet_to_be_set_are_no_fault_of_the_file() -> None:
    docker('[ "$2" = version ] && exit 0\n[ -n "$PASSWORD" ] || exit 15')
    assert refusal(FILE, ["PASSWORD"]) == ""
    assert refusal(FILE, []) != ""


@pytest.mark.parametrize(("script", "said"), [("echo no such key >&2; exit 15", "no such key"), ("exit 15", "code 15")])
def test_what_it_refuses_is_told_in_its_words(script: str, said: str) -> None:
    docker(f'[ "$2" = version ] && exit 0\n{script}')
    assert said in refusal(FILE, [])
