"""Commits when the store answers late, wrongly or not at all, and when others are faster."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from feast.protos.feast.core.Registry_pb2 import Registry
from feast.repo_config import RegistryConfig

import datanectar as dn
from datanectar.errors import (
    AlreadyExists,
    CommitUnknown,
    StorageAccessError,
    StorageError,
    StorageUnavailable,
    UnsafeStore,
)
from datanectar.layer.options import LayerOptions
from datanectar.layer.signing import Signer
from datanectar.layer.storage_layer import StorageLayer
from datanectar.registry import registry as registry_of_plugins
from datanectar.storages.memory import MemoryBackend
from datanectar.testing.faults import FaultyBackend
from datanectar_feast.registry import DatanectarRegistryStore
from datanectar_feast.registry import log as registry_log
from datanectar_feast.registry import store as registry_store


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dn, "pause_before", lambda retry, *, longest: 0.001)


@pytest.fixture
def backend(layer: dn.StorageLayer) -> FaultyBackend:
    return FaultyBackend(layer.backend)


@pytest.fixture
def ours(place: str, backend: FaultyBackend) -> DatanectarRegistryStore:
    """A store, over a backend that fails as a test tells it, that has committed the view ``first``."""
    store = DatanectarRegistryStore(RegistryConfig(path=place), None)
    proto = Registry(registry_schema_version="1")
    add(proto, "first")
    store.update_registry_proto(proto)
    store._log._backend = backend
    return store


@pytest.fixture
def theirs(place: str, ours: DatanectarRegistryStore) -> DatanectarRegistryStore:
    """The store of another process."""
    return DatanectarRegistryStore(RegistryConfig(path=place), None)


def add(proto: Any, name: str) -> Any:
    proto.feature_views.add().spec.name = name
    return proto


def commit(store: DatanectarRegistryStore, name: str) -> None:
    store.update_registry_proto(add(store.get_registry_proto(), name))


def delete(store: DatanectarRegistryStore, name: str) -> None:
    proto = store.get_registry_proto()
    del proto.feature_views[names(proto).index(name)]
    store.update_registry_proto(proto)


def names(proto: Any) -> list[str]:
    return [view.spec.name for view in proto.feature_views]


def once(error: Exception) -> Any:
    """What raises an error the first time it is called."""
    errors = [error]

    def fail(key: str) -> None:
        if errors:
            raise errors.pop()

    return fail


@pytest.mark.parametrize("error", [AlreadyExists("taken"), StorageUnavailable("no answer")])
def test_a_reply_that_was_lost_commits_once(error: Exception, ours: Any, theirs: Any, backend: FaultyBackend) -> None:
    backend.after["create"] = once(error)
    commit(ours, "second")
    assert names(theirs.get_registry_proto()) == ["first", "second"]
    assert backend.listed("registry/") == ["registry/000000001.pb", "registry/000000002.pb"]
    commit(ours, "third")
    assert names(theirs.get_registry_proto()) == ["first", "second", "third"]


@pytest.mark.parametrize("error", [AlreadyExists("taken"), StorageUnavailable("no answer")])
def test_what_was_committed_by_a_lost_reply_and_deleted_since_does_not_come_back(
    error: Exception, ours: Any, theirs: Any, backend: FaultyBackend
) -> None:
    def delete_and_fail(key: str) -> None:
        backend.after.clear()
        delete(theirs, "second")
        raise error

    backend.after["create"] = delete_and_fail
    commit(ours, "second")
    commit(ours, "third")
    assert names(theirs.get_registry_proto()) == ["first", "third"]


@pytest.mark.parametrize("method", ["list", "create", "read", "stat"])
def test_a_store_that_does_not_answer_is_asked_again(
    method: str, ours: Any, theirs: Any, backend: FaultyBackend
) -> None:
    proto = add(ours.get_registry_proto(), "second")
    commit(theirs, "between")
    backend.before[method] = once(StorageUnavailable("no answer"))
    ours.update_registry_proto(proto)
    assert names(theirs.get_registry_proto()) == names(proto) == ["first", "between", "second"]
    assert len(backend.listed("registry/")) == 3


def test_a_reply_that_was_lost_while_another_took_the_number_is_merged(
    ours: Any, theirs: Any, backend: FaultyBackend
) -> None:
    backend.before["create"] = lambda key: (backend.before.clear(), commit(theirs, "between"))
    commit(ours, "second")
    assert names(theirs.get_registry_proto()) == ["first", "between", "second"]


def test_an_update_of_which_nobody_knows_whether_it_was_stored_is_not_stored_twice(
    ours: Any, theirs: Any, backend: FaultyBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_log, "_DEADLINE", 0.0)

    def fall_silent(key: str) -> None:
        backend.before["stat"] = lambda key: fall_silent(key)
        raise StorageUnavailable("no answer")

    backend.after["create"] = fall_silent
    proto = add(ours.get_registry_proto(), "second")
    with pytest.raises(CommitUnknown, match=r"no clear answer for registry/000000002\.pb"):
        ours.update_registry_proto(proto)
    backend.after.clear()
    backend.before.clear()
    ours.update_registry_proto(proto)
    assert names(theirs.get_registry_proto()) == ["first", "second"]
    assert len(backend.listed("registry/")) == 2


def test_a_store_that_never_answers_is_given_up(
    ours: Any, backend: FaultyBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_store, "_DEADLINE", 0.05)
    proto = add(ours.get_registry_proto(), "second")

    def refuse(key: str) -> None:
        raise StorageUnavailable("no answer")

    backend.before["list"] = refuse
    with pytest.raises(StorageUnavailable, match="no answer"):
        ours.update_registry_proto(proto)


def test_a_refusal_is_told_at_once_and_the_change_is_kept_for_another_try(
    ours: Any, theirs: Any, backend: FaultyBackend
) -> None:
    proto = add(ours.get_registry_proto(), "second")
    backend.before["create"] = once(StorageAccessError("not yours"))
    with pytest.raises(StorageAccessError):
        ours.update_registry_proto(proto)
    ours.update_registry_proto(proto)
    assert names(theirs.get_registry_proto()) == ["first", "second"]


def test_who_is_always_too_late_is_told_so(
    ours: Any, theirs: Any, backend: FaultyBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_store, "_DEADLINE", 0.05)
    backend.before["create"] = lambda key: commit(theirs, f"theirs {key[-5]}")
    with pytest.raises(StorageError, match=r"others were faster \d+ times. Nothing of this update is stored"):
        commit(ours, "second")
    assert "second" not in names(theirs.get_registry_proto())


def test_who_is_overtaken_by_more_than_the_log_keeps_loses_nothing(
    ours: Any, theirs: Any, backend: FaultyBackend
) -> None:
    """The number that it saw free is free again: what was there has been trimmed."""

    def overtake(key: str) -> None:
        backend.before.clear()
        for number in range(105):
            commit(theirs, f"theirs {number}")

    backend.before["create"] = overtake
    commit(ours, "ours")
    found = names(theirs.get_registry_proto())
    assert len(found) == 107
    assert {"first", "ours", "theirs 0", "theirs 104"} <= set(found)
    assert backend.listed("registry/")[0] == "registry/000000007.pb"


def test_the_first_commit_that_is_overtaken_by_more_than_the_log_keeps_loses_nothing(
    ours: Any, theirs: Any, backend: FaultyBackend
) -> None:
    ours.teardown()

    def overtake(key: str) -> None:
        backend.before.clear()
        theirs.update_registry_proto(add(Registry(), "theirs"))
        for number in range(105):
            commit(theirs, f"theirs {number}")

    backend.before["create"] = overtake
    ours.update_registry_proto(add(Registry(), "ours"))
    assert {"ours", "theirs", "theirs 104"} <= set(names(theirs.get_registry_proto()))


def test_a_version_that_is_trimmed_while_it_is_read_gives_way_to_a_newer_one(
    ours: Any, theirs: Any, backend: FaultyBackend
) -> None:
    def overtake(key: str) -> None:
        backend.before.clear()
        for number in range(105):
            commit(theirs, f"theirs {number}")

    commit(theirs, "new")
    backend.before["read"] = overtake
    assert "theirs 104" in names(ours.get_registry_proto())


def test_a_version_that_is_trimmed_while_it_is_merged_gives_way_to_a_newer_one(
    ours: Any, theirs: Any, backend: FaultyBackend
) -> None:
    proto = add(ours.get_registry_proto(), "ours")
    commit(theirs, "new")

    def overtake(key: str) -> None:
        backend.before.clear()
        for number in range(105):
            commit(theirs, f"theirs {number}")

    backend.before["read"] = overtake
    ours.update_registry_proto(proto)
    assert {"first", "new", "ours", "theirs 104"} <= set(names(theirs.get_registry_proto()))


def test_what_others_deleted_stays_deleted_when_the_version_that_had_it_is_trimmed(ours: Any, theirs: Any) -> None:
    proto = add(ours.get_registry_proto(), "ours")
    delete(theirs, "first")
    for number in range(105):
        commit(theirs, f"theirs {number}")
    ours.update_registry_proto(proto)
    assert len(names(proto)) == 106
    assert "first" not in names(proto)


@pytest.mark.parametrize("versions", [1, 2, 3])
def test_what_we_hold_is_not_taken_for_deleted_in_a_registry_made_anew(versions: int, ours: Any, theirs: Any) -> None:
    """Ours was made of version 2; theirs never had what is in it, however many versions it has."""
    commit(ours, "second")
    proto = add(ours.get_registry_proto(), "ours")
    theirs.teardown()
    theirs.update_registry_proto(Registry(registry_schema_version="1"))
    for number in range(1, versions):
        commit(theirs, f"theirs {number}")
    ours.update_registry_proto(proto)
    added = [f"theirs {number}" for number in range(1, versions)]
    assert names(theirs.get_registry_proto()) == [*added, "first", "second", "ours"]


def test_old_versions_that_may_not_be_deleted_do_not_fail_a_commit(
    ours: Any, theirs: Any, backend: FaultyBackend
) -> None:
    for number in range(101):
        commit(theirs, f"theirs {number}")
    backend.before["delete"] = once(StorageAccessError("not yours"))
    commit(ours, "ours")
    assert names(theirs.get_registry_proto())[-1] == "ours"
    commit(ours, "another")
    assert len(backend.listed("registry/")) == 101


def test_a_change_that_another_thread_makes_during_a_commit_is_not_lost(
    ours: Any, theirs: Any, backend: FaultyBackend
) -> None:
    """Threads that share a feature store change one cache."""
    proto = add(ours.get_registry_proto(), "second")
    commit(theirs, "between")
    backend.before["create"] = lambda key: (backend.before.clear(), add(proto, "third"))
    ours.update_registry_proto(proto)
    assert names(theirs.get_registry_proto()) == ["first", "between", "second"]
    assert names(proto) == ["first", "between", "second", "third"]
    ours.update_registry_proto(proto)
    assert names(theirs.get_registry_proto()) == ["first", "between", "second", "third"]


def test_a_commit_alone_reads_nothing(ours: Any, backend: FaultyBackend) -> None:
    proto = ours.get_registry_proto()
    backend.calls.clear()
    ours.update_registry_proto(add(proto, "second"))
    methods = [method for method, _ in backend.calls]
    assert methods == ["list", "create", "stat"]


def test_what_was_read_once_is_not_read_again(ours: Any, theirs: Any, backend: FaultyBackend) -> None:
    commit(theirs, "second")
    backend.calls.clear()
    first, second = ours.get_registry_proto(), ours.get_registry_proto()
    assert first == second
    assert first is not second
    assert [method for method, _ in backend.calls] == ["list", "read", "list"]


class Overwriting(MemoryBackend):
    """A store that does not know put-if-absent."""

    def create(self, key: str, data: bytes) -> dn.ObjectInfo:
        self.delete([key])
        return super().create(key, data)


def test_a_store_that_overwrites_is_refused_before_anything_is_committed() -> None:
    backend = Overwriting()
    with dn.settings(storage_layer="memory://") as settings:
        layer = StorageLayer("test", backend, LayerOptions(), registry_of_plugins(settings), Signer((), Path.cwd()))
    store = DatanectarRegistryStore(RegistryConfig(path="memory://"), None)
    store._log = registry_log.RegistryLog(layer)
    with pytest.raises(UnsafeStore):
        store.update_registry_proto(Registry())
    assert list(backend.list("registry/")) == []
