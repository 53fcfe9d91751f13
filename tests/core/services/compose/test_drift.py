"""What has drifted is found, whatever it is; what people wrote otherwise, or besides, is not taken for it."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datanectar.records import Service
from datanectar.services.choosing import Chosen
from datanectar.services.compose.document import document
from datanectar.services.compose.drift import HIDDEN, Difference, differences
from datanectar.services.compose.text import read, written

ROOT = Path("/home/you/flights")
NAME = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,8}", fullmatch=True)
VARIABLE = st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True)
WORD = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
PATH = st.builds(
    lambda inside, parts: (ROOT if inside else Path("/srv/else")).joinpath(*parts),
    st.booleans(),
    st.lists(st.from_regex(r"[\w$ .:-]{1,6}", fullmatch=True), min_size=1, max_size=3),
)


def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(strategy, max_size=3)


SERVICE = st.builds(
    Service,
    name=NAME,
    command=st.builds(lambda program, arguments: [program, *arguments], NAME, some(WORD)),
    ready=st.sampled_from(["", "http://127.0.0.1:8082/"]),
    directory=st.just(ROOT),
    config_files=some(PATH),
    data=some(PATH),
    state=some(PATH),
    env=st.dictionaries(VARIABLE, WORD, max_size=3),
    secrets=some(VARIABLE),
    variables=some(VARIABLE),
    ports=some(st.integers(1, 65535)),
    stop_seconds=st.floats(0, 1000),
    image=st.sampled_from(["", "acme/server:1"]),
    requirements=st.just(["acme>1"]),
)
SERVICES = st.lists(SERVICE, min_size=1, max_size=3, unique_by=lambda service: service.name)


def drift(wanted: dict[str, Any], found: dict[str, Any], *secrets: str) -> list[Difference]:
    return [one for one in differences(wanted, found, secrets) if one.kind != "added"]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every key and every item of a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


def edited(value: Any, path: tuple[Any, ...], new: Any = None) -> Any:
    """A document in which one place says something else, or nothing."""
    made = copy.deepcopy(value)
    around = made
    for key in path[:-1]:
        around = around[key]
    if new is None:
        del around[path[-1]]
    else:
        around[path[-1]] = new
    return made


@given(SERVICES, WORD)
def test_whatever_is_written_has_not_drifted(services: list[Service], project: str) -> None:
    made = document(Chosen(ROOT, services, {}), project, ROOT)
    Path("x.yml").write_text(written(made, {}), encoding="utf-8", newline="\n")
    assert differences(made, read(Path("x.yml")), ()) == []


@given(SERVICES, st.data())
def test_whatever_is_changed_or_taken_away_is_found(services: list[Service], data: st.DataObject) -> None:
    made = document(Chosen(ROOT, services, {}), "flights", ROOT)
    path = data.draw(st.sampled_from(list(places(made))))
    assert drift(made, edited(made, path))
    assert drift(made, edited(made, path, "something else"))


def test_every_key_of_a_service_of_everything_is_found(composed, service, root) -> None:
    everything = {"config_files": [root / "c"], "data": [root / "d"], "state": [root / "s"], "secrets": ["T"]}
    made = composed(service("luigid", "--port", ready="http://127.0.0.1:1/", ports=[1], **everything))
    keys = [path for path in places(made) if path[:2] == ("services", "luigid")]
    assert {path[2] for path in keys if len(path) > 2} >= {
        "build",
        "command",
        "ports",
        "volumes",
        "healthcheck",
        "user",
    }
    assert [path for path in keys if not drift(made, edited(made, path))] == []
    assert [path for path in keys if not drift(made, edited(made, path, "something else"))] == []


def test_each_difference_says_where_and_what(composed, service) -> None:
    made = composed(service(ports=[8082]))
    found = edited(made, ("services", "luigid", "ports", 0), "8082:8082")
    found = edited(found, ("services", "luigid", "restart"), "no")
    found["services"]["mine"] = {"image": "mine"}
    found["services"]["luigid"]["profiles"] = ["x"]
    assert differences(made, found, ()) == [
        Difference("missing", "services.luigid.ports.8082.host_ip", None, "127.0.0.1"),
        Difference("changed", "services.luigid.restart", "no", "unless-stopped"),
        Difference("added", "services.luigid.profiles"),
        Difference("added", "services.mine"),
    ]


def test_a_service_that_is_missing_is_one_difference(composed, service) -> None:
    (one,) = drift(composed(service()), {"name": "flights", "services": {}})
    assert (one.kind, one.path) == ("missing", "services.luigid")


@pytest.mark.parametrize("spelling", [{"T": "hunter2"}, ["T=hunter2"], {"T": "${T:-hunter2}"}, "T=hunter2"])
def test_a_secret_that_stands_in_the_file_is_not_repeated(composed, service, spelling: Any) -> None:
    made = composed(service(secrets=["T"], image="acme"))
    found = edited(made, ("services", "luigid", "environment"), spelling)
    (one,) = drift(made, found, "T")
    assert one.file == HIDDEN


def test_another_reference_to_a_secret_is_shown(composed, service) -> None:
    made = composed(service(secrets=["T"], image="acme"))
    (one,) = drift(made, edited(made, ("services", "luigid", "environment", "T"), "${T}"), "T")
    assert (one.file, one.records) == ("${T}", "${T:?}")


def test_what_people_added_is_not_repeated_either(composed, service) -> None:
    made = composed(service())
    found = edited(made, ("services", "luigid", "environment", "PASSWORD"), "hunter2")
    assert differences(made, found, ()) == [Difference("added", "services.luigid.environment.PASSWORD")]
