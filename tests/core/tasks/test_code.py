"""The code digest: what the code means counts, how it is written does not."""

import importlib.util
import itertools
import linecache
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import datanectar as dn
from datanectar.errors import CodeChanged

numbers = itertools.count()


@pytest.fixture
def load(tmp_path):
    """Returns a function that imports source text as a module of its own."""
    loaded = []

    def load(source, name=None):
        name = name or f"pipeline_{next(numbers)}"
        path = tmp_path / f"{name}.py"
        path.write_text(f"import datanectar as dn\nfrom datanectar import task\n{dedent(source)}")
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        loaded.append(name)
        spec.loader.exec_module(module)
        return module

    yield load
    for name in loaded:
        sys.modules.pop(name, None)


def digest(module):
    return (
        module.train._get_definition().code().digest if isinstance(module.train, type) else module.train.code().digest
    )


FUNCTION = """
    @dn.task
    def train(rows, depth=6):
        total = depth + 1
        return [total, *rows]
"""
SAME_FUNCTION = {
    "comments and blank lines": """
        # A comment.

        @dn.task
        def train(rows, depth=6):  # here too

            # and here
            total = depth + 1

            return [total, *rows]
    """,
    "docstring": """
        @dn.task
        def train(rows, depth=6):
            '''Trains.'''
            total = depth + 1
            return [total, *rows]
    """,
    "annotations": """
        @dn.task
        def train(rows: list[int], depth: int = 6) -> list[int]:
            total = depth + 1
            return [total, *rows]
    """,
    "defaults": """
        @dn.task
        def train(rows, depth=7):
            total = depth + 1
            return [total, *rows]
    """,
    "options": """
        @dn.task(task_type="train_model", retries=3)
        def train(rows, depth=6):
            total = depth + 1
            return [total, *rows]
    """,
    "the decorator by another name": """
        @task
        def train(rows, depth=6):
            total = depth + 1
            return [total, *rows]
    """,
    "formatting": """
        @dn.task
        def train(
            rows,
            depth=6,
        ):
            total = (depth
                     + 1); return [
                total, * rows]
    """,
    "what stands beside it": """
        import os

        def other():
            return 1

        @dn.task
        def train(rows, depth=6):
            total = depth + 1
            return [total, *rows]
    """,
}
OTHER_FUNCTION = {
    "a constant": FUNCTION.replace("+ 1", "+ 2"),
    "a constant's type": FUNCTION.replace("+ 1", "+ 1.0"),
    "an operator": FUNCTION.replace("depth + 1", "depth - 1"),
    "a name": FUNCTION.replace("total", "sum_"),
    "the order of statements": FUNCTION.replace("return", "total = total\n        return"),
    "a decorator": FUNCTION.replace("@dn.task\n", "@dn.task\n    @staticmethod\n"),
    "a parameter": FUNCTION.replace("depth=6", "depth=6, more=None"),
    "a kind of parameter": FUNCTION.replace("depth=6", "*, depth=6"),
}


@pytest.mark.parametrize("source", SAME_FUNCTION.values(), ids=SAME_FUNCTION)
def test_how_a_function_is_written_does_not_count(load, source):
    assert digest(load(source)) == digest(load(FUNCTION))


@pytest.mark.parametrize("source", OTHER_FUNCTION.values(), ids=OTHER_FUNCTION)
def test_what_a_function_does_counts(load, source):
    assert digest(load(source)) != digest(load(FUNCTION))


CLASS = """
    class Base(dn.NectarTask):
        def clean(self, rows):
            return rows

    class train(Base):
        '''Trains.'''
        task_type = "train_model"
        depth: int = 6

        def run(self):
            return self.clean([self.depth])
"""
SAME_CLASS = {
    "docstring": CLASS.replace("'''Trains.'''", "# Trains."),
    "task type": CLASS.replace('"train_model"', '"fit"'),
    "storage layer": CLASS.replace('task_type = "train_model"', 'storage_layer = "memory://"'),
    "a field's default": CLASS.replace("int = 6", "int = 7"),
    "annotations of methods": CLASS.replace("run(self)", "run(self) -> list"),
    "options of @task": CLASS.replace("class train", "@dn.task(retries=2)\n    class train"),
    "a comment": CLASS.replace("def run", "# Here.\n        def run"),
}
OTHER_CLASS = {
    "run": CLASS.replace("[self.depth]", "[self.depth, 1]"),
    "a base's method": CLASS.replace("return rows", "return rows[:1]"),
    "a field": CLASS.replace("depth: int = 6", "depth: int = 6\n        more: int = 1"),
    "a field's annotation": CLASS.replace("depth: int", "depth: float"),
    "a constant of the class": CLASS.replace("depth: int = 6", "depth: int = 6\n        LIMIT = 1"),
    "a method that is added": CLASS.replace("def run", "def more(self): ...\n\n        def run"),
}


