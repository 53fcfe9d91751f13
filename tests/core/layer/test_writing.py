"""What is written, and in how many requests; and that a failure leaves nothing."""

import errno
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
import pytest

from datanectar.errors import InvalidKey, PluginNotFoundError, SerializationError, StorageFull, StorageUnavailable
from datanectar.layer import keys, manifest
from datanectar.layer.manifest import open_seal
from datanectar.layer.writing import new_attempt
from datanectar.storages import local


@pytest.fixture
def prepared(backend, layer):
    layer.writer.prepare()
    backend.calls.clear()
    return layer


def writes(backend) -> list[tuple[str, str]]:
    return [call for call in backend.calls if call[0] in ("create", "write")]


class Unwritable:
    """Has no pickle, and so no file."""

    def __reduce__(self):
        raise RuntimeError("holds a socket")


# Inline


@pytest.mark.parametrize("value", ["x" * (64 << 10), b"\xff" * (64 << 10), [1, 2.5, None], np.arange(1000)], ids=type)
def test_a_small_result_is_one_object_written_and_one_read(prepared, backend, name, value):
    prepared.store(name, value)
    assert backend.calls == [("create", keys.manifest(name))]
    assert backend.listed() == [keys.STORE, keys.manifest(name)]
    backend.calls.clear()
    loaded = prepared.load(name)
    assert backend.calls == [("read", keys.manifest(name))]
    assert type(loaded) is type(value)
    assert np.array_equal(loaded, value)


def test_one_byte_more_is_a_file(prepared, backend, name):
    record = prepared.store(name, "x" * ((64 << 10) + 1))
    assert backend.listed("data/") == [keys.data(name, record.attempt, 0, "txt")]
    assert "text" not in record.files[0]


def test_all_inline_parts_together_are_at_most_64_kib(prepared, backend, name):
    record = prepared.store(name, {letter: np.zeros(3_000) for letter in "abc"})
    assert [record.inline(number) is not None for number in range(3)] == [True, True, False]
    assert len(backend.listed("data/")) == 1


def test_large_and_small_parts_mix(prepared, backend, name, big):
    value = {"array": np.arange(50_000), "rows": 50_000, "notes": ("x" * 70_000, pd.DataFrame({"a": [1.5]})), 3: big}
    record = prepared.store(name, value)
    loaded = prepared.load(name)
    assert list(loaded) == list(value)
    assert np.array_equal(loaded["array"], value["array"])
    assert loaded["notes"][0] == value["notes"][0]
    pd.testing.assert_frame_equal(loaded["notes"][1], value["notes"][1])
    assert (loaded["rows"], loaded[3]) == (50_000, big)
    assert [Path(key).suffix for key in backend.listed("data/")] == [".npy", ".txt", ".bin"]
    assert all(key.startswith(keys.data_prefix(name, record.attempt)) for key in backend.listed("data/"))


def test_keys_hold_no_text_of_the_user(prepared, backend, name, big):
    prepared.store(name, {"../../etc/passwd": big, "Größe\0": big})
    assert [Path(key).name for key in backend.listed("data/")] == ["0.bin", "1.bin"]
    assert list(prepared.load(name)) == ["../../etc/passwd", "Größe\0"]


def test_none_is_a_result(prepared, name):
    prepared.store(name, None)
    assert prepared.exists(name)
    assert prepared.load(name) is None


# Details


def commit(layer, name, **details):
    return layer.writer.commit(name, new_attempt(), 1, **details)


def test_few_details_are_in_the_manifest(prepared, backend, name):
    record = commit(prepared, name, identity={"parameters": {"a": 1}}, inputs=[["x", "disk"]] * 200)
    assert backend.listed("data/") == []
    assert prepared.reader.details(record) == {"identity": {"parameters": {"a": 1}}, "inputs": [["x", "disk"]] * 200}


@pytest.mark.parametrize(
    "details",
    [
        {"identity": {"parameters": {"a": "x" * (17 << 10)}}, "inputs": []},
        {"identity": {"parameters": {}}, "inputs": [["x", "disk"]] * 201},
        {"identity": {"parameters": {"a": "x" * (900 << 10)}}, "inputs": [["x", "disk"]] * 9},
    ],
    ids=["large parameters", "many inputs", "very large parameters"],
)
def test_many_details_are_a_file_beside_the_manifest(prepared, backend, name, details):
    record = commit(prepared, name, **details)
    assert backend.listed("data/") == [keys.data(name, record.attempt, 1, "json")]
    assert backend.stat(keys.manifest(name)).size < 2000
    assert record.identity is None
    assert prepared.reader.details(prepared.manifest(name)) == details
    assert prepared.load(name) == 1


