"""Pickle: the last resort, and what it does with classes that will not."""

import sys
from types import ModuleType

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
