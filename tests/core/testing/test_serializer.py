"""The kit for serializers, on one that keeps the rules and on some that break one each."""

import pytest

GOOD = """
import functools
import json
import multiprocessing
import pickle

import datanectar as dn


class Bag:
    def __init__(self, items):
        self.items = list(items)

    def __eq__(self, other):
        return isinstance(other, Bag) and sorted(self.items) == sorted(other.items)


class Bags(dn.Serializer):
    def accepts(self, value):
        return type(value) is Bag and all(type(item) is str for item in value.items)

    def dump(self, value, sink):
        sink.write(json.dumps(value.items).encode())

    def load(self, file):
        return Bag(json.loads(file.read()))


RECORD = dn.SerializerType(
    name="bags", types=(f"{__name__}.Bag",), factory=f"{__name__}:Bags", extension="json", summary="Bags of text"
)
"""

BODY = """
@pytest.fixture
def serializer(self):
    return MODULE.RECORD

@pytest.fixture
def values(self):
    return [MODULE.Bag([f"item {number}" for number in range(30)]), MODULE.Bag(["b", "a"])]

@pytest.fixture
def refused(self):
    return [MODULE.Bag([1]), {"a": 1}]
"""


def test_one_that_keeps_the_rules_passes(run_kit) -> None:
    assert run_kit("SerializerConformance", GOOD, BODY) == {}


#: Pickle that nothing hostile gets through to, since it is compressed.
SECRET_PICKLE = """
from zlib import compress, decompress


class Packed(bytes):
    def encode(self):
        return compress(self)


class json:
    dumps = staticmethod(lambda items: Packed(pickle.dumps([Bag, items])))
    loads = staticmethod(lambda data: pickle.loads(decompress(data))[1])
"""

CACHING = """@functools.cache
    def _bag(self, text):
        return Bag(json.loads(text))

    def load(self, file):
        return self._bag(file.read())
"""

BROKEN = [
    pytest.param(
        "json.dumps(value.items)",
        "json.dumps(value.items[:10])",
        "test_what_was_stored_comes_back_equal_types_included",
        "A warm run would go on with something else",
        id="it loses items",
    ),
    pytest.param(
        "return Bag(json.loads(file.read()))",
        "return json.loads(file.read())",
        "test_bytes_and_files_load_alike",
        "came back as list",
        id="it loses the class",
    ),
    pytest.param(
        "all(type(item) is str for item in value.items)",
        "True",
        "test_what_it_cannot_hold_is_refused",
        "was taken, though it is among `refused`",
        id="it takes what it should refuse",
    ),
    pytest.param(
        "type(value) is Bag",
        "isinstance(value, Bag)",
        "test_a_subclass_is_refused_or_stays_one",
        "and what that adds, is lost",
        id="it takes subclasses",
    ),
    pytest.param(
        ".encode())\n",
        ".encode()); value.items.pop()\n",
        "test_dump_leaves_the_value_as_it_was",
        "dump changed the value",
        id="it changes the value",
    ),
    pytest.param(
        "json.dumps(value.items)",
        "json.dumps(list(set(value.items)))",
        "test_another_process_makes_the_same_bytes_of_it",
        "in a process with another hash seed",
        id="it writes a set as it comes",
    ),
    pytest.param(
        "sink.write(",
        "sink.write(b' ' * __import__('os').urandom(1)[0]); sink.write(",
        "test_dumping_twice_gives_the_same_bytes",
        "a time, an id or a random number is in them",
        id="it writes at random",
    ),
    pytest.param(
        "sink.write(",
        "sink.seek(0); sink.write(",
        "test_dump_writes_forward_only",
        "wants more of its sink than write: seek",
        id="it rewinds",
    ),
    pytest.param(
        "def load(self, file):",
        CACHING,
        "test_each_load_gives_a_value_of_its_own",
        "would change that of others",
        id="it keeps what it loaded",
    ),
    pytest.param(
        "file.read()",
        "file.path.read_bytes()",
        "test_bytes_and_files_load_alike",
        "'NoneType' object has no attribute",
        id="it loads files only",
    ),
    pytest.param(
        'types=(f"{__name__}.Bag",)',
        'types=("bags.Bag",)',
        "test_its_types_name_the_class_of_every_value",
        "nobody would ask this serializer",
        id="it names another class",
    ),
    pytest.param(
        "    def dump(",
        "    def accepts_type(self, kind):\n        return False\n\n    def dump(",
        "test_it_accepts_every_value_and_its_class",
        "would be refused before it starts",
        id="it denies its own class",
    ),
    pytest.param(
        'factory=f"{__name__}:Bags"',
        "factory=Bags",
        "test_registering_it_imports_no_library_of_its_values",
        "Name the factory as 'module:attribute'",
        id="its record imports it",
    ),
    pytest.param(
        "json.loads(file.read())",
        "(pickle if (data := file.read())[:1] == b'\\x80' else json).loads(data)",
        "test_it_says_so_if_loading_runs_code",
        "a function that the file named",
        id="it loads pickles, too",
    ),
    pytest.param(
        "json.loads(file.read())",
        "eval(file.read())",
        "test_it_says_so_if_loading_runs_code",
        "a function that the file named",
        id="it evaluates",
    ),
    pytest.param(
        "import json\n",
        SECRET_PICKLE,
        "test_it_says_so_if_loading_runs_code",
        "Bag, looked up by a pickle",
        id="it is pickle in secret",
    ),
    pytest.param(
        "return Bag(json.loads",
        "assert multiprocessing.parent_process() is None\n        return Bag(json.loads",
        "test_another_process_loads_what_this_one_stored",
        "which cannot load it here",
        id="it loads in one process only",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "check", "message"), BROKEN)
def test_one_that_breaks_a_rule_is_caught_by_the_check_of_it(run_kit, right, wrong, check, message) -> None:
    assert right in GOOD
    failures = run_kit("SerializerConformance", GOOD.replace(right, wrong), BODY, check)
    assert message in failures[check]


def test_a_format_that_cannot_be_deterministic_has_no_test_of_it(run_kit) -> None:
    random = GOOD.replace("sink.write(", "sink.write(b' ' * __import__('os').urandom(1)[0]); sink.write(")
    assert run_kit("SerializerConformance", random, f"deterministic = False\n{BODY}") == {}


def test_what_is_forgotten_is_named(run_kit) -> None:
    failures = run_kit("SerializerConformance", GOOD, BODY[: BODY.index("@pytest.fixture\ndef refused")])
    assert list(failures) == ["test_what_it_cannot_hold_is_refused"]
    assert "define the fixture `refused`" in failures["test_what_it_cannot_hold_is_refused"]
