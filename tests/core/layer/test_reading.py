"""Reading: nothing is decoded that was not verified, and what is damaged can be mended."""

from hashlib import sha256

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from datanectar.errors import (
    ArtifactNotFound,
    FormatError,
    IntegrityError,
    PartNotFound,
    SerializationError,
    StorageUnavailable,
    UnsupportedError,
)
from datanectar.layer import keys
from datanectar.layer.manifest import open_seal, seal
from datanectar.layer.user_directories import cache_directory
from datanectar.layer.writing import new_attempt
from datanectar.serializers.json import TypedJson
from datanectar.serializers.npy import Npy
from datanectar.serializers.parquet import PandasParquet
from datanectar.serializers.pickle import Pickle
from datanectar.serializers.text import Bytes, Text


@pytest.fixture
def tripwire(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on, no deserialiser may be reached."""

    def reached(self, file):
        raise AssertionError(f"{type(self).__name__} was given bytes that were not verified")

    for serializer in (TypedJson, Npy, PandasParquet, Pickle, Bytes, Text):
        monkeypatch.setattr(serializer, "load", reached)


class Opaque:
    """Ends as a pickle."""

    def __init__(self, content):
        self.content = content

    def __eq__(self, other):
        return self.content == other.content


LARGE = {
    "bytes": b"\x01" * 100_000,
    "text": "ä" * 100_000,
    "json": [1.5] * 50_000,
    "numpy": np.arange(50_000.0),
    "pandas": pd.DataFrame({"a": np.arange(50_000) ** 2}),
    "pickle": Opaque(b"x" * 100_000),
}


def damage_truncated(data):
    return data[:-1]


def damage_emptied(data):
    return b""


def damage_extended(data):
    return data + b"\0"


def damage_flipped(data):
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


DAMAGES = [damage_truncated, damage_emptied, damage_extended, damage_flipped]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("value", LARGE.values(), ids=LARGE)
@pytest.mark.usefixtures("tripwire")
def test_a_damaged_file_is_refused_before_decoding(layer, backend, name, value, damage):
    layer.store(name, value)
    (key,) = backend.listed("data/")
    good = backend.inner.read(key)
    backend.put(key, damage(good))
    with pytest.raises(IntegrityError, match="is damaged: expected") as caught:
        layer.load(name)
    assert caught.value.key == key
    assert caught.value.expected == sha256(good).hexdigest()
    assert caught.value.got == sha256(damage(good)).hexdigest()
    assert "datanectar rm" in str(caught.value)


@pytest.mark.parametrize("value", LARGE.values(), ids=LARGE)
@pytest.mark.usefixtures("tripwire")
def test_a_missing_file_is_an_integrity_error(layer, backend, name, value):
    layer.store(name, value)
    (key,) = backend.listed("data/")
    backend.inner.delete([key])
    with pytest.raises(IntegrityError, match=f"{key} is missing"):
        layer.load(name)


@pytest.mark.usefixtures("tripwire")
def test_swapped_files_are_refused(layer, backend, name):
    layer.store(name, (b"a" * 100_000, b"b" * 100_000))
    one, two = backend.listed("data/")
    data = backend.inner.read(one), backend.inner.read(two)
    backend.put(one, data[1])
    backend.put(two, data[0])
    with pytest.raises(IntegrityError):
        layer.load(name)


@pytest.mark.usefixtures("tripwire")
def test_swapped_manifests_are_refused(layer, backend, name):
    layer.store(name, 1)
    layer.store(name + "2", 2)
    backend.put(keys.manifest(name), backend.inner.read(keys.manifest(name + "2")))
    with pytest.raises(IntegrityError, match="the manifest of another artifact"):
        layer.load(name)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_any_changed_byte_of_any_object_of_an_artifact_is_noticed(tripwire, make_layer, faulty, data):
    backend = faulty()
    layer = make_layer(backend)
    layer.store("a/b", {"x": b"x" * 70_000, "y": (1, "two")})
    key = data.draw(st.sampled_from([key for key in backend.listed() if key != keys.STORE]))
    content = bytearray(backend.inner.read(key))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    backend.put(key, bytes(content))
    with pytest.raises(IntegrityError):
        layer.load("a/b")


def test_bytes_that_are_wrong_once_are_fetched_again(faulty, make_layer, name, big):
    backend = faulty()
    layer = make_layer(backend)
    layer.store(name, big)
    real, wrong = backend.inner.read, [keys.manifest(name), *backend.listed("data/")]

    def read(key):
        return damage_flipped(real(key)) if key in wrong and not wrong.remove(key) else real(key)

    backend.inner.read = read
    assert layer.load(name) == big
    assert wrong == []


def test_an_artifact_that_is_not_there_is_told(layer, name):
    for use in (layer.load, layer.manifest, layer.link, layer.local_path, layer.delete):
        with pytest.raises(ArtifactNotFound, match=f"{name} is not in"):
            use(name)


def test_a_manifest_of_a_newer_release_is_told(layer, backend, name):
    layer.store(name, 1)
    document = open_seal(backend.inner.read(keys.manifest(name)), "", "")
    backend.put(keys.manifest(name), seal(document | {"format": 2}))
    for use in (layer.load, layer.manifest, layer.local_path):
        with pytest.raises(FormatError, match="pip install -U datanectar-core"):
            use(name)
    with pytest.raises(FormatError):
        layer.store(name, 1)
    assert backend.listed() == [keys.STORE, keys.manifest(name)]


def test_a_file_of_an_unknown_serializer_is_told(layer, backend, name):
    layer.store(name, 1)
    document = open_seal(backend.inner.read(keys.manifest(name)), "", "")
    document["value"]["serializer"] = "arrow"
    backend.put(keys.manifest(name), seal(document))
    with pytest.raises(SerializationError, match="was stored with serializer 'arrow': unknown serializer"):
        layer.load(name)


# Parts


@pytest.mark.parametrize(
    ("part", "files"),
    [(("a",), [0]), (("b", 0), [1]), (("b", -1), [2]), (("b",), [1, 2]), ((3,), []), ((3, "deep", 0), [])],
)
def test_a_part_reads_its_own_files_only(faulty, make_layer, name, part, files):
    value = {"a": b"a" * 70_000, "b": [b"b" * 70_000, b"c" * 70_000], 3: {"deep": (7, 8)}}
    backend = faulty()
    layer = make_layer(backend)
    record = layer.store(name, value)
    backend.calls.clear()
    expected = value
    for key in part:
        expected = expected[key]
    assert layer.reader.load_part(name, part) == expected
    read = [key for method, key in backend.calls if method == "read" and key != keys.manifest(name)]
    assert read == [keys.data(name, record.attempt, number, "bin") for number in files]


@pytest.mark.parametrize("part", [("c",), ("b", 2), ("b", -3), (1,), ("a", "x"), ("3",), (True,)])
def test_a_part_that_is_not_there_is_told(layer, name, part):
    layer.store(name, {"a": b"a" * 70_000, "b": [b"b" * 70_000, b"c"], 3: None})
    with pytest.raises(PartNotFound, match="has no part") as caught:
        layer.reader.load_part(name, part)
    assert str(caught.value).startswith(f"{name} has no part")  # as it is, not quoted as a KeyError's
    assert isinstance(caught.value, KeyError)
    assert isinstance(caught.value, ArtifactNotFound)


@pytest.mark.parametrize("inline", [{"base64": "not base64!"}, {"base64": "\xe9"}, {"text": "\ud800"}])
def test_inline_bytes_that_cannot_be_read_are_damage_although_they_are_sealed(layer, backend, name, inline):
    layer.store(name, b"\xff")
    document = open_seal(backend.inner.read(keys.manifest(name)), "", "")
    entry = {field: document["files"][0][field] for field in ("size", "sha256", "extension")}
    backend.put(keys.manifest(name), seal(document | {"files": [entry | inline]}))
    with pytest.raises(IntegrityError, match="file 0 cannot be read") as caught:
        layer.load(name)
    assert caught.value.key == keys.manifest(name)


class Stubborn:
    """Is stored well, and raises when it is loaded."""

    error: BaseException

    def __reduce__(self):
        return refuse, ()


def refuse():
    raise Stubborn.error


@pytest.mark.parametrize(
    "error", [ValueError("no luck"), AttributeError("moved"), ArtifactNotFound("x"), OSError(5, "x")]
)
def test_what_a_value_raises_when_it_is_loaded_is_told_with_its_artifact_and_what_to_do(layer, name, error):
    Stubborn.error = error
    layer.store(name, Stubborn())
    with pytest.raises(SerializationError, match="serializer 'pickle', which cannot load it here") as caught:
        layer.load(name)
    assert f"`datanectar rm {name}`" in str(caught.value)
    assert str(error) in str(caught.value)
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize("error", [MemoryError(), KeyboardInterrupt(), StorageUnavailable("x"), IntegrityError("x")])
def test_what_is_no_matter_of_the_file_passes_as_it_is(layer, name, error):
    Stubborn.error = error
    layer.store(name, Stubborn())
    with pytest.raises(type(error)) as caught:
        layer.load(name)
    assert caught.value is error


# Repairs


def repair(layer, name, value):
    return layer.writer.commit(name, new_attempt(), value, repair=True)


def test_the_newest_repair_wins_over_a_damaged_manifest(layer, backend, name, big):
    layer.store(name, b"lost" + big)
    backend.put(keys.manifest(name), b"nonsense")
    with pytest.raises(IntegrityError, match="seal is broken"):
        layer.load(name)
    for number in (1, 2, 3):
        record = repair(layer, name, [number, big])
        assert record.key == keys.repair(name, number)
        assert layer.load(name) == [number, big]
        assert layer.manifest(name).attempt == record.attempt


def test_a_repair_wins_over_damaged_data(layer, backend, name, big):
    layer.store(name, big)
    (damaged,) = backend.listed("data/")
    backend.put(damaged, b"nonsense")
    with pytest.raises(IntegrityError):
        layer.load(name)
    repair(layer, name, big)
    assert layer.load(name) == big
    assert layer.reader.load_part(name, (0,)) == big[0]
    assert layer.local_path(name).read_bytes() == big


def test_damage_upon_damage_is_never_the_end(layer, backend, name, big):
    layer.store(name, big)
    for number in range(1, 4):
        for key in (*backend.listed("manifests/"), *backend.listed("repairs/"), *backend.listed("data/")):
            backend.put(key, b"nonsense")
        with pytest.raises(IntegrityError):
            layer.load(name)
        assert repair(layer, name, big).key == keys.repair(name, number)
        assert layer.load(name) == big


def test_storing_over_a_damaged_manifest_mends_it(layer, backend, name, big):
    layer.store(name, big)
    backend.put(keys.manifest(name), b"nonsense")
    record = layer.store(name, big)
    assert record.key == keys.repair(name, 1)
    assert layer.load(name) == big
    again = layer.store(name, big)
    assert (again.key, again.attempt) == (record.key, record.attempt)


def test_a_sound_artifact_ignores_repairs(layer, backend, name):
    layer.store(name, 1)
    repair(layer, name, 2)
    assert layer.load(name) == 1


def test_two_who_repair_at_once_agree(layer, faulty, make_layer, name, big):
    backend = faulty()
    other, layer = make_layer(backend.inner), make_layer(backend)
    layer.store(name, big)
    backend.put(keys.manifest(name), b"nonsense")
    done = []

    def repaired_by_another(key):
        if key.startswith("repairs/") and not done:
            done.append(repair(other, name, big))

    backend.before["create"] = repaired_by_another
    assert repair(layer, name, big).attempt == done[0].attempt
    assert len(backend.listed("repairs/")) == 1
    assert layer.load(name) == big


def test_the_repairs_of_a_longer_name_are_its_own(layer, backend, name, big):
    layer.store(name, 1)
    backend.put(keys.manifest(name), b"nonsense")
    repair(layer, name + "/more", 2)
    with pytest.raises(IntegrityError):
        layer.load(name)


# Files and links


def test_the_path_of_a_local_file_is_the_file(disk, make_layer, name, big):
    layer = make_layer(disk)
    record = layer.store(name, big)
    assert layer.local_path(name) == disk.local_path(keys.data(name, record.attempt, 0, "bin"))


def test_what_is_no_file_goes_to_the_cache(layer, backend, name):
    layer.store(name, "small")
    path = layer.local_path(name)
    assert path.read_text() == "small"
    assert path.suffix == ".txt"
    assert path.is_relative_to(cache_directory())
    assert path.stat().st_mode & 0o077 == 0
    assert layer.local_path(name) == path
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_cached_file_that_was_changed_is_replaced(layer, name):
    layer.store(name, "small")
    layer.local_path(name).write_text("other")
    assert layer.local_path(name).read_text() == "small"


@pytest.mark.usefixtures("tripwire")
def test_the_path_of_a_damaged_file_is_not_given(layer, backend, name, big):
    layer.store(name, big)
    backend.put(backend.listed("data/")[0], b"nonsense")
    with pytest.raises(IntegrityError):
        layer.local_path(name)


def test_a_digest_of_inline_bytes_that_is_a_lie_is_not_written_to_the_cache(layer, backend, name):
    layer.store(name, "small")
    document = open_seal(backend.inner.read(keys.manifest(name)), "", "")
    document["files"][0]["text"] = "other"
    backend.put(keys.manifest(name), seal(document))
    with pytest.raises(IntegrityError):
        layer.local_path(name)


def test_a_value_of_several_files_has_no_path_and_no_link(layer, name, big):
    layer.store(name, [big, big])
    for use in (layer.local_path, layer.link):
        with pytest.raises(UnsupportedError, match="part by part"):
            use(name)


def test_a_link_leads_to_the_file_or_to_the_manifest_that_holds_it(disk, make_layer, name, big):
    layer = make_layer(disk)
    record = layer.store(name, big)
    layer.store(name + "2", 1)
    assert layer.link(name) == disk.local_path(keys.data(name, record.attempt, 0, "bin")).as_uri()
    assert layer.link(name + "2") == disk.local_path(keys.manifest(name + "2")).as_uri()


def test_a_link_leads_to_the_repair_of_a_missing_file(disk, make_layer, name, big):
    layer = make_layer(disk)
    first = layer.store(name, big)
    disk.delete([keys.data(name, first.attempt, 0, "bin")])
    second = repair(layer, name, big)
    assert second.attempt in layer.link(name)


# Logs


def test_logs_are_by_attempt_the_oldest_first(layer, name):
    for attempt in ("c", "a", "b"):
        layer.writer.write_log(name, attempt, attempt.encode())
    assert list(layer.logs(name).items()) == [("c", "c"), ("a", "a"), ("b", "b")]


def test_logs_of_a_damaged_artifact_are_still_there(layer, backend, name):
    layer.store(name, 1)
    backend.put(keys.manifest(name), b"nonsense")
    layer.writer.write_log(name, "a", b"log \xff")
    assert layer.logs(name) == {"a": "log \N{REPLACEMENT CHARACTER}"}


def test_logs_of_a_longer_name_are_its_own(layer, name):
    layer.writer.write_log(name + "/more", "a", b"log")
    assert layer.logs(name) == {}
