import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import datanectar as dn
from datanectar.cli import previews
from datanectar.cli.previews import preview

NAME = "a/b"


class Ran:
    """Says so when it is unpickled."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("ran",)


@pytest.fixture
def layer():
    with dn.settings(storage_layer=f"file://{Path.cwd()}/store"):
        yield dn.storage_layer()


def shown(layer: dn.StorageLayer, value: object, width: int = 80, **options: Any) -> list[str]:
    manifest = layer.store(NAME, value)
    return list(preview(layer, manifest, 0, manifest.value["serializer"], width, **options))


def frame(rows: int, columns: int = 3) -> pd.DataFrame:
    found = pd.DataFrame({"n": range(rows), "rate": [0.5 * n for n in range(rows)], "carrier": ["AA"] * rows})
    return found.assign(**{f"column{number}": 1.0 for number in range(columns - 3)})


def test_the_first_rows_of_a_table(layer) -> None:
    assert shown(layer, frame(10)) == [
        "10 rows × 3 columns",
        "    n    rate  carrier",
        "int64  double  string",
        *(f"{n:>5}  {0.5 * n:>6}  AA" for n in range(8)),
        "…",
    ]


def test_a_table_in_the_form_of_a_stream(layer) -> None:
    changing = pa.chunked_array([pa.array([word]).dictionary_encode() for word in ("a", "b")])
    lines = shown(layer, pa.table({"word": changing}))
    assert (lines[0], lines[3]) == ("2 rows × 1 columns", "a")


def test_columns_that_do_not_fit_are_left_out(layer) -> None:
    lines = shown(layer, frame(2, 30), 40)
    assert lines[0] == "2 rows × 30 columns"
    assert lines[1] == "    n    rate  carrier  column0   …"
    assert all(len(line) <= 40 for line in lines)


def test_a_wide_cell_is_cut_and_cannot_drive_the_terminal(layer) -> None:
    lines = shown(layer, pd.DataFrame({"text": ["\x1b[2J" + "x" * 100, None]}))
    assert lines[-2:] == ["�[2J" + "x" * 19 + "…", "null"]


@pytest.mark.parametrize(
    "table",
    [
        frame(0),
        pd.DataFrame({"on": pd.to_datetime(["2013-01-01", None])}),
        pd.DataFrame({"x": [1]}, index=pd.Index(["a"], name="key")),
    ],
)
def test_empty_and_odd_tables_have_a_preview(layer, table: pd.DataFrame) -> None:
    lines = shown(layer, table)
    assert lines[0].startswith(f"{len(table)} rows × ")
    assert len(lines) == 3 + len(table)


LOOK = """
import sys
import pyarrow as pa
import datanectar as dn
from datanectar.cli.previews import preview

layer = dn.storage_layer(sys.argv[1])
print(next(preview(layer, layer.manifest(sys.argv[2]), 0, "pandas-parquet", 80)))
print(pa.default_memory_pool().max_memory())
"""


def test_of_a_large_table_little_is_loaded(layer) -> None:
    manifest = layer.store(NAME, pd.DataFrame({"x": np.random.default_rng(0).random(2_000_000)}))
    look = [sys.executable, "-c", LOOK, layer.reference, NAME]  # a process whose peak is that of the preview alone
    head, peak = subprocess.run(look, capture_output=True, text=True, check=True).stdout.splitlines()
    assert head == "2 000 000 rows × 1 columns"
    assert int(peak) < manifest.size / 3


IPC = """
class Ipc(dn.Serializer):
    def dump(self, value, sink):
        import pyarrow as pa
        with pa.ipc.new_file(sink, value.schema) as writer:
            writer.write_table(value, max_chunksize=4)

    def load(self, file):
        raise AssertionError("a preview reads the format itself")

@dn.hookimpl
def datanectar_serializers():
    yield dn.SerializerType(
        name="ipc", types=("pyarrow.lib.Table",), factory=Ipc, extension="arrow", summary="Arrow IPC"
    )
