"""The decorator: what it takes, what it refuses, and what its options do to a name."""

import functools
import inspect
import pickle

import pytest

import datanectar as dn
from datanectar.errors import DatanectarError, TaskDefinitionError


@dn.task(task_type="train_model", model_family="classifier")
def classifier(rows: list, depth: int = 6, n_jobs: int = 1) -> str:
    """Trains."""
    return "model"


def plain(x):
    return x


class Job(dn.NectarTask):
    def run(self):
        return 1


async def coroutine():
    pass


async def coroutine_generator():
    yield 1


def generator():
    yield 1


class Callable:
    def __call__(self):
        return 1

    def method(self):
        return 1


def test_task_and_Task_are_one_object():
    assert dn.task is dn.Task


def test_the_plain_function_is_at_hand_for_unit_tests():
    assert classifier.fn([], depth=1) == "model"


def test_a_task_looks_like_its_function():
    assert (classifier.__name__, classifier.__doc__, classifier.__module__) == ("classifier", "Trains.", __name__)
    assert list(inspect.signature(classifier).parameters) == ["rows", "depth", "n_jobs"]
    assert repr(classifier) == "<Task train_model/classifier/classifier>"


def test_the_bare_and_the_called_form_are_one():
    assert dn.task(plain)(1).name == dn.task()(plain)(1).name


def test_a_task_pickles_by_reference():
    assert pickle.loads(pickle.dumps(classifier)) is classifier


@pytest.mark.parametrize(
    ("thing", "said"),
    [
        (coroutine, "coroutine is a generator or coroutine; a task returns its result"),
        (coroutine_generator, "is a generator or coroutine"),
        (generator, "generator is a generator or coroutine"),
        (lambda x: x, r"a lambda has no name of its own; give one with task\(name=…\)"),
        (Callable(), "goes on a function or on a class of tasks"),
        (Callable().method, "Callable.method .method. is neither"),
        (classmethod(plain), "plain is a method"),
        (property(plain), r"\(property\) is neither"),
        (functools.partial(plain, 1), r"\(partial\) is neither"),
        (len, r"len \(builtin_function_or_method\) is neither"),
        ("train_model", r"'train_model' \(str\) is neither"),
        (classifier, "classifier is a task already"),
        (Callable, r"@task cannot go on Callable: it is no dn\.NectarTask"),
        (int, "@task cannot go on int"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_a_task_is_a_type_error_that_says_why(thing, said):
    with pytest.raises(TaskDefinitionError, match=said) as refusal:
        dn.task(thing)
    assert isinstance(refusal.value, TypeError)
    assert isinstance(refusal.value, DatanectarError)


def test_a_method_is_refused_when_it_is_used():
    class Model:
        @dn.task
        def train(self):
            return 1

    with pytest.raises(TaskDefinitionError, match=r"train is a method; make its class a dn\.NectarTask"):
        Model().train


def test_a_lambda_with_a_name_is_a_task():
    double = dn.task(lambda x: 2 * x, name="double")
    assert dn.run(double(2)) == 4


def test_a_wrapped_function_is_called_through_its_wrapper():
    def twice(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return 2 * function(*args, **kwargs)

        return wrapper

    @dn.task
    @twice
    def three(times: int = 1) -> int:
        return 3 * times

    assert three(times=2).call.arguments == {"times": 2}
    assert dn.run(three(2)) == 12


@pytest.mark.parametrize("decorated", [plain, Job], ids=["function", "class"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"versoin": "3"}, "no option 'versoin'; did you mean 'version'"),
        ({"xyz": 1}, "no option 'xyz'; it has task_type, "),
        ({"retries": -1}, "retries=-1 must be a whole number, 0 or more"),
        ({"retries": True}, "retries=True must be"),
        ({"retries": 1.5}, "retries=1.5 must be"),
        ({"timeout": 0}, "timeout=0 must be seconds, more than 0"),
        ({"timeout": "1m"}, "timeout='1m' must be seconds"),
        ({"storage_layer": 3}, "storage_layer=3 must be a storage's name or a URL"),
        ({"serializer": str}, "serializer=<class 'str'> must be a serializer's name"),
    ],
)
def test_an_option_that_means_nothing_is_refused(decorated, options, said):
    with pytest.raises(TaskDefinitionError, match=said):
        dn.task(**options)(decorated)


def test_an_unknown_option_is_refused_where_it_is_written():
    with pytest.raises(TaskDefinitionError, match="no option"):
        dn.task(family="classifier")


def test_a_version_is_text():
    with pytest.raises(TaskDefinitionError, match="version=3 must be text, such as '3'"):
        dn.task(version=3)(plain)


def test_ignored_names_must_be_parameters():
    with pytest.raises(TaskDefinitionError, match="ignore has 'n_job', which is no parameter"):
        dn.task(ignore=("n_job",))(plain)


@pytest.mark.parametrize("ignore", [("n_jobs",), ["n_jobs"], "n_jobs"])
def test_ignored_parameters_do_not_count_but_arrive(ignore):
    def train(depth, n_jobs=1):
        return depth, n_jobs

    task = dn.task(train, ignore=ignore, name="train_ignoring")
    assert task(1, n_jobs=8).name == task(1).name
    assert task(1).name != task(2).name
    assert dn.run(task(1, n_jobs=8)) == (1, 8)


def test_ignored_star_parameters_do_not_count():
    def train(*rows, **options):
        return 1

    task = dn.task(train, ignore="options")
    assert task(1, a=1).name == task(1, a=2).name != task(2, a=1).name


@pytest.mark.parametrize(
    "option",
    [
        {"retries": 3},
        {"timeout": 60},
        {"storage_layer": "memory://"},
        {"serializer": "json"},
        {"resources": {"gpu": 1}},
    ],
    ids=str,
)
def test_how_a_task_is_run_is_not_part_of_its_name(option):
    assert dn.task(plain, **option)(1).fingerprint == dn.task(plain)(1).fingerprint


@pytest.mark.parametrize("option", [{"task_type": "x"}, {"model_family": "x"}, {"name": "x"}], ids=str)
def test_what_a_task_is_called_is_part_of_its_name(option):
    assert dn.task(plain, **option)(1).fingerprint != dn.task(plain)(1).fingerprint


def test_a_pinned_version_stands_for_the_code():
    one = dn.task(lambda x: x, name="pinned_by_hand", version="1")
    other = dn.task(lambda x: x, name="pinned_by_hand", version="2")
    artifact = one(1)
    assert artifact.name != other(1).name
    assert artifact.call.document["version"] == "1"
    assert "code" not in artifact.call.document


def test_two_tasks_of_one_path_with_a_pinned_version_are_refused():
    @dn.task(name="one_path_for_two", version="1")
    def first():
        return 1

    with pytest.raises(
        TaskDefinitionError, match=r"two tasks are called task/none/one_path_for_two: .*name= or task_type="
    ):

        @dn.task(name="one_path_for_two")
        def second():
            return 2


def test_a_pin_is_refused_whichever_task_comes_first():
    @dn.task(name="another_path_for_two")
    def first():
        return 1

    @dn.task(name="another_path_for_two")
    def second():
        return 2

    with pytest.raises(TaskDefinitionError, match="two tasks are called"):

        @dn.task(name="another_path_for_two", version="1")
        def third():
            return 3


def test_tasks_of_one_path_without_versions_are_told_apart_by_their_code():
    def make(function):
        return dn.task(function, name="shared_path")

    assert make(lambda: 1)().name != make(lambda: 2)().name
