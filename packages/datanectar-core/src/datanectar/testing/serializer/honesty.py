"""What a serializer says of itself, and whether other processes find it so."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from datanectar.layer.choosing import candidates
from datanectar.layer.storage_layer import StorageLayer
from datanectar.records import SerializerType
from datanectar.testing.another_process import elsewhere
from datanectar.testing.examples import Examples, each, sample, shown
from datanectar.testing.flags import only_if
from datanectar.testing.fresh_process import LISTING, modules_after
from datanectar.testing.serializer.probes import Read, Subject, dumped, read_again, type_name, what_loading_runs
from datanectar.testing.serializer.rules import SerializerRules


class Record(SerializerRules):
    """What its record says."""

    def test_its_types_name_the_class_of_every_value(self, under_test: Subject, values: Examples) -> None:
        types = under_test.record.types

        def check(value: Any) -> None:
            assert under_test.record in candidates(under_test.registry, type(value)), (
                f"types={types!r} has neither {type_name(value)!r} nor a class that it derives from, so nobody would "
                "ask this serializer about such a value. Write the names that the classes have: __module__.__qualname__"
            )

        each(values, check)

    def test_it_accepts_every_value_and_its_class(self, under_test: Subject, values: Examples) -> None:
        serializer = under_test.serializer

        def check(value: Any) -> None:
            said = serializer.accepts(value)
            assert said is True, f"accepts says {said!r} of {shown(value)}, so it would go to another serializer"
            said = serializer.accepts_type(type(value))
            assert said is True, (
                f"accepts_type says {said!r} of {type_name(value)}, of which it accepts a value: a run that makes one "
                "would be refused before it starts. Say no only where no value of a class can be held"
            )

        each(values, check)

    def test_registering_it_imports_no_library_of_its_values(self, under_test: Subject) -> None:
        record = under_test.record
        plugin = under_test.registry.components(SerializerType)[record.name].plugin
        known = LISTING if plugin.distribution else f"import pickle; pickle.loads({pickle.dumps(record)!r})"
        modules = {name.rpartition(".")[0] for name in record.types} - {"", "builtins"}
        if isinstance(record.factory, str):
            modules.add(record.factory.partition(":")[0])
        before, after = modules_after(known, plugin=plugin.name)
        found = modules & set(after).difference(before)
        assert not found, (
            f"{', '.join(sorted(found))} is imported as soon as the record is there, so every run of everybody pays "
            "for it. Name the factory as 'module:attribute', and import what is heavy in the module that this names"
        )


class OtherProcesses(SerializerRules):
    """What another process makes of its files."""

    @only_if("deterministic")
    def test_dumping_twice_gives_the_same_bytes(self, under_test: Subject, values: Examples) -> None:
        def check(value: Any) -> None:
            assert dumped(under_test.serializer, value) == dumped(under_test.serializer, value), (
                f"two dumps of one {type_name(value)} differ: a time, an id or a random number is in them. Of two runs "
                "of one task the second would be reported as another result"
            )

        each(values, check)

    def test_another_process_loads_what_this_one_stored(
        self, serializer: SerializerType | str, under_test: Subject, values: Examples, disk: StorageLayer
    ) -> None:
        for value, found in self._read_elsewhere(serializer, under_test, values, disk):
            assert found.kind == type_name(value), (
                f"{shown(value)} was stored here, and another process loads it as a {found.kind}"
            )

    @only_if("deterministic")
    def test_another_process_makes_the_same_bytes_of_it(
        self, serializer: SerializerType | str, under_test: Subject, values: Examples, disk: StorageLayer
    ) -> None:
        for value, found in self._read_elsewhere(serializer, under_test, values, disk):
            assert found.digest == sha256(dumped(under_test.serializer, value)).hexdigest(), (
                f"{shown(value)} gives other bytes in a process with another hash seed: is the order of a set, or of "
                "what hashes, written as it comes? Workers would disagree on one result. If the format cannot do "
                "better, set deterministic = False"
            )

    def _read_elsewhere(
        self, given: SerializerType | str, under_test: Subject, values: Examples, disk: StorageLayer
    ) -> Iterator[tuple[Any, Read]]:
        tried = sample(values)
        names = [f"kit/elsewhere/{number}" for number in range(len(tried))]
        for name, value in zip(names, tried, strict=True):
            disk.store(name, value, serializer=under_test.record.name)
        yield from zip(tried, elsewhere(read_again, given, disk.reference, names), strict=True)

    def test_it_says_so_if_loading_runs_code(
        self, serializer: SerializerType | str, under_test: Subject, values: Examples
    ) -> None:
        if under_test.record.executes:
            return  # then files must be signed, and nothing is promised
        files = [dumped(under_test.serializer, value) for value in sample(values)]
        ran = elsewhere(what_loading_runs, serializer, files)
        assert not ran, (
            f"loading a file ran code that the file names ({'; '.join(ran[:3])}), and the record says executes=False: "
            "whoever can write to the store can run anything on the machines that read it. Set executes=True, and "
            "files are loaded only if they are signed"
        )
