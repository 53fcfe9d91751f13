"""Commits: a storage layer on the backend keeps its promises, also when replies are lost and bytes are damaged."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import Barrier
from typing import Any

import pytest

from datanectar.contracts.storage import StorageBackend
from datanectar.errors import AlreadyExists, IntegrityError, StorageUnavailable
from datanectar.layer import keys as layout
from datanectar.layer.storage_layer import StorageLayer
from datanectar.layer.writing import DifferentResult, new_attempt
from datanectar.serializers.text import Bytes
from datanectar.testing.faults import FaultyBackend
from datanectar.testing.storage.layers import NAME, layer_on
from datanectar.testing.storage.rules import StorageRules, content, keys

#: A value that fits into its manifest, and one of two files beside it, of which one is fetched as a file.
VALUES: dict[str, Any] = {"inline": b"small", "files": {"a": content(200_000), "b": content((1 << 20) + 1)}}

#: Bytes of a value that those who race store: in the manifest, or in a file beside it.
SIZES = {"inline": 10, "file": 100_000}


class Commits(StorageRules):
    """Rules of the commit protocol, which all stores keep or none."""

    @pytest.fixture
    def faulty(self, backend: StorageBackend) -> FaultyBackend:
        """The backend with something in between."""
        return FaultyBackend(backend)

    @pytest.fixture
    def layer(self, faulty: FaultyBackend, private_cache: None) -> Iterator[StorageLayer]:
        """A storage layer on it."""
        with layer_on(faulty) as layer:
            yield layer

    @pytest.mark.parametrize("kind", VALUES)
    def test_an_artifact_comes_back_as_it_was_stored(self, layer: StorageLayer, kind: str) -> None:
        stored = layer.store(NAME, VALUES[kind])
        assert layer.exists(NAME)
        assert list(layer.list()) == [NAME]
        assert layer.manifest(NAME).attempt == stored.attempt
        assert layer.load(NAME) == VALUES[kind]

    def test_the_first_of_two_attempts_stays(self, layer: StorageLayer, faulty: FaultyBackend) -> None:
        first = layer.store(NAME, content(200_000))
        with pytest.warns(DifferentResult):
            second = layer.store(NAME, content(200_001))
        assert second.attempt == first.attempt
        assert layer.load(NAME) == content(200_000)
        assert len(faulty.listed(layout.DATA)) == 1, "the loser left its files"

    @pytest.mark.parametrize("kind", VALUES)
    @pytest.mark.parametrize(
        "error", [StorageUnavailable("reset"), AlreadyExists("412, as an SDK that tried again is told")], ids=repr
    )
    def test_a_lost_reply_is_a_win(
        self, layer: StorageLayer, faulty: FaultyBackend, kind: str, error: Exception
    ) -> None:
        layer.writer.prepare()
        faulty.after["create"] = _once(error)
        stored = layer.store(NAME, VALUES[kind])
        assert layer.manifest(NAME).attempt == stored.attempt
        assert layer.load(NAME) == VALUES[kind]
        assert faulty.listed(layout.MANIFESTS) == [layout.manifest(NAME)]
        assert faulty.listed("repairs/") == []

    def test_a_create_that_did_not_happen_is_tried_again(self, layer: StorageLayer, faulty: FaultyBackend) -> None:
        layer.writer.prepare()
        faulty.before["create"] = _once(StorageUnavailable("409 ConditionalRequestConflict"))
        stored = layer.store(NAME, VALUES["files"])
        assert layer.manifest(NAME).attempt == stored.attempt
        assert [key for method, key in faulty.calls if method == "create"][-2:] == [layout.manifest(NAME)] * 2

    @pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
    def test_threads_that_store_one_artifact_all_get_the_winners(self, layer: StorageLayer, size: int) -> None:
        layer.writer.prepare()
        for many in self.contenders:
            name, gate = f"{NAME}{many}", Barrier(many)

            def run(me: int, name: str = name, gate: Barrier = gate) -> tuple[str, str]:
                gate.wait()
                return commit(layer, name, me, size)

            with ThreadPoolExecutor(many) as pool, pytest.warns(DifferentResult):
                outcomes = list(pool.map(run, range(many)))
            check_commits(layer, name, outcomes)

    @pytest.mark.parametrize("how", ["other bytes", "cut short", "gone"])
    def test_damaged_bytes_are_refused_before_they_are_decoded_and_made_anew(
        self, layer: StorageLayer, faulty: FaultyBackend, monkeypatch: pytest.MonkeyPatch, how: str
    ) -> None:
        data = content(200_000)
        layer.store(NAME, data)
        (key,) = faulty.listed(layout.DATA)
        if how == "gone":
            faulty.inner.delete([key])
        else:
            faulty.put(key, data[:-1] if how == "cut short" else data[:-1] + bytes([data[-1] ^ 1]))
        with monkeypatch.context() as patch:
            patch.setattr(Bytes, "load", lambda self, file: pytest.fail("damaged bytes reached a decoder"))
            with pytest.raises(IntegrityError, match=key):
                layer.load(NAME)
        layer.writer.commit(NAME, new_attempt(), data, repair=True)
        assert layer.load(NAME) == data

    def test_a_damaged_manifest_is_made_anew(self, layer: StorageLayer, faulty: FaultyBackend) -> None:
        layer.store(NAME, b"value")
        key = layout.manifest(NAME)
        faulty.put(key, faulty.inner.read(key).replace(b"value", b"VALUE"))
        with pytest.raises(IntegrityError):
            layer.load(NAME)
        layer.store(NAME, b"value")
        assert layer.load(NAME) == b"value"

    def test_an_alias_moves_and_an_artifact_goes(self, layer: StorageLayer, faulty: FaultyBackend) -> None:
        for name in (NAME, f"{NAME}b"):
            layer.store(name, VALUES["files"])
            layer.alias(name, "latest")
        path = NAME.rpartition("/")[0]
        assert layer.resolve(f"{path}@latest") == f"{NAME}b"
        layer.delete(NAME)
        assert list(layer.list()) == [f"{NAME}b"]
        assert not layer.exists(NAME)
        assert faulty.listed(f"{layout.DATA}{NAME}/") == []


def commit(layer: StorageLayer, name: str, me: int, size: int) -> tuple[str, str]:
    """Stores bytes of one's own; returns the attempt that stands, and the digest of what is loaded then."""
    stored = layer.store(name, bytes([me]) * size)
    return stored.attempt, sha256(layer.load(name)).hexdigest()


def check_commits(layer: StorageLayer, name: str, outcomes: list[tuple[str, str]]) -> None:
    """Checks that those who stored one artifact all got the attempt and the bytes of one of them, nothing else left."""
    assert len(set(outcomes)) == 1, f"{len(outcomes)} who stored {name} got {len(set(outcomes))} different results"
    left = keys(layer.backend.list(f"{layout.DATA}{name}/"))
    attempt, _ = outcomes[0]
    assert set(left) <= {layout.data(name, attempt, 0, "bin")}, "losers left their files"


def _once(error: Exception) -> Any:
    """Raises an error the first time it is called."""
    left = [error]

    def act(key: str) -> None:
        if left:
            raise left.pop()

    return act
