from pathlib import Path

import pandas as pd
import pytest

import datanectar as dn
from datanectar.errors import ArgumentError, ArtifactNotFound, ConfigurationError
from datanectar.running.targets import artifact


@dn.task(task_type="count")
def numbers(n: int) -> list[int]:
    return list(range(n))


class Doubled(dn.NectarTask):
    n: int

    def run(self):
        return 2 * self.n


def test_a_handle_is_its_own_artifact(memory) -> None:
    handle = numbers(1)
    assert dn.artifact(handle) is handle


@pytest.mark.parametrize("text", ["count/none/numbers@latest", "numbers@latest", "none/numbers@latest"])
def test_an_alias_finds_a_stored_artifact(memory, text: str) -> None:
    dn.run(numbers(2))
    assert dn.artifact(text).load() == [0, 1]


@pytest.mark.parametrize("text", ["count/none/numbers@champion", "numbers@champion", "numbers"])
def test_a_short_form_gives_the_address_of_a_stored_artifact(memory, text: str) -> None:
    dn.run(numbers(2))
    memory.alias(numbers(2).name, "champion")
    assert dn.get_artifact_path(text) == numbers(2).uri
    assert dn.get_artifact_name(text) == numbers(2).name


def test_a_short_form_of_several_tasks_lists_them(memory) -> None:
    for name in ("a/one/model/x", "a/two/model/x"):
        memory.store(name, 1)
        memory.alias(name, "champion")
    with pytest.raises(ArtifactNotFound, match="could be 2 tasks; write more of: a/one/model, a/two/model"):
        dn.artifact("model@champion")
    with pytest.raises(ArtifactNotFound, match=r"could be 2 artifacts(?s:.*)a/one/model/x\n  a/two/model/x"):
        dn.artifact("model")


def test_a_name_or_a_piece_of_it_finds_a_stored_artifact(memory) -> None:
    dn.run(numbers(2))
    for text in (numbers(2).name, numbers(2).fingerprint[:8], "count/"):
        assert dn.artifact(text).name == numbers(2).name


def test_a_found_artifact_is_an_input(memory) -> None:
    @dn.task
    def size(xs: list[int]) -> int:
        return len(xs)

    dn.run(numbers(2))
    assert dn.run(size(dn.artifact("numbers@latest"))) == 2
    assert size(dn.artifact("numbers@latest")).name == size(numbers(2)).name


def test_a_task_object_has_an_artifact(memory) -> None:
    assert dn.artifact(Doubled(2)).name == dn.get_artifact_name(Doubled(2)) == Doubled(2)._as_artifact().name
    assert dn.get_artifact_path(Doubled(2)) == dn.artifact(Doubled(2)).uri


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (numbers, "numbers is a task, not an artifact; call it, with its parameters"),
        (Doubled, "Doubled is a class; make an instance of it, with its parameters"),
        (Path, "Path is a class; make an instance"),  # as for those of other libraries
        (3, "3 names no artifact: give what calling a task returns, a task object, or a name"),
        (None, "None names no artifact"),
    ],
)
def test_what_names_no_artifact_is_told_what_would(memory, target: object, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        dn.run(target)


def test_a_name_that_nothing_has_is_an_error(memory) -> None:
    with pytest.raises(ArtifactNotFound, match=r"memory:// has no artifact 'nothing'; `datanectar ls` lists"):
        dn.run("nothing")


def test_the_store_is_what_the_settings_say(memory) -> None:
    dn.run(numbers(2))
    with dn.settings(storage_layer="memory://"), pytest.raises(ArtifactNotFound):
        dn.artifact("numbers@latest")


def test_a_store_that_is_not_configured_is_told_those_there_are() -> None:
    with pytest.raises(
        ConfigurationError, match=r"there is no storage 'lake' \(argument\); configured: disk\. Or give"
    ):
        dn.storage_layer("lake")


def test_a_function_that_was_not_called_is_told_to_be_called() -> None:
    def pipeline() -> None: ...

    with pytest.raises(ArgumentError, match=r"pipeline is a function, not an artifact; call it: pipeline\(…\)"):
        artifact(pipeline)


def test_a_table_that_is_no_artifact_is_not_printed() -> None:
    with pytest.raises(ArgumentError, match="a DataFrame names no artifact"):
        artifact(pd.DataFrame({"a": [1]}))
