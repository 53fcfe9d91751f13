from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import datanectar as dn
from datanectar.doctor import stores
from datanectar.doctor.findings import Finding, guarded
from datanectar.errors import StorageAccessError, StorageFull, StorageUnavailable
from datanectar.layer.options import LayerOptions
from datanectar.layer.signing import Signer
from datanectar.layer.storage_layer import StorageLayer
from datanectar.registry import registry
from datanectar.storages.local import LocalBackend, LocalOptions
from datanectar.storages.memory import MemoryBackend


def layer(backend: dn.StorageBackend, **options: bool) -> StorageLayer:
    with dn.settings() as settings:
        return StorageLayer("lake", backend, LayerOptions(**options), registry(settings), Signer([], Path.cwd()))


def look(backend: dn.StorageBackend, **options: bool) -> list[Finding]:
    return list(guarded("storage lake", stores.store("storage lake", layer(backend, **options))))


def told(backend: dn.StorageBackend, **options: bool) -> list[tuple[str, str, str]]:
    return [(found.status, found.check, found.found) for found in look(backend, **options)]


def keys(backend: dn.StorageBackend) -> list[str]:
    return sorted(info.key for info in backend.list(""))


class ReadOnly(MemoryBackend):
    def create(self, key, data):
        raise StorageAccessError("403 AccessDenied")


class Overwriting(MemoryBackend):
    def create(self, key, data):
        self.delete([key])
        return super().create(key, data)


class Full(MemoryBackend):
    def create(self, key, data):
        raise StorageFull("no space left")


class Unreachable(MemoryBackend):
    def read(self, key):
        raise StorageUnavailable("no route to host")


class Skewed(MemoryBackend):
    seconds = 0.0

    def stat(self, key):
        found = super().stat(key)
        return replace(found, modified=found.modified + timedelta(seconds=self.seconds))


class Forgetful(MemoryBackend):
    def stat(self, key):
        return None


class Naive(MemoryBackend):
    """As a plugin that forgot the time zone."""

    def stat(self, key):
        return replace(super().stat(key), modified=super().stat(key).modified.replace(tzinfo=None))


def test_a_sound_store_is_read_written_to_and_left_as_it_was() -> None:
    backend = MemoryBackend()
    assert told(backend) == [
        ("ok", "storage lake", "memory:// can be read: no artifacts yet"),
        ("ok", "storage lake", "can be written to, and overwrites nothing"),
        ("ok", "clock", "agrees with that of lake"),
    ]
    assert keys(backend) == []


def test_a_store_with_artifacts_says_so_and_keeps_them() -> None:
    backend = MemoryBackend()
    layer(backend).store("a/b/c", 1)
    before = keys(backend)
    assert look(backend)[0].found == "memory:// can be read: has artifacts"
    assert keys(backend) == before


@pytest.mark.parametrize("there", ["", "below", "below/store"])
def test_a_directory_that_was_not_there_is_not_there_afterwards(there: str) -> None:
    (Path.cwd() / there).mkdir(parents=True, exist_ok=True)
    before = sorted(Path.cwd().rglob("*"))
    backend = LocalBackend(LocalOptions(Path.cwd() / "below" / "store"))
    assert [found.status for found in look(backend)] == ["ok", "ok", "ok"]
    assert sorted(Path.cwd().rglob("*")) == before


def test_a_store_that_can_only_be_read_is_a_warning_with_what_still_works() -> None:
    backend = ReadOnly()
    MemoryBackend.create(backend, "manifests/a.json", b"")
    (_, found) = look(backend)
    assert (found.status, found.found) == ("warning", "read-only: 403 AccessDenied")
    assert found.remedy.startswith("loading, ls, show and plan work; ")


def test_an_empty_store_that_takes_nothing_is_an_error() -> None:
    assert told(ReadOnly())[-1] == ("error", "storage lake", "403 AccessDenied")


def test_a_path_that_is_a_file_is_an_error() -> None:
    Path("taken").write_text("")
    found = look(LocalBackend(LocalOptions(Path.cwd() / "taken")))[-1]
    assert found.status == "error"
    assert f"nothing can be written to {Path.cwd()}/taken" in found.found


def test_a_store_that_overwrites_is_an_error_with_the_ways_out() -> None:
    found = look(Overwriting())[-1]
    assert found.status == "error"
    assert "overwrote an object" in found.found
    assert "unsafe_single_writer = true" in found.found


def test_a_store_that_may_overwrite_is_a_warning() -> None:
    assert [found.status for found in look(Overwriting(), unsafe_single_writer=True)] == ["ok", "warning", "ok"]


@pytest.mark.parametrize(
    ("backend", "message"),
    [(Full(), "no space left"), (Unreachable(), "no route to host")],
    ids=["full", "unreachable"],
)
def test_a_store_that_fails_is_an_error_in_its_own_words(backend: MemoryBackend, message: str) -> None:
    assert told(backend)[-1] == ("error", "storage lake", message)


def test_a_store_whose_own_document_is_damaged_is_an_error() -> None:
    backend = MemoryBackend()
    layer(backend).store("a/b/c", 1)
    damaged = backend.read("datanectar.json")
    backend.delete(["datanectar.json"])
    backend.create("datanectar.json", damaged[:-9])
    ((status, _, found),) = told(backend)
    assert status == "error"
    assert "datanectar.json" in found


@pytest.mark.parametrize(
    ("seconds", "status", "found"),
    [
        (59, "ok", "agrees with that of lake"),
        (-59, "ok", "agrees with that of lake"),
        (90, "warning", "90 s behind that of lake"),
        (-90, "warning", "90 s ahead of that of lake"),
        (600, "error", "600 s behind that of lake: object stores refuse requests that are 15 minutes off"),
        (-600, "error", "600 s ahead of that of lake: object stores refuse requests that are 15 minutes off"),
    ],
)
def test_this_machines_clock_is_compared_with_the_stores(seconds: float, status: str, found: str) -> None:
    backend = Skewed()
    backend.seconds = seconds
    last = look(backend)[-1]
    assert (last.status, last.check, last.found) == (status, "clock", found)
    assert ("set this machine's clock" in last.remedy) is (status != "ok")


def test_a_store_that_does_not_show_what_it_took_is_an_error() -> None:
    assert "does not show an object" in look(Forgetful())[-1].found


def test_a_plugin_that_breaks_the_check_is_an_error_and_leaves_nothing_behind() -> None:
    backend = Naive()
    found = look(backend)[-1]
    assert found.status == "error"
    assert found.found.startswith("this check failed itself: TypeError: ")
    assert keys(backend) == []


def test_a_local_directory_is_read_off_the_url() -> None:
    odd = Path("/data/with space & ü")
    assert stores.local_directory(LocalBackend(LocalOptions(odd))) == odd
    assert stores.local_directory(MemoryBackend()) is None
