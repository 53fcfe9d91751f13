"""The plugin as it is installed: found by its entry point, and without Feast until that is used."""

import subprocess
import sys

from datanectar.testing import check_plugin

LISTING = """
import sys
import datanectar as dn
from datanectar.registry import registry

with dn.settings() as settings:
    offers = registry(settings).offers()
    assert "feast" in str(offers["feast"]), offers
    store = dn.feature_store("feast")
loaded = {"feast", "pandas", "pyarrow", "dask", "numpy"} & set(sys.modules)
assert not loaded, loaded
"""


def test_the_plugin_keeps_the_rules() -> None:
    check_plugin("feast")


def test_it_is_found_and_a_feature_store_opened_without_importing_feast(repo) -> None:
    subprocess.run([sys.executable, "-c", LISTING], check=True)
