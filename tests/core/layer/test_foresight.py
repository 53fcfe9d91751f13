"""What an annotation tells of a result: what is refused before a run, and what must pass."""

import collections.abc
import concurrent.futures
import enum
import io
import os
import pathlib
import queue
import socket
import sqlite3
import subprocess
import sys
import threading
import types
import typing
import uuid
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any, NewType, Optional, Protocol, TypeVar, Union

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

import datanectar as dn
from datanectar.errors import SerializationError
from datanectar.layer.foresight import Foresight
from datanectar.registry import registry

RAN: list[str] = []


@dataclass
class Point:
    x: int


class Color(enum.Enum):
    RED = 1


class Closable(Protocol):
    def close(self) -> None: ...


class Counted(io.TextIOWrapper):
    """Says itself how it is pickled."""

    def __reduce__(self):
        return (int, ())


class Resumable(collections.abc.Iterator):
    def __next__(self):
        return 1


class Tag(pathlib.PureWindowsPath):
    """A path of another system, which names no file here."""


class Folder(type(pathlib.Path())):
    """A path of a class of its own, whose files are stored."""


Handle = NewType("Handle", socket.socket)
T = TypeVar("T")


@pytest.fixture
def check(settings):
    def checked(annotation, serializer=None, pickles=True):
        Foresight(registry(settings), serializer, pickles=pickles).check("a/b/c", annotation)

    return checked


HOPELESS = [
    types.GeneratorType,
    typing.Generator[int, None, None],
    collections.abc.Generator,
    types.CoroutineType,
    collections.abc.Coroutine[Any, Any, int],
    types.ModuleType,
    io.BufferedReader,
    io.FileIO,
    socket.socket,
    Handle,
    threading.Thread,
    threading.Lock,
    threading.RLock,
    threading.Event,
    queue.Queue,
    sqlite3.Connection,
    subprocess.Popen,
    concurrent.futures.ThreadPoolExecutor,
    concurrent.futures.Future,
    memoryview,
    Annotated[socket.socket, "open"],
    Union[socket.socket, sqlite3.Connection],  # noqa: UP007
    tuple[int, socket.socket],
    pl.LazyFrame,
    pathlib.PureWindowsPath,
    Tag,
]


@pytest.mark.parametrize("annotation", HOPELESS, ids=lambda kind: getattr(kind, "__name__", repr(kind)))
def test_what_nothing_holds_is_refused(check, annotation):
    with pytest.raises(SerializationError, match=r"a/b/c is annotated to return .*Nothing was run\. Return something"):
        check(annotation)


FINE = [
    *(Any, None, type(None), object, int, float, str, bytes, bool, complex, dict, list, set, tuple, uuid.UUID),
    *(list[socket.socket], dict[str, types.GeneratorType], tuple[socket.socket, ...], tuple[int, str], tuple[()]),
    *(Optional[socket.socket], int | socket.socket, Closable, T, Handle.__supertype__ | None),  # noqa: UP045
    *(collections.abc.Iterator[int], collections.abc.Iterable, collections.abc.Sequence[int], collections.abc.Mapping),
    *(collections.abc.Callable[..., int], typing.TextIO, typing.IO, typing.Hashable, io.TextIOBase, io.BytesIO),
    *(Point, Color, Fraction, Resumable, Counted, io.TextIOWrapper, BaseException, type, types.FunctionType),
    *(
        pathlib.Path,
        pathlib.PurePath,
        pathlib.PurePosixPath,
        Folder,
        os.PathLike,
        typing.Literal["a"],
        typing.LiteralString,
        "unresolved",
    ),
    *(np.ndarray, np.generic, np.float64, pd.DataFrame, pd.Series, pd.Index, pl.DataFrame, pl.Series),
    *(pa.Table, pa.RecordBatch, pa.Array, pa.ChunkedArray, sparse.csr_matrix, sparse.sparray, BaseEstimator),
    LogisticRegression,
]


@pytest.mark.parametrize("annotation", FINE, ids=repr)
def test_what_may_be_held_passes(check, annotation):
    check(annotation)


WITHOUT_PICKLES = [Point, Color, Fraction, collections.OrderedDict, pd.Index, range, Optional[Fraction] | Point]  # noqa: UP045


@pytest.mark.parametrize("annotation", WITHOUT_PICKLES[:-1], ids=repr)
def test_a_store_without_pickles_refuses_what_only_they_hold(check, annotation):
    with pytest.raises(
        SerializationError, match=r"'pickle' would, and pickle = \"never\" of this store rules that out"
    ):
        check(annotation, pickles=False)


@pytest.mark.parametrize(
    "annotation",
    [
        *(Any, None, object, int, str, dict, list[Point], tuple, float | Point, collections.abc.Sequence, np.float32),
        *(uuid.UUID, np.ndarray, pd.DataFrame, pd.Series, pl.DataFrame, pa.Table, sparse.csr_array, pathlib.Path),
        *(LogisticRegression, BaseEstimator, ClassifierMixin, WITHOUT_PICKLES[-1]),
    ],
    ids=repr,
)
def test_a_store_without_pickles_takes_the_rest(check, annotation):
    check(annotation, pickles=False)


