"""Which artifacts exist, in how many requests."""

import pytest

from datanectar.errors import InvalidKey
from datanectar.layer.presence import Presence


@pytest.fixture
def stored(layer, backend):
    for task in "ab":
        for number in range(20):
            layer.store(f"t/f/{task}/{number}", None)
    backend.calls.clear()
    return layer


def names(task, count):
    return [f"t/f/{task}/{number}" for number in range(count)]


def test_many_of_a_task_are_one_listing(stored, backend):
    asked = names("a", 30) + names("b", 30) + names("none", 30)
    found = stored.exists_many(asked)
    assert list(found) == asked
    assert {name for name in asked if found[name]} == {*names("a", 20), *names("b", 20)}
    assert [method for method, _ in backend.calls] == ["list"] * 3


def test_few_of_a_task_are_asked_one_by_one(stored, backend):
    assert stored.exists_many(names("a", 3)) == dict.fromkeys(names("a", 3), True)
    assert [method for method, _ in backend.calls] == ["stat"] * 3


def test_what_was_listed_once_is_not_asked_again(stored, backend):
    presence = Presence(backend)
    for start in range(0, 30, 2):
        presence.ask(names("a", 30)[start : start + 2])
    assert [method for method, _ in backend.calls] == ["stat"] * 4 + ["list"]


def test_ten_thousand_in_twenty_tasks_are_twenty_requests(stored, backend):
    stored.exists_many(f"t/f/task{number % 20}/{number}" for number in range(10_000))
    assert len(backend.calls) == 20


def test_names_of_one_segment_are_found(layer, backend):
    layer.store("single", 1)
    assert layer.exists_many(["single", *(f"other{number}" for number in range(9))])["single"]


def test_nothing_asked_is_no_request(layer, backend):
    assert layer.exists_many([]) == {}
    assert backend.calls == []


def test_a_bad_name_is_refused(layer):
    with pytest.raises(InvalidKey):
        layer.exists_many(["a//b"])