"""


@pytest.mark.parametrize("length", [3, 20_000])
def test_an_arrow_file_of_any_serializer_is_shown(layer, install, length: int) -> None:
    install("datanectar-ipc", IPC)
    with dn.settings(storage_layer=f"file://{Path.cwd()}/arrow"):
        lines = shown(dn.storage_layer(), pa.table({"x": list(range(length))}))
    assert lines[0] == f"{length:,} rows × 1 columns".replace(",", " ")
    assert lines[2:6] == ["int64", "    0", "    1", "    2"]


@pytest.mark.parametrize(
    ("array", "lines"),
    [
        (np.arange(3), ["array of 3 int64", "[0 1 2]"]),
        (np.float32(2.5) * np.ones((2, 2), "f4"), ["array of 2 × 2 float32", "[[2.5 2.5]", " [2.5 2.5]]"]),
        (np.arange(100), ["array of 100 int64", "[0 1 2 3 4 5 6 7]", "…"]),
        (np.zeros((2, 3, 1)), ["array of 2 × 3 × 1 float64", "[[0.]", " [0.]", " [0.]]", "…"]),
        (np.zeros((0, 3)), ["array of 0 × 3 float64", "[]"]),
        (np.zeros((0, 3, 3)), ["array of 0 × 3 × 3 float64", "[]"]),
        (np.array(7), ["array of one int64", "7"]),
    ],
)
def test_shape_type_and_a_corner_of_an_array(layer, array: np.ndarray, lines: list[str]) -> None:
    assert shown(layer, array) == lines


def test_of_a_large_array_little_is_loaded(layer) -> None:
    manifest = layer.store(NAME, np.zeros((2_000, 2_000)))
    tracemalloc.start()
    lines = list(preview(layer, manifest, 0, "numpy", 80))
    assert tracemalloc.get_traced_memory()[1] < manifest.size / 4
    tracemalloc.stop()
    assert lines[0] == "array of 2000 × 2000 float64"
    assert len(lines) <= 21


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ((1, 2), ["(1, 2)"]),
        ({"roc_auc": 0.686, 3: {1}}, ["{'roc_auc': 0.686, 3: {1}}"]),
        ("one\ntwo\n", ["one", "two"]),
        ("tab\there", ["tab here"]),
        (b"\x00\xff", [r"b'\x00\xff'"]),
        (None, ["None"]),
        ("", []),
    ],
)
def test_plain_values_text_and_bytes(layer, value: object, lines: list[str]) -> None:
    assert shown(layer, value) == lines


def test_long_values_are_cut(layer) -> None:
    lines = shown(layer, {"metric": list(range(1000)), "text": "x" * 1000}, 60)
    assert max(map(len, lines)) <= 60
    assert (len(lines), lines[-1]) == (21, "…")


def test_long_text_is_cut(layer) -> None:
    lines = shown(layer, "".join(f"{'x' * 200}\n" for _ in range(1000)), 60)
    assert lines == ["x" * 59 + "…"] * 20 + ["…"]


def test_much_json_is_shown_as_text(layer, monkeypatch) -> None:
    monkeypatch.setattr(previews, "_LARGEST_DOCUMENT", 10)
    assert shown(layer, list(range(9))) == ["[0,1,2,3,4,5,6,7,8]"]


def test_a_pickle_is_never_loaded(layer) -> None:
    lines = shown(layer, Ran())
    assert lines == ["no preview: loading pickle files can run code, so it is never done for a look"]
    assert not Path("ran").exists()


def test_a_large_file_is_read_when_asked_for(layer, monkeypatch) -> None:
    monkeypatch.setattr(previews, "_LARGEST", 4)
    assert shown(layer, "hello") == ["no preview: 5 B would be read and verified first; --preview does"]
    assert shown(layer, "hello", any_size=True) == ["hello"]


def test_a_damaged_file_has_no_preview(layer) -> None:
    manifest = layer.store(NAME, "x" * 100_000)
    (file,) = Path("store/data").rglob("*.txt")
    file.chmod(0o600)
    file.write_text("y" * 100_000)
    (line,) = preview(layer, manifest, 0, "text", 80)
    assert line.startswith("no preview: data/a/b/")
    assert len(line) == 80


@pytest.mark.parametrize("extension", ["parquet", "arrow", "npy", "json"])
def test_a_file_that_is_not_what_its_extension_says_has_no_preview(layer, extension: str) -> None:
    manifest = layer.store(NAME, b"something else")
    manifest.files[0]["extension"] = extension
    (line,) = preview(layer, manifest, 0, "unknown", 80)
    assert line.startswith("no preview: ")


def test_a_format_without_a_preview_is_named(layer) -> None:
    manifest = layer.store(NAME, b"model")
    manifest.files[0]["extension"] = "skops"
    assert list(preview(layer, manifest, 0, "skops", 80)) == ["no preview: there is none of .skops files"]
