import os
from pathlib import Path

import pytest

import datanectar as dn
from datanectar.errors import ConfigurationError
from datanectar.layer.user_directories import cache_directory, configuration_directory


def test_variables_say_where_keys_and_caches_are() -> None:
    assert cache_directory() == Path(os.environ["XDG_CACHE_HOME"]) / "datanectar"
    assert configuration_directory() == Path(os.environ["XDG_CONFIG_HOME"]) / "datanectar"


@pytest.mark.parametrize("value", [None, ""])
def test_without_them_they_are_below_the_home_directory(
    value: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable)
        if value is not None:
            monkeypatch.setenv(variable, value)
    assert cache_directory().is_relative_to(tmp_path)
    assert configuration_directory().is_relative_to(tmp_path)


def test_without_a_home_there_is_a_result_though_no_cache(monkeypatch, tmp_path) -> None:
    def nobody() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for variable in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(variable)
    monkeypatch.setattr(Path, "home", nobody)
    layer = dn.storage_layer(tmp_path.as_uri())
    layer.store("large", b"x" * 100_000)
    assert layer.load("large") == b"x" * 100_000
    with pytest.raises(ConfigurationError, match=r"signing key cannot be kept: Could not determine .* Set DATANECTAR"):
        layer.store("pickled", object)
