"""The code digest of classes: what of them is bound into calls does not count, all else does."""

import itertools
import os
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import datanectar as dn
from datanectar.errors import CodeChanged

numbers = itertools.count()

HELPER = """
    import functools

    def logged(method):
        @functools.wraps(method)
        def wrapper(*args, **kwargs):
            return method(*args, **kwargs)
        return wrapper

    def times(count):
        return logged
"""


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Returns a function that imports source text as a module of its own."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "class_code_helper.py").write_text(dedent(HELPER))
    loaded = ["class_code_helper"]

    def load(source):
        name = f"class_code_{next(numbers)}"
        text = f"import datanectar as dn\nfrom class_code_helper import logged, times\n{dedent(source)}"
        (tmp_path / f"{name}.py").write_text(text)
        loaded.append(name)
        return __import__(name)

    yield load
    for name in loaded:
        sys.modules.pop(name, None)


def digest(kind):
    return kind._get_definition().code().digest


def edit(module, old, new):
    path = Path(module.__file__)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    os.utime(path, (1e9, 1e9))


VALUES = """
    from dataclasses import dataclass
    from typing import ClassVar
    import typing

    class Base(dn.NectarTask):
        LIMIT: ClassVar[int] = 5
        text: "typing.ClassVar[int]" = 50
        _hidden: int = 500
        depth: int = 6
        doubled = 1

        def __init__(self, depth=7):
            self.depth = depth

    class T(Base):
        width: int = 8

        def run(self):
            return 1

    class Own(Base):
        def __init__(self, depth=9):
            self.depth = depth

        def run(self):
            return 1
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [("[int] = 5\n", "[int] = 4\n"), ("= 50\n", "= 40\n"), ("= 500", "= 400")],
    ids=["a class variable", "a class variable in text", "a private name"],
)
def test_the_value_of_an_annotated_statement_that_is_no_field_counts(load, old, new):
    assert old in VALUES
    assert digest(load(VALUES).T) != digest(load(VALUES.replace(old, new)).T)


@pytest.mark.parametrize(("old", "new"), [("depth: int = 6", "depth: int = 5"), ("= 8", "= 4"), ("=7", "=4")])
def test_defaults_that_are_bound_into_calls_do_not_count(load, old, new):
    assert digest(load(VALUES).T) == digest(load(VALUES.replace(old, new)).T)


def test_a_default_of_a_constructor_that_is_not_the_one_in_force_counts(load):
    before, after = load(VALUES), load(VALUES.replace("=7", "=4"))
    assert digest(before.Own) != digest(after.Own)
    assert digest(load(VALUES.replace("=9", "=4")).Own) == digest(before.Own)


def test_a_default_of_a_decorated_constructor_counts_because_the_wrapper_is_what_is_bound(load):
    source = VALUES.replace("def __init__(self, depth=9)", "@logged\n        def __init__(self, depth=9)")
    assert digest(load(source).Own) != digest(load(source.replace("=9", "=4")).Own)


def test_a_fields_default_that_the_class_body_reads_counts(load):
    source = VALUES.replace("doubled = 1", "doubled = depth * 2")
    assert digest(load(source).T) != digest(load(source.replace("depth: int = 6", "depth: int = 5")).T)


def test_a_statement_over_an_option_is_no_option(load):
    source = VALUES.replace("doubled = 1", "for task_type in (None,):\n            doubled = 1")
    assert digest(load(source).T) != digest(load(source.replace("doubled = 1", "doubled = 2")).T)


WRAPPED = """
    class T(dn.NectarTask):
        k = 1

        @logged
        def run(self):
            return 5
