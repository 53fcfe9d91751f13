"""The thin module: what it brings, and what it does not import."""

import json
import subprocess
import sys
from dataclasses import fields

from datanectar import records
from datanectar.plugins.discovery import load_plugins
from datanectar.registry import Registry
from datanectar_azure.options import AzureOptions


def test_the_plugin_is_found_and_brings_a_storage():
    registry = Registry(load_plugins())
    record = registry.find(records.StorageType, "azure")
    assert (record.schemes, registry.options_class(records.StorageType, "azure")) == (("az",), AzureOptions)
    assert registry.components(records.StorageType)["azure"].plugin.distribution == "datanectar-azure"


def test_neither_the_plugin_nor_its_options_import_the_sdk():
    script = (
        "import json, sys; from datanectar.cli.application import invoke\n"
        "assert invoke(['plugins']) == 0 and invoke(['config']) == 0\n"
        "import datanectar_azure.options; print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {module.partition(".")[0] for module in json.loads(done.stdout.splitlines()[-1])}
    assert "datanectar_azure" in loaded
    assert not loaded & {"azure", "requests", "msal", "obstore"}


def test_every_option_has_a_line_of_help():
    assert [field.name for field in fields(AzureOptions) if not field.metadata.get("help")] == []
