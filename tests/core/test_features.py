from pathlib import Path

import pytest

import datanectar as dn
from datanectar.errors import ConfigurationError, PluginNotFoundError

PLUGIN = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Options:
    repo: str = "here"

class Store(dn.FeatureStore):
    def __init__(self, options):
        self.repo = options.repo

Store.__abstractmethods__ = frozenset()

@dn.hookimpl
def datanectar_feature_stores():
    yield dn.FeatureStoreType(name="acme", factory=Store, options=Options, summary="A test")
"""


def test_without_a_choice_it_says_what_to_set() -> None:
    with pytest.raises(ConfigurationError, match="profile 'local' names no feature_store; set one, such as feature_s"):
        dn.feature_store()


def test_what_is_not_installed_is_said_how_to_install() -> None:
    with pytest.raises(PluginNotFoundError) as caught:
        dn.feature_store("feast")
    assert str(caught.value) == "feature store 'feast' is not installed: pip install datanectar-feast"


def test_the_profile_chooses_it_and_its_table_configures_it(install) -> None:
    install("datanectar-acme", PLUGIN)
    Path("datanectar.toml").write_text(
        '[profiles.local]\nfeature_store = "acme"\n[feature_stores.acme]\nrepo = "there"\n'
    )
    assert dn.feature_store().repo == "there"
    assert dn.feature_store() is dn.feature_store("acme")