@pytest.mark.parametrize("source", SAME_CLASS.values(), ids=SAME_CLASS)
def test_how_a_class_is_written_does_not_count(load, source):
    assert digest(load(source)) == digest(load(CLASS))


@pytest.mark.parametrize("source", OTHER_CLASS.values(), ids=OTHER_CLASS)
def test_what_a_class_does_counts(load, source):
    assert digest(load(source)) != digest(load(CLASS))


def test_the_name_of_a_task_is_not_its_code(load):
    assert load(FUNCTION.replace("train", "fit")).fit.code().digest == digest(load(FUNCTION))


def test_lambdas_on_one_line_are_told_apart(load):
    line = "a, b, c = (dn.task(f, name='f') for f in (lambda x: x + 1, lambda x: x + 2, lambda x: x + 1))"
    module = load(line)
    a, b, c = (task.code().digest for task in (module.a, module.b, module.c))
    assert a == c != b


def test_functions_of_one_name_are_told_apart_by_their_line(load):
    module = load("""
        def make(flag):
            if flag:
                def inner():
                    return 1
            else:
                def inner():
                    return 2
            return dn.task(inner)

        one, other = make(True), make(False)
    """)
    assert module.one.code().digest != module.other.code().digest


def test_classes_of_one_name_are_told_apart_by_their_line(load):
    module = load("""
        def make(flag):
            if flag:
                class Inner(dn.NectarTask):
                    def run(self):
                        return 1
            else:
                class Inner(dn.NectarTask):
                    def run(self):
                        return 2
            return Inner

        one, other = make(True), make(False)
    """)
    assert dn.get_artifact_name(module.one()) != dn.get_artifact_name(module.other())


def test_a_moved_task_keeps_its_name(load):
    here = load(FUNCTION)
    there = load("import os\nX = 1\n" + dedent(FUNCTION), name=f"elsewhere_{next(numbers)}")
    assert here.train([1]).name == there.train([1]).name


def test_a_script_names_its_artifacts_as_its_module_does(load, tmp_path):
    module = load(FUNCTION)
    path = Path(module.__file__)
    path.write_text(path.read_text() + "\nif __name__ == '__main__':\n    print(train([1]).name)\n")
    script = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert script.stdout.strip() == module.train([1]).name


def test_code_without_a_file_is_digested_too():
    namespace = {"dn": dn}
    exec("@dn.task\ndef one(): return 1\n@dn.task\ndef other(): return 2", namespace)
    exec("@dn.task\ndef again(): return 1", namespace)
    one, other, again = (namespace[name].code().digest for name in ("one", "other", "again"))
    assert one != other
    assert one == again


@pytest.mark.parametrize("source", [FUNCTION, CLASS], ids=["function", "class"])
def test_a_file_that_was_edited_after_its_import_is_an_error_not_a_wrong_name(load, source):
    module = load(source)
    path = Path(module.__file__)
    path.write_text(path.read_text().replace("depth", "height"))
    with pytest.raises(CodeChanged, match=r"pipeline_\d+\.py was edited after it was imported.*Restart Python"):
        digest(module)


def test_lines_that_moved_after_the_import_are_an_edit(load):
    module = load(FUNCTION)
    path = Path(module.__file__)
    path.write_text("import os\n" + path.read_text())
    with pytest.raises(CodeChanged):
        digest(module)


def test_a_file_that_was_only_touched_is_not_an_edit(load):
    module = load(FUNCTION)
    os.utime(module.__file__, (1e9, 1e9))
    assert digest(module) == digest(load(FUNCTION))


def test_an_edit_elsewhere_in_the_file_does_not_matter(load):
    module = load(FUNCTION)
    path = Path(module.__file__)
    path.write_text(path.read_text() + "\n# later\n")
    assert digest(module) == digest(load(FUNCTION))


def test_a_digest_is_found_once_per_process(load):
    module = load(FUNCTION)
    before = digest(module)
    path = Path(module.__file__)
    path.write_text("")
    linecache.clearcache()
    assert digest(module) == before


def test_the_digests_of_a_class_name_each_class_they_are_made_of(load):
    module = load(CLASS)
    functions = module.train._get_definition().code().functions
    assert list(functions) == [f"{module.__name__}:train", f"{module.__name__}:Base"]


def test_code_without_source_has_one_name_in_every_process(tmp_path):
    script = "import datanectar as dn\n@dn.task\ndef f(x): return x in {'a', 'b', 'c', 'd'}\nprint(f('a').name)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    names = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**environment, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            cwd=tmp_path,
        ).stdout
        for seed in "12345"
    }
    assert len(names) == 1
