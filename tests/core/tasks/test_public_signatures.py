"""The public names: client code relies on these signatures."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

import datanectar as dn

SIGNATURES = {
    "task": "fn=None, *, task_type=None, model_family=None, storage_layer=None, name=None, version=None, ignore=(), "
    "serializer=None, retries=0, timeout=None, resources=None",
    "run": "*targets, workers=None, orchestrator=None, profile=None, storage_layer=None, keep_going=False, load=True",
    "storage_layer": "name_or_url=None",
    "artifact": "target",
    "get_artifact_name": "target",
    "get_artifact_path": "target",
    "explain": "target",
    "settings": "**overrides",
    "File": "path",
    "Secret": "reference",
    "Artifact.exists": "self",
    "Artifact.load": "self",
    "Artifact.run": "self",
    "Artifact.explain": "self",
    "Artifact.logs": "self",
    "Artifact.link": "self, expires=900",
    "Artifact.local_path": "self",
    "NectarTask.requires": "self",
    "NectarTask.run": "self",
    "NectarTask.output": "self",
    "NectarTask.get_artifact_path": "self",
    "NectarTask.store_results": "self, path, result",
    "StorageLayer.store": "self, name, obj, serializer=None",
    "StorageLayer.load": "self, name",
    "StorageLayer.exists": "self, name",
    "StorageLayer.exists_many": "self, names",
    "StorageLayer.manifest": "self, name",
    "StorageLayer.list": "self, prefix=''",
    "StorageLayer.uri": "self, name",
    "StorageLayer.link": "self, name, expires=900",
    "StorageLayer.local_path": "self, name",
    "StorageLayer.delete": "self, name",
    "StorageLayer.alias": "self, name, alias, *, path=None",
    "StorageLayer.resolve": "self, text",
    "StorageBackend.read": "self, key",
    "StorageBackend.open": "self, key, start=0, end=None",
    "StorageBackend.write": "self, key, source",
    "StorageBackend.create": "self, key, data",
    "StorageBackend.stat": "self, key",
    "StorageBackend.list": "self, prefix",
    "StorageBackend.delete": "self, keys",
    "StorageBackend.link": "self, key, expires",
    "StorageBackend.local_path": "self, key",
}
NAMES = """
    task Task NectarTask Artifact artifact File Secret get_artifact_name get_artifact_path storage_layer StorageLayer
    run plan explain serve feature_store settings hookimpl hookspecs errors
"""


def find(path: str) -> Any:
    found: Any = dn
    for name in path.split("."):
        found = getattr(found, name)
    return found


def written(function: Callable[..., Any]) -> str:
    parameters = inspect.signature(function).parameters.values()
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters]
    return str(inspect.Signature(bare))[1:-1]


@pytest.mark.parametrize("path", SIGNATURES)
def test_a_public_signature_is_what_is_documented(path):
    assert written(find(path)) == SIGNATURES[path]


@pytest.mark.parametrize("name", NAMES.split())
def test_a_public_name_is_there_and_listed(name):
    assert getattr(dn, name) is not None
    assert name in dn.__all__


@pytest.mark.parametrize("name", ["name", "uri"])
def test_what_is_read_of_an_artifact_is_a_property(name):
    assert isinstance(getattr(dn.Artifact, name), property)


def test_plan_takes_targets():
    assert written(dn.plan).startswith("*targets, ")


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'datanectar' has no attribute 'Taks'"):
        dn.Taks