def test_details_are_no_part_of_the_result(prepared, name):
    """Two writers who know the inputs' store by other names agree on the result."""
    commit(prepared, name, inputs=[["x", "disk"]] * 201)
    commit(prepared, name, inputs=[["x", "lake"]] * 201)


def test_a_log_of_an_attempt_is_in_its_manifest(prepared, name):
    record = commit(prepared, name, log=b"fitted\n\xff")
    assert prepared.logs(name) == {record.attempt: "fitted\n\N{REPLACEMENT CHARACTER}"}


def test_provenance_is_recorded(prepared, name):
    document = prepared.store(name, 1).document
    assert {"host", "python", "datanectar", "git", "started", "seconds"} <= set(document)
    assert document["started"].endswith("+00:00")


# Failures leave nothing


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Unwritable(), r"the result, a .*Unwritable, cannot be stored: pickle cannot hold this: holds a socket"),
        (lambda: 1, r"the result, a function, cannot be stored"),
        ({"a": b"x" * 100_000, "b": [1, Unwritable()]}, r"the part \['b'\]\[1\] of the result"),
        ((np.arange(50_000), Unwritable()), r"the part \[1\] of the result"),
        ({"model": PurePosixPath("model.bin")}, r"the part \['model'\] of the result, a pathlib\S*PurePosixPath"),
        ((number for number in ()), "generator"),
    ],
    ids=["object", "lambda", "part", "part after a file", "path in a dict", "generator"],
)
def test_a_result_that_cannot_be_serialised_names_the_part_and_leaves_nothing(prepared, backend, name, value, words):
    with pytest.raises(SerializationError, match=words) as caught:
        prepared.store(name, value)
    assert "register a serializer" in str(caught.value)
    assert isinstance(caught.value, TypeError)
    assert backend.listed() == [keys.STORE]
    assert not prepared.exists(name)


def test_a_serializer_that_fails_half_way_leaves_nothing(prepared, backend, name):
    with pytest.raises(SerializationError, match="socket"):
        prepared.store(name, [b"x" * 200_000, {1: (b"y" * 200_000, Unwritable())}])
    assert backend.listed() == [keys.STORE]


def test_a_result_that_contains_itself_is_refused(prepared, backend, name):
    value: list = [1]
    value.append(value)
    with pytest.raises(SerializationError, match="contains itself or is too deep"):
        prepared.store(name, value)
    assert backend.listed() == [keys.STORE]


def test_a_result_of_too_many_parts_is_refused_before_it_is_an_artifact(prepared, backend, name, monkeypatch, big):
    monkeypatch.setattr(manifest, "_LARGEST", 10_000)
    with pytest.raises(SerializationError, match="too many parts"):
        prepared.store(name, [big, *([big[:20]] * 90), object])
    assert backend.listed() == [keys.STORE]


def test_a_name_that_is_none_is_refused(prepared, backend):
    for wrong in ("", "a//b", "../a", "A/b", "a/b ", "a/" * 400 + "b"):
        with pytest.raises(InvalidKey, match="not an artifact name"):
            prepared.store(wrong, 1)
    assert backend.listed() == [keys.STORE]


def test_the_longest_name_has_room_for_every_key(disk, make_layer, big):
    name = "/".join(["a" * 127] * 5) + "/" + "b" * 60
    assert len(name) == 700
    layer = make_layer(disk)
    layer.store(name, big)
    layer.writer.write_log(name, new_attempt(), b"log")
    layer.alias(name, "c" * 64)
    assert layer.load(name) == big


def test_a_full_disk_at_the_data_leaves_the_store_as_it_was(disk, make_layer, name, big, monkeypatch):
    layer = make_layer(disk)
    layer.store(name, big)
    before = [info.key for info in disk.list("")]

    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(local.CheckedFile, "write", lambda self, data: disk_full(self))
        with pytest.raises(StorageFull, match="no space left"):
            layer.store(name + "2", {"a": 1, "b": big, "c": np.arange(99_999), "d": pd.DataFrame({"a": range(99_999)})})
    assert [info.key for info in disk.list("")] == before
    assert layer.load(name) == big
    layer.store(name + "2", big)


