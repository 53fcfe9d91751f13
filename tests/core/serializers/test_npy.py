"""NumPy arrays: every dtype comes back, and a mapped array is an array like any other."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import datanectar as dn

lawful = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)

dtypes = st.one_of(
    npst.boolean_dtypes(),
    npst.integer_dtypes(endianness="?"),
    npst.unsigned_integer_dtypes(endianness="?"),
    npst.floating_dtypes(endianness="?"),
    npst.complex_number_dtypes(endianness="?"),
    npst.datetime64_dtypes(endianness="?"),
    npst.timedelta64_dtypes(endianness="?"),
    npst.byte_string_dtypes(endianness="?"),
    npst.unicode_string_dtypes(endianness="?"),
    npst.array_dtypes(),
)


@lawful
@given(npst.arrays(dtypes, npst.array_shapes(min_dims=0, min_side=0, max_side=4)))
def test_arrays_come_back(trip, same, array):
    same(trip(array), array)


CASES = {
    "0-d": np.array(3.5),
    "empty": np.zeros((0, 3)),
    "no items at all": np.zeros((2, 0, 5), "i2"),
    "Fortran": np.asfortranarray(np.arange(12).reshape(3, 4)),
    "not contiguous": np.arange(20).reshape(4, 5)[::2, ::-2],
    "big endian": np.arange(5, dtype=">i4"),
    "structured": np.array([(1, 2.5, "ä")], dtype=[("a", "<i4"), ("b", ">f8"), ("c", "U3")]),
    "structured and nested": np.zeros(2, dtype=[("a", [("b", "i1", (2, 3))]), ("c", "M8[us]")]),
    "padded": np.zeros(2, dtype={"names": ["a", "b"], "formats": ["i1", "f8"], "offsets": [0, 8], "itemsize": 24}),
    "aligned": np.zeros(2, dtype=np.dtype([("a", "i1"), ("b", "f8")], align=True)),
    "aligned within": np.zeros(2, dtype=[("a", np.dtype([("a", "i1"), ("b", "f8")], align=True), (2,))]),
    "titles": np.zeros(2, dtype=[(("title", "name"), "i4")]),
    "names beyond Latin-1": np.zeros(2, dtype=[("☃", "i4"), ("é", "f8")]),
    "hundreds of fields": np.zeros(2, dtype=[(f"field_{number}", "i4") for number in range(700)]),
    "thousands of fields": np.zeros(1, dtype=[(f"field_{number}", "i1") for number in range(6000)]),
    "metadata": np.zeros(2, dtype=np.dtype("i4", metadata={"unit": "km"})),
    "metadata within": np.zeros(2, dtype=[("a", np.dtype("i4", metadata={"unit": "km"}))]),
    "datetime64": np.array(["2013-01-01", "NaT"], dtype="M8[ns]"),
    "multiples of a unit": np.array([1, 2], dtype="m8[25s]"),
    "bytes": np.array([b"a", b"bb\0"]),
    "void": np.zeros(3, dtype="V5"),
    "nothing wide": np.zeros(3, dtype="V0"),
    "NaN payloads": np.array([0x7FF8000000000001, 0xFFF0000000000001], dtype="u8").view("f8"),
    "half": np.arange(3, dtype="f2"),
    "long double": np.array([1.1], dtype="g"),
    "objects": np.array([None, 1, "a", (1, [2])], dtype=object),
    "objects within": np.array([(1, "x")], dtype=[("a", "i4"), ("b", "O")]),
    "StringDType": np.array(["a", "long " * 10], dtype=np.dtypes.StringDType()),
}


@pytest.mark.parametrize("array", CASES.values(), ids=CASES)
def test_the_awkward_ones_come_back(trip, same, array):
    same(trip(array), array)


@pytest.mark.parametrize("array", CASES.values(), ids=CASES)
def test_so_many_of_them_that_they_are_a_file_come_back(trip, same, array):
    copies = 1 + 70_000 // max(array.nbytes, 1)
    many = np.concatenate([array] * copies, dtype=array.dtype) if array.nbytes and array.ndim else array
    same(trip(many), many)


@pytest.mark.parametrize("name", ["metadata", "metadata within"])
def test_metadata_of_a_dtype_is_kept(trip, name):
    got = trip(CASES[name]).dtype
    found = got if name == "metadata" else got["a"]
    assert dict(found.metadata) == {"unit": "km"}


@pytest.mark.parametrize("name", ["objects", "objects within", "StringDType", "metadata"])
def test_what_npy_cannot_hold_is_pickled(trip, name):
    assert trip(CASES[name], with_serializer=True)[1] == "pickle"


class Measured(np.ndarray):
    pass


@pytest.mark.parametrize(
    "value",
    [np.arange(3).view(Measured), np.ma.masked_array([1, 2], [True, False]), np.rec.array([(1,)])],
    ids=lambda value: type(value).__name__,
)
def test_subclasses_stay_what_they_are(trip, value):
    got = trip(value)
    assert type(got) is type(value)
    assert repr(got) == repr(value)


# Mapped


@pytest.fixture
def layer(tmp_path):
    with dn.settings(storage_layer=(tmp_path / "store").as_uri()):
        yield dn.storage_layer()


def test_a_large_array_is_mapped_not_read(layer):
    layer.store("a/b", np.arange(1 << 20))
    array = layer.load("a/b")
    assert type(array) is np.ndarray
    assert isinstance(array.base, np.memmap)


def test_a_mapped_array_can_be_changed_and_the_store_stays(layer):
    layer.store("a/b", np.arange(100_000))
    before = layer.local_path("a/b").read_bytes()
    array = layer.load("a/b")
    assert array.flags.writeable
    array[:] = 0
    array += 5
    assert (array == 5).all()
    assert (layer.load("a/b") == np.arange(100_000)).all()
    assert layer.local_path("a/b").read_bytes() == before


def test_a_mapped_array_outlives_its_artifact(layer):
    layer.store("a/b", np.arange(100_000))
    array = layer.load("a/b")
    layer.delete("a/b")
    assert (array == np.arange(100_000)).all()


def test_an_inline_array_can_be_changed_too(layer):
    layer.store("a/b", np.arange(3))
    array = layer.load("a/b")
    array[0] = 9
    assert layer.load("a/b")[0] == 0


def test_the_file_is_numpys_own(layer):
    layer.store("a/b", np.arange(100_000))
    assert layer.local_path("a/b").suffix == ".npy"
    assert (np.load(layer.local_path("a/b"), allow_pickle=False) == np.arange(100_000)).all()
