"""Names: snake-cased, ASCII, and never more than a store can hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import datanectar as dn
from datanectar.contracts.naming import SEGMENT, Identity, check_name
from datanectar.errors import TaskDefinitionError
from datanectar.tasks.names import check_segment, snake_case


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("eta_classifier", "eta_classifier"),
        ("TrainETAClassifier", "train_eta_classifier"),
        ("BuildFeatures", "build_features"),
        ("HTTPServer", "http_server"),
        ("parseJSON", "parse_json"),
        ("XGBoost", "xg_boost"),
        ("Step2Model", "step2_model"),
        ("ETA", "eta"),
        ("_private", "private"),
        ("__dunder__", "dunder"),
        ("déjà_vu", "deja_vu"),
        ("Größe", "groe"),
        ("a__b", "a_b"),
        ("ﬁt", "fit"),
    ],
)
def test_python_names_are_snake_cased(name, snake):
    assert snake_case(name) == snake


def test_a_name_without_ascii_needs_one_given():
    with pytest.raises(
        TaskDefinitionError, match=r"no artifact name can be made of '模型'; give one with @task\(name=…\)"
    ):
        snake_case("模型")


@given(st.text())
def test_a_snake_cased_name_is_a_segment_and_stays_as_it_is(text):
    try:
        snake = snake_case(text)
    except TaskDefinitionError:
        return
    assert snake_case(snake) == snake
    assert SEGMENT.fullmatch(snake[:128])


@pytest.mark.parametrize("value", ["train_model", "v1.2-beta", "0", "a" * 128])
def test_segments_that_stores_can_hold_are_taken(value):
    assert check_segment(value, "name", "f") == value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Train Model", r"task f: name='Train Model' must be of a-z 0-9 \. _ -, such as 'train_model'"),
        ("", "must be of"),
        ("a/b", "such as 'a_b'"),
        ("..", "must be of"),
        (".hidden", "such as 'hidden'"),
        ("ü", "must be of"),
        ("a\n", "must be of"),
        (3, "name=3 must be of"),
        ("a" * 129, "has 129 characters; at most 128 fit"),
    ],
)
def test_segments_that_stores_cannot_hold_are_refused(value, said):
    with pytest.raises(TaskDefinitionError, match=said):
        check_segment(value, "name", "f")


@pytest.mark.parametrize("option", ["task_type", "model_family", "name"])
def test_every_part_of_a_path_is_checked_when_the_task_is_declared(option):
    with pytest.raises(TaskDefinitionError, match=f"{option}='Not This'"):
        dn.task(lambda x: x, **{"name": "fine", option: "Not This"})


def test_a_function_name_that_is_too_long_is_refused_when_it_is_declared():
    namespace = {}
    exec(f"def {'a' * 129}(): pass", namespace)
    with pytest.raises(TaskDefinitionError, match="at most 128 fit"):
        dn.task(namespace["a" * 129])


def test_parts_without_a_choice_have_a_word_for_that():
    @dn.task
    def bare():
        return 1

    assert bare.path == "task/none/bare"
    assert bare().name.startswith("task/none/bare/")


def test_a_name_has_the_parts_in_order():
    @dn.task(task_type="train_model", model_family="classifier", name="eta")
    def whatever():
        return 1

    name = whatever().name
    assert name == f"train_model/classifier/eta/{whatever().fingerprint}"
    assert check_name(name) == name


def test_identity_is_what_naming_schemes_get():
    assert Identity._fields == ("task_type", "model_family", "task", "fingerprint", "parameters")
