from pathlib import Path

import pytest

import datanectar as dn
from datanectar.errors import ConfigurationError
from datanectar_feast.options import FeastOptions

REFERENCE = Path(__file__).parents[2] / "docs/reference/configuration.md"


def test_every_option_is_documented() -> None:
    fields = FeastOptions.__dataclass_fields__.values()
    text = REFERENCE.read_text(encoding="utf-8")
    assert [field.name for field in fields if f"| `{field.name}` |" not in text] == []
    assert [field.name for field in fields if field.metadata["help"] not in text] == []


def test_the_repository_is_found_from_the_configuration_file(repo, tmp_path, monkeypatch) -> None:
    (repo / "datanectar.toml").write_text(
        '[profiles.local]\nfeature_store = "feast"\n[feature_stores.feast]\nrepo = "features"\n'
    )
    (repo / "features").mkdir()
    (repo / "feature_store.yaml").rename(repo / "features/feature_store.yaml")
    (repo / "below").mkdir()
    monkeypatch.chdir(repo / "below")
    with dn.settings():
        assert dn.feature_store().native.repo_path == repo / "features"


def test_a_file_of_another_name_can_be_taken(repo) -> None:
    (repo / "feature_store.yaml").rename(repo / "prod.yaml")
    with (repo / "datanectar.toml").open("a") as file:
        file.write('[feature_stores.feast]\nyaml = "prod.yaml"\n')
    with dn.settings():
        assert dn.feature_store().native.project == "eta"


def test_a_repository_without_its_file_is_told_where_it_was_looked_for(repo) -> None:
    (repo / "feature_store.yaml").unlink()
    with (
        dn.settings(),
        pytest.raises(ConfigurationError, match=r"there is no .*feature_store\.yaml: `feast init` makes"),
    ):
        dn.feature_store().views()
