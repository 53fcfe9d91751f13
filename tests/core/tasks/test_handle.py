"""Artifact handles: lazy, flat, immutable, and never mistaken for the value they stand for."""

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import datanectar as dn
from datanectar.errors import ArgumentError, ArtifactNotFound
from datanectar.tasks.handle import Artifact


@dn.task
def step(below, n: int = 0):
    return n


@dn.task
def pair(left, right):
    return {"train": [1, 2], 0: "zero", "$": ("nested", {"x": 5})}


@dn.task
def both(x):
    return x


class Stage(dn.NectarTask):
    below: object = None

    def run(self):
        return 1


def chain(length, make):
    artifact = make(None)
    for _ in range(length):
        artifact = make(artifact)
    return artifact


def test_nothing_runs_when_a_task_is_called():
    @dn.task
    def explosive():
        raise AssertionError

    artifact = explosive()
    assert artifact.name.startswith("task/none/explosive/")
    assert not artifact.exists()


def test_a_chain_of_20_000_is_named_and_pickles_flat():
    artifact = chain(20_000, step)
    assert pickle.loads(pickle.dumps(artifact)).name == artifact.name
    assert len(pickle.dumps(artifact)) < 500


def test_a_chain_of_20_000_in_lists_is_named():
    assert chain(20_000, lambda below: step([below])).name


def test_a_chain_of_2_000_task_objects_is_named():
    assert dn.get_artifact_name(chain(2_000, lambda below: Stage(below=[below])))


def test_a_chain_of_2_000_task_objects_linked_by_fields_is_named():
    def linked(below):
        stage = Stage()
        stage.below = [below]
        return stage

    assert dn.get_artifact_name(chain(2_000, linked))


def test_a_diamond_of_depth_60_is_named():
    artifact = step(None)
    for _ in range(60):  # 2 ** 60 paths through it
        artifact = pair(artifact, artifact)
    assert artifact.name


def test_a_diamond_of_task_objects_of_depth_60_is_named():
    stage = Stage()
    for _ in range(60):
        stage = Stage(below=[stage, stage])
    assert dn.get_artifact_name(stage)


def test_what_is_upstream_is_part_of_the_name():
    assert step(step(None, 1)).name != step(step(None, 2)).name
    assert step(step(None, 1)).name == step(step(None, n=1)).name


def test_a_part_has_the_name_of_the_whole():
    whole = pair(1, 2)
    assert whole["train"].name == whole.name
    assert whole["train"].uri == f"{whole.uri}#train"
    assert whole["$"][1]["x"].uri == f"{whole.uri}#$/1/x"


def test_parts_are_inputs_of_their_own():
    whole = pair(1, 2)
    handles = [whole, whole["train"], whole["0"], whole[0], whole[True], whole[0.0], whole[None], whole["train"][0]]
    assert len({both(handle).name for handle in handles}) == len(handles)


@pytest.mark.parametrize(
    ("choose", "expected"),
    [
        (lambda whole: whole["train"], [1, 2]),
        (lambda whole: whole["train"][1], 2),
        (lambda whole: whole[0], "zero"),
        (lambda whole: whole["$"], ("nested", {"x": 5})),
        (lambda whole: whole["$"][1]["x"], 5),
    ],
)
def test_running_a_part_gives_the_part_to_everyone(choose, expected):
    part = choose(pair(1, 2))
    assert dn.run(part) == expected
    assert dn.run(both([part])) == [expected]
    assert part.load() == expected


@pytest.mark.parametrize("key", [slice(1), (1, 2), ["a"], step, 1j])
def test_parts_are_named_by_plain_keys_only(key):
    with pytest.raises(ArgumentError, match="a part is named by a plain key"):
        pair(1, 2)[key]


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        (bool, "true or false"),
        (list, "iterated over"),
        (lambda artifact: 1 in artifact, "searched"),
        (lambda artifact: [*artifact], "iterated over"),
        (lambda artifact: artifact and 1, "true or false"),
    ],
)
def test_a_handle_taken_for_its_value_is_an_error(slip, said):
    with pytest.raises(ArgumentError, match=rf"the result of step is not known yet, so it cannot be {said}: .*dn\.run"):
        slip(step(None))


def test_a_handle_in_a_process_of_its_own_is_known_by_name():
    artifact = step(None, 3)
    dn.run(artifact)
    twin = pickle.loads(pickle.dumps(artifact["x"]))
    assert (twin.name, twin.part, twin.call.definition) == (artifact.name, ("x",), None)
    assert both(twin).name == both(artifact["x"]).name
    assert pickle.loads(pickle.dumps(artifact)).load() == 3


def test_copies_of_a_handle_are_the_handle():
    artifact = step(None)
    assert copy.copy(artifact) is artifact
    assert copy.deepcopy([artifact])[0] is artifact


def test_loading_what_was_never_made_says_how_to_make_it():
    with pytest.raises(ArtifactNotFound, match=r"has not been made yet: dn\.run"):
        step(None).load()


def test_a_handle_is_shown_by_its_path_then_by_its_name():
    artifact = step(None)
    assert repr(artifact["a"]) == "<Artifact task/none/step['a']>"
    artifact.name
    assert repr(artifact) == f"<Artifact {artifact.name}>"


def test_the_result_type_can_be_written_down():
    assert Artifact[int].__origin__ is dn.Artifact


@given(st.dictionaries(st.sampled_from("abc"), st.integers(), min_size=1))
def test_the_same_call_has_the_same_name(parameters):
    assert both(parameters).name == both(dict(reversed(parameters.items()))).name


@pytest.mark.parametrize("use", [lambda handle: handle.shape, lambda handle: handle.head(), len])
def test_using_a_handle_as_its_value_says_how_to_take_the_value(use):
    @dn.task
    def table() -> list:
        return []

    with pytest.raises((AttributeError, ArgumentError), match=r"dn.run\(artifact\)"):
        use(table())
