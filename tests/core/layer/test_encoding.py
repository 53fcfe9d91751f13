"""Which serializer takes a value, and how containers come apart."""

import json
from fractions import Fraction

import numpy as np
import pytest

import datanectar as dn
from datanectar.contracts.serialization import Serializer
from datanectar.errors import SerializationError
from datanectar.layer import keys
from datanectar.records import SerializerType


class Ratio(Serializer):
    """A third party's: ratios, and arrays of four."""

    loads = 0

    def accepts(self, value):
        return isinstance(value, Fraction) or np.shape(value) == (4,)

    def dump(self, value, sink):
        number = value if isinstance(value, Fraction) else Fraction(int(value.sum()))
        sink.write(json.dumps([number.numerator, number.denominator]).encode())

    def load(self, file):
        return Fraction(*json.loads(file.read()))


class Half(Serializer):
    """Finds out half way that it cannot."""

    def dump(self, value, sink):
        sink.write(b"x" * 200_000)
        raise SerializationError("not this one")

    def load(self, file):
        raise AssertionError


class Plugin:
    def __init__(self, *types: str, factory=Ratio, **options) -> None:
        self.record = SerializerType(
            name="ratio", types=types, factory=factory, extension="ratio", summary="Ratios", **options
        )

    @dn.hookimpl
    def datanectar_serializers(self):
        yield self.record


@pytest.fixture
def register(settings):
    return lambda *types, **options: settings.manager.register(Plugin(*types, **options), "acme")


def taken_by(record) -> str:
    return record.value.get("serializer") or next(iter(record.value))


@pytest.mark.parametrize("types", [("fractions.Fraction",), ("numbers.Rational",)], ids=["class", "base class"])
def test_a_plugin_brings_its_own_types(register, layer, name, types):
    register(*types)
    assert taken_by(layer.store(name, Fraction(1, 3))) == "ratio"
    assert layer.load(name) == Fraction(1, 3)


def test_a_plugin_wins_over_a_built_in_serializer_of_the_type(register, layer, name):
    register("numpy.ndarray")
    assert taken_by(layer.store(name, np.ones(4))) == "ratio"
    assert layer.load(name) == Fraction(4)


def test_what_a_plugin_does_not_accept_goes_to_the_built_in_one(register, layer, name):
    register("numpy.ndarray")
    assert taken_by(layer.store(name, np.ones(5))) == "numpy"
    assert layer.load(name).shape == (5,)


def test_what_a_serializer_gives_up_half_way_goes_to_the_next(register, layer, backend, name):
    register("fractions.Fraction", factory=Half)
    assert taken_by(layer.store(name, Fraction(1, 3))) == "pickle"
    assert layer.load(name) == Fraction(1, 3)
    assert backend.listed("data/") == []


def test_a_plugins_serializer_for_anything_is_asked_before_pickle(register, layer, name):
    register("*")
    assert taken_by(layer.store(name, Fraction(1, 3))) == "ratio"
    assert taken_by(layer.store(name + "2", 5)) == "json"


def test_what_can_run_code_is_signed_whoever_brings_it(register, layer, backend, make_layer, name, monkeypatch):
    register("fractions.Fraction", executes=True)
    assert "signature" in layer.store(name, Fraction(1, 3)).document
    monkeypatch.setenv("XDG_CONFIG_HOME", "another-person")
    with pytest.raises(ValueError, match="is a pickle"):
        make_layer(backend).load(name)


def test_a_part_goes_to_the_plugin_too(register, layer, name):
    register("fractions.Fraction")
    value = {"a": Fraction(1, 3), "b": (1, [Fraction(2, 3)])}
    layer.store(name, value)
    assert layer.load(name) == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", "text"),
        ("\ud800", "json"),
        (b"x", "bytes"),
        (bytearray(b"x"), "pickle"),
        (None, "json"),
        (True, "json"),
        ([1, ("a", {2})], "json"),
        ({"a": b"x"}, "json"),
        (np.float64(1.5), "json"),
        (np.ones(2), "numpy"),
        (np.array([None]), "pickle"),
        (np.ma.masked_array([1], [True]), "pickle"),
        (Fraction(1, 3), "pickle"),
        ([], "json"),
        ([np.ones(2), 1], "list"),
        (({"a": (np.ones(2),)},), "tuple"),
        ({"a": np.ones(2)}, "dict"),
        ({object: np.ones(2)}, "pickle"),
        ([Fraction(number) for number in range(3)], "list"),
        ([Fraction(number) for number in range(101)], "pickle"),
        ([Fraction(1), *([1] * 101)], "pickle"),
        ([np.ones(1)] * 101, "list"),
        ([np.ones(1)] * 1000, "list"),
        ([np.ones(1)] * 1001, "pickle"),
        (dict.fromkeys(range(1001), np.ones(1)), "pickle"),
        ({"a": [np.ones(1)] * 1001}, "dict"),
        ({"a": "x" * 70_000, "b": 1}, "dict"),
        (["x" * 70_000] * 101, "json"),
    ],
    ids=lambda value: repr(value)[:30] if not isinstance(value, str) else value[:9],
)
def test_a_value_goes_to_the_first_that_holds_it(layer, name, value, expected):
    assert taken_by(layer.store(name, value)) == expected


def test_a_thousand_arrays_and_more_come_back_from_one_file(layer, name):
    value = [np.arange(3)] * 30_000
    record = layer.store(name, value)
    assert len(record.files) == 1
    assert np.array_equal(layer.load(name), value)


def test_a_thousand_paths_and_more_stay_files(layer, name, tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("content")
    value = [(path, number) for number in range(1001)]
    assert taken_by(layer.store(name, value)) == "list"
    path.write_text("changed")
    assert [(kept.read_text(), number) for kept, number in layer.load(name)] == [("content", n) for n in range(1001)]


@pytest.mark.parametrize(
    "value", [[np.ones(9000)] * 1001, {n: np.ones(9000) for n in range(1001)}], ids=["list", "dict"]
)
def test_without_pickles_a_thousand_arrays_and_more_are_refused_before_any_is_written(make_layer, backend, name, value):
    layer = make_layer(backend, pickle="never")
    with pytest.raises(SerializationError, match=r"of 1001 items, more than 1000, make one table or one array"):
        layer.store(name, value)
    assert [key for method, key in backend.calls if method == "write"] == []


def test_the_order_of_a_dict_stays(layer, name):
    value = {"z": np.ones(1), "a": np.ones(2), 3: None}
    layer.store(name, value)
    assert list(layer.load(name)) == ["z", "a", 3]


def test_one_array_in_two_places_comes_back_in_both(layer, name):
    array = np.arange(50_000)
    layer.store(name, {"a": array, "b": [array, array]})
    loaded = layer.load(name)
    assert all(np.array_equal(found, array) for found in (loaded["a"], *loaded["b"]))


def test_an_unknown_extension_never_becomes_a_path(settings, layer, backend, name):
    settings.manager.register(Plugin("fractions.Fraction"), "acme")
    record = layer.store(name, Fraction(1, 3))
    assert backend.listed() == [keys.STORE, keys.manifest(name)]
    assert record.files[0]["extension"] == "ratio"
