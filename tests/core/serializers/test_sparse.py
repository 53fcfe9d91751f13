"""SciPy's sparse arrays and matrices: format, class, dtypes and the very indices come back."""

import numpy as np
import pytest
from scipy import sparse

FORMATS = ("csr", "csc", "bsr", "dia", "coo", "lil", "dok")


def of(form: str, kind: str, dtype="float64"):
    dense = np.zeros((40, 30), dtype=dtype)
    dense[[1, 3, 39], [0, 29, 4]] = 1
    return getattr(sparse, f"{form}_{kind}")(dense)


@pytest.mark.parametrize("kind", ["array", "matrix"])
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_comes_back(trip, same, form, kind):
    value = of(form, kind)
    got, serializer = trip(value, with_serializer=True)
    assert serializer == ("pickle" if form in ("lil", "dok") else "scipy-sparse")
    if form in ("lil", "dok"):
        assert type(got) is type(value)
        assert (got.toarray() == value.toarray()).all()
    else:
        same(got, value)


@pytest.mark.parametrize("dtype", ["bool", "int8", "float32", ">f8", "complex128", "longdouble"])
def test_dtypes_come_back(trip, same, dtype):
    value = sparse.csr_array(of("csr", "array")).astype("float64")
    value.data = value.data.astype(dtype)
    same(trip(value), value)


@pytest.mark.parametrize("index", ["int32", "int64"])
@pytest.mark.parametrize("form", ["csr", "csc", "bsr", "dia", "coo"])
def test_indices_keep_their_dtype(trip, same, form, index):
    value = of(form, "matrix")
    for name in {"indices", "indptr", "offsets"} & set(vars(value)):
        setattr(value, name, getattr(value, name).astype(index))
    if form == "coo":
        value.coords = tuple(axis.astype(index) for axis in value.coords)
    same(trip(value), value)


@pytest.mark.parametrize(
    "value",
    [
        sparse.csr_array((0, 5)),
        sparse.coo_array(([1, 2], ([0, 0], [1, 1])), shape=(3, 3)),
        sparse.csr_array(([0.0, 1.0], [2, 0], [0, 2]), shape=(1, 3)),
        sparse.bsr_array(np.kron(np.eye(3), np.ones((2, 2))), blocksize=(2, 2)),
        sparse.coo_array(np.arange(24).reshape(2, 3, 4)),
        sparse.coo_array(np.arange(5)),
    ],
    ids=["no rows", "duplicates", "zeros, unsorted", "blocks", "three axes", "one axis"],
)
def test_the_awkward_ones_come_back(trip, same, value):
    got, serializer = trip(value, with_serializer=True)
    same(got, value)
    assert serializer == "scipy-sparse"


def test_a_large_one_is_scipys_own_file_and_can_be_changed(trip, same):
    value = sparse.random_array((3000, 300), density=0.1, format="csr", rng=np.random.default_rng(0))
    got = trip(value)
    same(got, value)
    got *= 2
    assert (got != 2 * value).nnz == 0