"""


@pytest.mark.parametrize("change", [("return 5", "return 6"), ("k = 1", "k = 2"), ("@logged", "@times(2)")])
def test_what_a_class_with_wrapped_methods_does_counts(load, change):
    assert digest(load(WRAPPED).T) == digest(load(f"import os\n{dedent(WRAPPED)}").T)
    assert digest(load(WRAPPED).T) != digest(load(WRAPPED.replace(*change)).T)


def test_the_source_of_a_class_with_wrapped_methods_is_kept(load):
    module = load(WRAPPED)
    assert "return 5" in module.T._get_definition().code().sources[f"{module.__name__}:T"]


def test_a_dataclass_has_a_digest_of_its_statement(load):
    source = """
        from dataclasses import dataclass

        @dataclass
        class T(dn.NectarTask):
            depth: int = 6

            def run(self):
                return 1
    """
    assert digest(load(source).T) == digest(load(source.replace("= 6", "= 5")).T)
    assert digest(load(source).T) != digest(load(source.replace("return 1", "return 2")).T)


@pytest.mark.parametrize("change", [("k = 1", "k = 2"), ("@logged", "@times(2)")])
def test_an_edit_of_a_class_body_after_the_import_is_an_error_not_a_wrong_name(load, change):
    module = load(WRAPPED)
    edit(module, *change)
    with pytest.raises(CodeChanged, match="edited after it was imported, so the loaded T has no source"):
        digest(module.T)


def test_an_edit_of_a_base_in_another_module_is_an_error_too(load):
    base = load(WRAPPED)
    source = f"from {base.__name__} import T as Base\n\nclass T(Base):\n    pass\n"
    module = load(source)
    edit(base, "k = 1", "k = 2")
    with pytest.raises(CodeChanged, match=f"{base.__name__}.py was edited"):
        digest(module.T)


def test_an_edit_of_a_decorators_argument_after_the_import_is_an_error_not_a_wrong_name(load):
    module = load("""
        @dn.task
        @times(1)
        def f():
            return 1
    """)
    edit(module, "times(1)", "times(2)")
    with pytest.raises(CodeChanged, match="edited after it was imported, so the loaded f has no source"):
        module.f.code()


def test_an_edit_of_the_options_of_a_task_after_the_import_does_not_matter(load):
    module = load("""
        @dn.task(retries=1)
        def f():
            return 1
    """)
    edit(module, "retries=1", "retries=2")
    assert module.f.code()


def test_a_module_that_was_reloaded_has_a_name_again(load):
    import importlib

    module = load(WRAPPED)
    before = digest(module.T)
    edit(module, "k = 1", "k = 2")
    sys.dont_write_bytecode, kept = True, sys.dont_write_bytecode
    try:
        importlib.reload(module)
    finally:
        sys.dont_write_bytecode = kept
    assert digest(module.T) != before


def test_a_file_that_no_longer_parses_is_an_edit(load):
    module = load("""
        @dn.task
        def f():
            return 1
    """)
    edit(module, "return 1", "return (")
    with pytest.raises(CodeChanged):
        module.f.code()


def test_generated_code_in_a_module_is_no_edit(load):
    module = load("""
        exec("@dn.task\\ndef f(): return 1")
        exec("class T(dn.NectarTask):\\n    def run(self): return 1")
    """)
    assert module.f.code()
    assert digest(module.T)


AMBIGUOUS = """
    class Base(dn.NectarTask):
        def run(self):
            return self.k

    if FLAG:
        class T(Base):
            k = 1
    else:
        class T(Base):
            k = 2
"""


@pytest.mark.parametrize("flag", ["True", "False"])
def test_of_classes_that_nothing_tells_apart_all_count(load, flag):
    source = AMBIGUOUS.replace("FLAG", flag)
    before = digest(load(source).T)
    assert before != digest(load(source.replace("k = 1", "k = 3")).T)
    assert before != digest(load(source.replace("k = 2", "k = 3")).T)


def test_classes_that_type_makes_are_digested_by_their_functions_and_plain_attributes(load):
    source = 'T = type(dn.NectarTask)("T", (dn.NectarTask,), {"run": lambda self: 1, "k": 1})\n'
    digests = {digest(load(text).T) for text in (source, source.replace("self: 1", "self: 2"), source[:-5] + "2})")}
    assert len(digests) == 3
    assert digest(load(source).T) == digest(load(f"import os\n{source}").T)


def test_a_class_in_a_notebook_is_found_by_its_methods(monkeypatch):
    import linecache
    import types

    module = types.ModuleType("a_notebook")
    module.__dict__.update(dn=dn, __name__="a_notebook")
    monkeypatch.setitem(sys.modules, "a_notebook", module)

    def cell(number, text):
        filename = f"<cell {number}>"
        monkeypatch.setitem(linecache.cache, filename, (len(text), None, text.splitlines(True), filename))
        exec(compile(text, filename, "exec"), vars(module))
        return digest(module.T)

    text = "class T(dn.NectarTask):\n    k = 1\n    def run(self):\n        return 1\n"
    assert cell(1, text) == cell(2, f"# again\n{text}") != cell(3, text.replace("k = 1", "k = 2"))
    assert cell(1, text.replace("k = 1", "k = 2")) == cell(3, text.replace("k = 1", "k = 2"))


FACTORY = """
    import json

    def make(k, other=None):
        @dn.task
        def f():
            return k, other, f

        class T(dn.NectarTask):
            def run(self):
                return k, other, super()

        return f, T
"""


@pytest.mark.parametrize("position", [0, 1], ids=["function", "class"])
def test_plain_values_that_a_task_closes_over_count(load, position):
    make = load(FACTORY).make

    def code(*args):
        made = make(*args)[position]
        return (made._get_definition() if isinstance(made, type) else made).code().digest

    assert len({code(1), code(2), code(1.0), code("1"), code([1]), code({"a": 1})}) == 6
    assert code({1, 2, 3}) == code({3, 2, 1})
    assert code(1, object()) == code(1, object()) != code(1, os)
    circle: list = []
    circle.append(circle)
    assert code(circle) == code(circle)


def test_a_module_of_many_tasks_is_read_once(load, monkeypatch):
    import ast

    parsed = []
    parse = ast.parse
    monkeypatch.setattr(ast, "parse", lambda *args: parsed.append(args) or parse(*args))
    walked = itertools.count()
    children = ast.iter_child_nodes
    monkeypatch.setattr(ast, "iter_child_nodes", lambda node: (next(walked), children(node))[1])
    tasks = "\n".join(f"@dn.task\ndef f{number}():\n    return {number}\n" for number in range(50))
    module = load(tasks)
    assert len({getattr(module, f"f{number}").code().digest for number in range(50)}) == 50
    assert len(parsed) == 1
    assert next(walked) < 1000
