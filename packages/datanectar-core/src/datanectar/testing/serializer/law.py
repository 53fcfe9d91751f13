"""The law: what was stored comes back equal, types included, or is refused."""

from __future__ import annotations

import copy
import io
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from datanectar.contracts.serialization import StoredFile
from datanectar.errors import DatanectarError, SerializationError
from datanectar.layer.opening import storage_layer
from datanectar.layer.storage_layer import StorageLayer
from datanectar.testing.examples import Examples, each, shown
from datanectar.testing.serializer.probes import Subject, dumped, type_name
from datanectar.testing.serializer.rules import SerializerRules


class Law(SerializerRules):
    """What comes back."""

    @pytest.mark.parametrize("url", ["memory://", "disk"])
    def test_what_was_stored_comes_back_equal_types_included(
        self, under_test: Subject, values: Examples, disk: StorageLayer, url: str
    ) -> None:
        layer = disk if url == "disk" else storage_layer(url)
        numbers = count()

        def check(value: Any) -> None:
            name = f"kit/law/{next(numbers)}"
            layer.store(name, value, serializer=under_test.record.name)
            self.compare(layer.load(name), value, f"from a store ({url})")

        each(values, check)

    @pytest.mark.parametrize("kind", ["bytes", "path"])
    def test_bytes_and_files_load_alike(self, under_test: Subject, values: Examples, tmp_path: Path, kind: str) -> None:
        """Large results are files, on disk or in the cache of a remote store; small ones are bytes of a manifest."""
        serializer = under_test.serializer
        numbers = count()

        def check(value: Any) -> None:
            source: Path | bytes = dumped(serializer, value)
            if kind == "path":
                path = tmp_path / f"{next(numbers)}.{under_test.record.extension}"
                path.write_bytes(source)  # type: ignore[arg-type]
                source = path
            self.compare(serializer.load(StoredFile(source)), value, f"from {kind}")

        each(values, check)

    def test_dump_writes_forward_only(self, under_test: Subject, values: Examples) -> None:
        """Results stream to the store while they are hashed: the sink can be written to, and nothing else."""

        def check(value: Any) -> None:
            try:
                dumped(under_test.serializer, value)
            except io.UnsupportedOperation as error:
                msg = (
                    f"dump of {shown(value)} wants more of its sink than write: {error}. A store's stream cannot be "
                    "rewound or read. Where a library must seek, let it write to a temporary file, and copy that"
                )
                raise AssertionError(msg) from error

        each(values, check)

    def test_dump_leaves_the_value_as_it_was(self, under_test: Subject, values: Examples) -> None:
        def check(value: Any) -> None:
            before = copy.deepcopy(value)
            dumped(under_test.serializer, value)
            try:
                self.same(value, before)
            except Exception as error:
                msg = (
                    f"dump changed the value: {shown(before)} became {shown(value)}. The task's caller, and the next "
                    "step in this process, still hold it"
                )
                raise AssertionError(msg) from error

        each(values, check)

    def test_each_load_gives_a_value_of_its_own(self, under_test: Subject, values: Examples) -> None:
        def check(value: Any) -> None:
            file = StoredFile(dumped(under_test.serializer, value))
            first, second = under_test.serializer.load(file), under_test.serializer.load(file)
            assert first is not second or type(value).__hash__ is not None, (
                f"two loads gave one {type_name(value)}: a step that changes its input would change that of others"
            )

        each(values, check)


class Refusal(SerializerRules):
    """What must not be taken."""

    def test_what_it_cannot_hold_is_refused(self, under_test: Subject, refused: list[Any], disk: StorageLayer) -> None:
        for number, value in enumerate(refused):
            name = f"kit/refused/{number}"
            try:
                disk.store(name, value, serializer=under_test.record.name)
            except SerializationError:
                continue
            raise AssertionError(
                f"{shown(value)} was taken, though it is among `refused`; it came back as {shown(disk.load(name))}. "
                "accepts must say no, so that the value goes to the next serializer, or dump must raise "
                "SerializationError"
            )

    def test_a_subclass_is_refused_or_stays_one(
        self, under_test: Subject, values: Examples, disk: StorageLayer
    ) -> None:
        def check(value: Any) -> None:
            child = _as_subclass(value)
            if child is None:
                return
            name = f"kit/child/{next(numbers)}"
            try:
                disk.store(name, child, serializer=under_test.record.name)
                loaded = disk.load(name)
            except DatanectarError:
                return
            assert type(loaded) is type(child), (
                f"a value of a class derived from {type_name(value)} came back as {shown(loaded)}: its class, and "
                "what that adds, is lost. Ask for `type(value) is …`, not isinstance, in accepts"
            )

        numbers = count()
        each(values, check)


def _as_subclass(value: Any) -> Any:
    """The same value, of a class derived from its own; None where there can be none."""
    kind = type(value)
    try:
        derived = type(kind.__name__, (kind,), {"__module__": kind.__module__})
    except TypeError:  # bool, NoneType and others are final
        return None
    try:
        child = copy.copy(value)
        child.__class__ = derived
    except Exception:  # of compiled classes, the constructor may take a value of its own kind
        try:
            child = derived(value)
        except Exception:
            return None
    return child
