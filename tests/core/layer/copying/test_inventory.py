"""What two stores have, by listings."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from datanectar.layer import keys
from datanectar.layer.copying.inventory import take_inventory


@pytest.fixture
def target(faulty):
    return faulty()


def lists(backend):
    return [key for method, key in backend.calls if method == "list"]


def test_each_area_is_listed_once_where_all_is_wanted(layer, backend, target):
    for name in ("t/f/a/1", "t/f/b/1", "u/1"):
        layer.store(name, 1)
    backend.calls.clear()
    found = take_inventory(backend, target, None)
    assert set(found.sizes) == {"t/f/a/1", "t/f/b/1", "u/1"}
    assert sorted(lists(backend)) == sorted(lists(target)) == ["data/", "logs/", "manifests/"]


def test_else_it_is_a_listing_a_task_and_none_within_another(layer, backend, target):
    for name in ("t/f/a/1", "t/f/a/2", "t/f/a/1/deep", "t/f/b/1", "single"):
        layer.store(name, 1)
    backend.calls.clear()
    found = take_inventory(backend, target, ["t/f/a/1", "t/f/a/1/deep", "single", "t/f/none/1"])
    assert set(found.sizes) == {"t/f/a/1", "t/f/a/1/deep", "single"}
    assert sorted(key for key in lists(backend) if key.startswith("manifests/")) == [
        "manifests/single",
        "manifests/t/f/a/",
        "manifests/t/f/none/",
    ]


def test_a_size_is_that_of_manifest_and_files(layer, backend, target, name, big):
    layer.store(name, {"a": big, "b": big})
    backend.inner.create(keys.data("t/f/killed/1", "attempt", 0, "bin"), big)
    expected = 2 * len(big) + backend.inner.stat(keys.manifest(name)).size
    assert take_inventory(backend, target, None).sizes == {name: expected}


def test_what_the_target_has_is_told_of_the_artifacts_alone(layer, backend, target, make_layer, name, big):
    other = make_layer(target)
    layer.store(name, big)
    other.store(name, big)
    other.store("t/f/another/1", big)
    found = take_inventory(backend, target, None)
    assert found.present == {name}
    assert list(found.data) == target.listed(keys.data_prefix(name))


def test_logs_that_the_target_has_are_left_out(layer, backend, target, name):
    layer.store(name, 1)
    for attempt in ("one", "two"):
        backend.inner.create(keys.log(name, attempt), b"text")
    target.inner.create(keys.log(name, "one"), b"text")
    assert [info.key for info in take_inventory(backend, target, None).logs[name]] == [keys.log(name, "two")]


def test_what_is_asked_for_and_not_there_is_told(layer, backend, target, name):
    layer.store(name, 1)
    found = take_inventory(backend, target, [name, "t/f/none/1"])
    assert (found.missing, found.names) == (["t/f/none/1"], [name, "t/f/none/1"])


def test_what_somebody_put_among_the_manifests_is_no_artifact(layer, backend, target, name):
    layer.store(name, 1)
    backend.inner.create("manifests/readme.txt", b"do not touch")
    assert list(take_inventory(backend, target, None).sizes) == [name]


def test_of_the_same_time_the_names_decide(layer, backend, target, monkeypatch):
    for name in ("t/f/b/1", "t/f/a/2", "t/f/c/3"):
        layer.store(name, 1)
    then = datetime(2026, 1, 1, tzinfo=UTC)
    at_once = [replace(info, modified=then) for info in backend.inner.list("")]
    listed = lambda prefix: iter([info for info in at_once if info.key.startswith(prefix)])
    monkeypatch.setattr(backend, "list", listed)
    assert list(take_inventory(backend, target, None).sizes) == ["t/f/a/2", "t/f/b/1", "t/f/c/3"]