def disk_full(file):
    with local.typed_errors(file._key, file._root, writing=True):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize(
    "value",
    [b"x" * 100_000, "x" * 100_000, np.arange(99_999), pd.DataFrame({"a": range(99_999)}), [object] * 99_999],
    ids=["bytes", "text", "numpy", "pandas", "pickle"],
)
def test_a_full_disk_is_never_taken_for_a_value_that_cannot_be_held(disk, make_layer, name, value, monkeypatch):
    layer = make_layer(disk)
    layer.writer.prepare()
    monkeypatch.setattr(local.CheckedFile, "write", lambda self, data: disk_full(self))
    with pytest.raises(StorageFull):
        layer.store(name, value)
    assert [info.key for info in disk.list("")] == [keys.STORE]


def test_a_full_disk_at_the_manifest_leaves_no_data(disk, make_layer, name, big, monkeypatch):
    layer = make_layer(disk)
    layer.writer.prepare()

    def full(descriptor, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)  # small objects; streams are written elsewhere
    with pytest.raises(StorageFull):
        layer.store(name, big)
    assert [info.key for info in disk.list("")] == [keys.STORE]


def test_an_interrupt_while_writing_leaves_nothing(prepared, backend, name, big):
    @dataclass
    class Interrupted:
        def __reduce__(self):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepared.store(name, {"a": big, "b": Interrupted()})
    assert backend.listed() == [keys.STORE]


# A serializer by name


@pytest.mark.parametrize("serializer", ["text", "bytes", "numpy", "pandas-parquet", "json"])
@pytest.mark.parametrize("value", [object(), {1, object}, 3 + 4j], ids=["object", "set", "complex"])
def test_a_serializer_asked_for_by_name_holds_the_value_or_says_no(prepared, backend, name, serializer, value):
    if (serializer, type(value)) == ("json", complex):
        prepared.store(name, value, serializer=serializer)
        assert prepared.load(name) == value
        return
    with pytest.raises(SerializationError, match="cannot hold this"):
        prepared.store(name, value, serializer=serializer)
    assert backend.listed() == [keys.STORE]


def test_a_serializer_asked_for_by_name_is_used(prepared, name):
    assert prepared.store(name, "text", serializer="pickle").value == {"file": 0, "serializer": "pickle"}
    assert prepared.load(name) == "text"


def test_an_unknown_serializer_is_told(prepared, backend, name):
    with pytest.raises(PluginNotFoundError, match="unknown serializer 'pickel'; did you mean 'pickle'"):
        prepared.store(name, 1, serializer="pickel")
    assert backend.listed() == [keys.STORE]


# Code


def test_code_is_recorded_once(prepared, backend):
    for _ in range(2):
        prepared.writer.record_code("abc", {})
    assert writes(backend) == [("create", "code/abc.json")]


def test_versions_of_libraries_are_asked_for_once_and_not_at_every_step(prepared, backend):
    asked = []
    for _ in range(2):
        prepared.writer.record_code("abc", {}, libraries=lambda: asked.append(1) or {"acme": "1.0"})
    assert asked == [1]
    assert open_seal(backend.inner.read("code/abc.json"), "", "")["libraries"] == {"acme": "1.0"}


def test_code_that_another_process_recorded_is_no_error(backend, make_layer):
    for _ in range(2):
        make_layer(backend).writer.record_code("abc", {})
    assert backend.listed() == ["code/abc.json"]


@pytest.mark.usefixtures("hurry")
def test_a_store_that_is_busy_is_asked_again_to_record_code(backend, layer):
    def busy(key):
        backend.before.clear()
        raise StorageUnavailable("503 SlowDown")

    backend.before["create"] = busy
    layer.writer.record_code("abc", {})
    assert backend.listed() == ["code/abc.json"]


def test_the_source_of_code_that_is_known_already_is_recorded_when_it_is_asked_for(prepared, backend):
    prepared.writer.record_code("abc", {"m:f": "12"})
    for _ in range(2):
        prepared.writer.record_code("abc", {"m:f": "12"}, {"m:f": "def f(): ..."})
    assert writes(backend) == [("create", "code/abc.json"), ("create", "code/abc.source.json")]
    found = [open_seal(backend.inner.read(f"code/abc{end}.json"), "", "") for end in ("", ".source")]
    assert found == [
        {"digest": "abc", "functions": {"m:f": "12"}, "libraries": {}},
        {"digest": "abc", "source": {"m:f": "def f(): ..."}},
    ]
