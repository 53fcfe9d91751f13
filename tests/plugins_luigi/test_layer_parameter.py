"""A storage layer as a parameter: a reference that travels, opened where it is used."""

from __future__ import annotations

import pickle
from pathlib import Path

import forms
import luigi
import pytest

import datanectar as dn
from datanectar_luigi import StorageLayerParameter


class Stores(luigi.Task):
    layer = StorageLayerParameter()


def test_it_is_insignificant_public_and_has_a_default(store: dn.StorageLayer) -> None:
    parameter = dict(Stores.get_params())["layer"]
    assert (parameter.significant, parameter.visibility) == (False, luigi.parameter.ParameterVisibility.PUBLIC)
    assert Stores().layer.backend.url == store.backend.url
    assert Stores(layer="memory://a").task_id == Stores().task_id


@pytest.mark.parametrize("form", ["name", "url", "layer"])
def test_a_name_a_url_and_a_layer_say_the_same(form: str, tmp_path: Path) -> None:
    url = tmp_path.as_uri()
    given = {"name": "disk", "url": url, "layer": dn.storage_layer(url)}[form]
    task = Stores(layer=given)
    task.layer.store("notes/first", 1)
    for again in (pickle.loads(pickle.dumps(task)), Stores.from_str_params(task.to_str_params())):
        assert again.layer == task.layer
        assert again.layer.load("notes/first") == 1
    assert b"Backend" not in pickle.dumps(task)


def test_it_is_text_for_whatever_takes_a_layer() -> None:
    task = Stores(layer="lake")
    assert (task.layer, f"{task.layer}") == ("lake", "lake")
    assert dn.storage_layer(task.layer).reference == task.layer.reference == "lake"
    assert task.clone(layer="disk").layer == "disk"
    assert not Stores().layer


POLICY = """
[[policies]]
task_type = "policied"
storage_layer = "lake"
"""


@pytest.mark.parametrize("engine", ["luigi", "datanectar"])
@pytest.mark.parametrize(
    ("says", "given", "expected"),
    [
        *[("nothing", "", "disk"), ("nothing", "lake", "lake"), ("policy", "", "lake"), ("policy", "disk", "lake")],
        *[("variable", "lake", "disk"), ("block", "lake", "memory://")],
    ],
)
def test_what_is_stored_and_what_is_asked_for_are_in_one_layer_whoever_chose_it(
    says: str, given: str, expected: str, engine: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (project / "datanectar.toml").open("a") as file:
        file.write(POLICY if says == "policy" else "")
    if says == "variable":
        monkeypatch.setenv("DATANECTAR_STORAGE_LAYER", "disk")
    with dn.settings(**({"storage_layer": "memory://"} if says == "block" else {})):
        task = forms.Composed(x=2, task_type="policied" if says == "policy" else "free", storage_layer=given)
        assert task.storage_layer.reference == dn.artifact(task).storage_layer.reference == expected
        if engine == "luigi":
            assert luigi.build([task], local_scheduler=True, log_level="CRITICAL")
        else:
            assert dn.run(task) == 20
        assert task.complete()
        assert dn.storage_layer(expected if says != "block" else None).load(dn.get_artifact_name(task)) == 20


def test_an_argument_of_run_goes_before_the_parameter() -> None:
    elsewhere = dn.storage_layer("memory://elsewhere")
    task = forms.Composed(x=2, storage_layer="lake")
    assert dn.run(task, storage_layer=elsewhere) == 20
    assert elsewhere.exists(dn.get_artifact_name(task))
    assert not task.complete()


def test_a_task_that_is_cloned_leaves_the_choice_to_the_settings_as_its_origin_does() -> None:
    assert forms.Composed(x=2).clone(x=3).to_str_params()["storage_layer"] == ""
    assert forms.Composed(x=2, storage_layer="lake").clone(x=3).storage_layer.reference == "lake"


def test_it_is_not_opened_before_it_is_used() -> None:
    task = Stores(layer="no-such-storage")
    assert task.to_str_params() == {"layer": "no-such-storage"}
    with pytest.raises(dn.errors.ConfigurationError, match="no-such-storage"):
        task.layer.exists("a/b/c")


def test_something_else_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="by its name or URL"):
        Stores(layer=3)


def test_a_task_that_is_given_a_layer_stores_there_whoever_runs_it(tmp_path: Path) -> None:
    for number, run in enumerate(
        (dn.run, lambda task: luigi.build([task], local_scheduler=True, log_level="CRITICAL"))
    ):
        url = (tmp_path / str(number)).as_uri()
        run(forms.Composed(x=3, storage_layer=url))
        assert dn.storage_layer(url).load(dn.get_artifact_name(forms.Composed(x=3))) == 30
