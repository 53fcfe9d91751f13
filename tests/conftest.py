"""What every test gets: a home of its own, an empty working directory, and no settings from outside."""

import os
from pathlib import Path

import hypothesis
import pytest

# How long an example takes is the machine's affair: no test asserts on time.
hypothesis.settings.register_profile("datanectar", deadline=None)
hypothesis.settings.load_profile("datanectar")


@pytest.fixture(autouse=True)
def private_surroundings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keeps tests off the user's keys, caches and configuration; returns the working directory."""
    home = tmp_path_factory.mktemp("home")
    for variable in [name for name in os.environ if name.startswith("DATANECTAR_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    work = tmp_path_factory.mktemp("work")
    monkeypatch.chdir(work)
    return work
