"""Pickle: the last resort, and what it does with classes that will not."""

import subprocess
import sys
from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest

import datanectar as dn
from datanectar.errors import SerializationError


class Stubborn:
    def __init__(self, error):
        self.error = error

    def __reduce__(self):
        raise self.error


@pytest.mark.parametrize(
    "error", [RuntimeError("no"), NotImplementedError("no"), OSError("no"), KeyError("no"), TypeError("no")], ids=repr
)
def test_a_class_may_refuse_in_any_way_it_likes(trip, error):
    with pytest.raises(SerializationError, match=r"pickle cannot hold this: .*no"):
        trip(Stubborn(error))


def test_a_class_of_a_function_is_told(trip):
    class Local:
        pass

    with pytest.raises(SerializationError, match="Local"):
        trip(Local())


@pytest.mark.parametrize("gone", ["module", "class"])
def test_a_class_that_is_gone_is_told(monkeypatch, gone):
    module = ModuleType("a_module_of_yesterday")
    module.Model = type("Model", (), {"__module__": "a_module_of_yesterday"})
    monkeypatch.setitem(sys.modules, module.__name__, module)
    with dn.settings(storage_layer="memory://"):
        dn.storage_layer().store("a/b", module.Model())
        if gone == "module":
            monkeypatch.delitem(sys.modules, module.__name__)
        else:
            del module.Model
        with pytest.raises(SerializationError, match=r"needs what is not there.*(a_module_of_yesterday|Model)"):
            dn.storage_layer().load("a/b")


@dataclass
class Config:
    source: Any


Split = namedtuple("Split", "train test")

HOLDERS = {
    "dataclass": Config,
    "namedtuple": lambda item: Split(item, 1),
    "OrderedDict": lambda item: OrderedDict(a=item),
    "key that is not plain": lambda item: {Config: item},
    "array of objects": lambda item: np.array([item, None], dtype=object),
    "further down": lambda item: Config([{"a": (1, Config(item))}]),
}


@pytest.mark.parametrize("holder", [*HOLDERS.values(), lambda item: {item}], ids=[*HOLDERS, "set"])
@pytest.mark.parametrize("kind", [Path, PurePosixPath])
def test_a_path_inside_of_a_pickle_is_refused_since_its_file_would_not_be_stored(trip, tmp_path, holder, kind):
    path = tmp_path / "data.csv"
    path.write_text("a")
    with pytest.raises(SerializationError, match=r"data\.csv.* return the path itself, or a dict or tuple of paths"):
        trip(holder(kind(path)))


@pytest.mark.parametrize("holder", HOLDERS.values(), ids=HOLDERS)
def test_a_lazy_frame_inside_of_a_pickle_is_refused(trip, holder):
    with pytest.raises(SerializationError, match=r"return frame\.collect\(\)"):
        trip(holder(pl.LazyFrame({"a": [1]})))


def test_the_class_of_paths_is_no_path(trip):
    assert trip(Config(Path)) == Config(Path)


SCRIPT = """
import sys
import datanectar as dn
class Model:
    pass
with dn.settings(storage_layer=sys.argv[1]):
    dn.storage_layer().store("a/b", Model())
    print(type(dn.storage_layer().load("a/b")).__name__)
"""


def test_the_class_of_a_script_is_told_where_another_program_loads_it(tmp_path):
    url = (tmp_path / "store").as_uri()
    (tmp_path / "script.py").write_text(SCRIPT)
    run = subprocess.run([sys.executable, tmp_path / "script.py", url], check=True, capture_output=True, text=True)
    assert run.stdout == "Model\n"
    with dn.settings(storage_layer=url), pytest.raises(SerializationError) as caught:
        dn.storage_layer().load("a/b")
    assert "it was stored by a script, as __main__; put the class into a module" in str(caught.value)