@pytest.mark.parametrize(
    ("serializer", "annotation"),
    [
        *(("numpy", pd.DataFrame), ("numpy", list), ("text", int), ("bytes", str), ("pandas-parquet", np.ndarray)),
        *(("polars-arrow", pd.DataFrame), ("arrow-ipc", np.ndarray), ("parquet", int), ("json", Point)),
        *(("pickle", socket.socket), ("pickle", pathlib.Path), ("pickle", pl.LazyFrame), ("text", int | float)),
    ],
    ids=str,
)
def test_a_serializer_that_does_not_take_the_type_is_told(check, serializer, annotation):
    with pytest.raises(SerializationError, match=f"serializer '{serializer}', which was asked for, does not take it"):
        check(annotation, serializer)


@pytest.mark.parametrize(
    ("serializer", "annotation"),
    [
        *(("numpy", np.ndarray), ("numpy", Any), ("numpy", object), ("numpy", None), ("text", str | None)),
        *(("arrow-ipc", pd.DataFrame), ("arrow-ipc", pl.DataFrame), ("parquet", pa.Table), ("pickle", Point)),
        ("pyarrow-arrow", pa.DoubleArray),
        *(("pandas-parquet", pd.DataFrame), ("json", dict), ("json", collections.abc.Mapping), ("text", "unresolved")),
    ],
    ids=str,
)
def test_a_serializer_that_may_take_it_passes(check, serializer, annotation):
    check(annotation, serializer)


def test_an_unknown_serializer_is_told(check):
    with pytest.raises(LookupError, match="unknown serializer 'parqet'"):
        check(Any, "parqet")


class OfSockets(dn.Serializer):
    def dump(self, value, sink):
        sink.write(b"")

    def load(self, file):
        return socket.socket()


class Plugin:
    def __init__(self, *types):
        self.types = types

    @dn.hookimpl
    def datanectar_serializers(self):
        yield dn.SerializerType(
            name="acme", types=self.types, factory=OfSockets, extension="acme", summary="Whatever others will not take"
        )


@pytest.mark.parametrize("types_of_plugin", [("socket.socket",), ("_socket.socket",), ("*",)], ids=str)
def test_what_a_plugin_takes_passes(settings, check, types_of_plugin):
    settings.manager.register(Plugin(*types_of_plugin), "acme")
    check(socket.socket)
    check(socket.socket, pickles=False)


class Tapped(socket.socket):
    pass


def test_what_a_plugin_takes_of_a_class_below_passes(settings, check):
    settings.manager.register(Plugin(f"{Tapped.__module__}.{Tapped.__qualname__}"), "acme")
    check(socket.socket)


# In a run


@dn.task
def long(n: int) -> int:
    RAN.append("long")
    return n


@dn.task
def opened(n: int) -> socket.socket:
    RAN.append("opened")
    raise AssertionError


@pytest.fixture
def memory():
    RAN.clear()
    with dn.settings(storage_layer="memory://"):
        yield dn.storage_layer()


def test_a_run_that_could_only_end_without_its_result_is_not_begun(memory):
    with pytest.raises(SerializationError, match="task/none/opened is annotated to return socket, and that cannot"):
        dn.run(opened(long(1)))
    assert RAN == []
    assert list(memory.list()) == []


class Streaming(dn.NectarTask):
    n: int

    def run(self) -> typing.Generator[int, None, None]:
        RAN.append("streaming")
        yield self.n


def test_a_class_is_asked_like_a_function(memory):
    with pytest.raises(SerializationError, match="streaming is annotated to return Generator"):
        dn.run(Streaming(n=1))
    assert RAN == []


@dn.task(serializer="numpy")
def table(n: int) -> pd.DataFrame:
    raise AssertionError


def test_a_named_serializer_is_asked_before_the_run(memory):
    with pytest.raises(SerializationError, match=r"table is annotated to return DataFrame.*'numpy', which was asked"):
        dn.run(table(1))


WITHOUT_PYARROW = """
import sys
sys.modules["pyarrow"] = None
import datanectar as dn, pandas as pd
@dn.task
def table() -> pd.DataFrame:
    print("ran")
    return pd.DataFrame()
with dn.settings(storage_layer="memory://"):
    try:
        dn.run(table())
    except dn.errors.SerializationError as error:
        print(error)
"""


def test_a_frame_without_pyarrow_is_refused_before_the_run(tmp_path):
    (tmp_path / "script.py").write_text(WITHOUT_PYARROW)
    run = subprocess.run([sys.executable, "script.py"], check=False, capture_output=True, text=True, cwd=tmp_path)
    assert "ran" not in run.stdout.splitlines()
    assert "task/none/table is annotated to return DataFrame" in run.stdout
    assert "pip install pyarrow" in run.stdout
    assert run.stderr == ""


@dn.task
def unforeseen(n: int):
    print("hours of work")
    return {"ok": n, "bad": [socket.SocketType, lambda: n]}


def test_the_log_of_a_result_that_turns_out_unstorable_is_kept_with_why(memory):
    with pytest.raises(dn.errors.RunFailed, match=r"the part \['bad'\]\[1\] of the result, a function, cannot be"):
        dn.run(unforeseen(1))
    (log,) = memory.logs(unforeseen(1).name).values()
    assert "hours of work" in log
    assert "the part ['bad'][1] of the result" in log
    assert "Return something else" in log
