"""What is imported when: asserted on `sys.modules` of fresh processes, never on a clock."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import datanectar

# What a fresh interpreter has loaded before our code depends on the machine's site packages; only what is added counts.
PRELUDE = "import json, sys; before = set(sys.modules)\n"
CODA = "\nprint(); print(json.dumps(sorted(set(sys.modules) - before)))"

DECLARE = """
import datanectar as dn

@dn.task(task_type="train_model", model_family="classifier")
def double(number: int) -> int:
    return 2 * number
"""
RUN = DECLARE + "\nassert dn.run(double(21)) == 42"
COMMAND = "from datanectar.cli.application import invoke\nassert invoke({arguments!r}) == 0"

DATA_LIBRARIES = {"numpy", "pandas", "polars", "pyarrow", "sklearn", "skops", "scipy", "joblib"}
SDKS = {"boto3", "botocore", "azure", "luigi", "feast", "dask", "distributed"}
TERMINAL = {"click", "rich"}
PLUGIN_MACHINERY = {"pluggy", "importlib_metadata"}
SLOW_STANDARD_LIBRARY = {"dataclasses", "inspect", "socket", "uuid", "tomllib", "logging", "email"}


def imported_by(code: str) -> set[str]:
    """Returns the top-level packages and modules that running `code` in a new process loads."""
    Path("script.py").write_text(PRELUDE + code + CODA)
    done = subprocess.run([sys.executable, "script.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def top_level(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def test_import_datanectar_loads_one_module() -> None:
    assert imported_by("import datanectar") - {"__future__"} == {"datanectar"}


def test_declaring_a_task_loads_neither_plugins_nor_what_is_slow_to_import() -> None:
    loaded = top_level(imported_by(DECLARE))
    assert not loaded & (SLOW_STANDARD_LIBRARY | PLUGIN_MACHINERY | DATA_LIBRARIES | SDKS | TERMINAL)


def test_calling_a_task_loads_nothing_more() -> None:
    assert imported_by(DECLARE + "\ndouble(21)") == imported_by(DECLARE)


def test_running_a_task_loads_no_data_library_no_sdk_and_no_terminal_library() -> None:
    assert not top_level(imported_by(RUN)) & (DATA_LIBRARIES | SDKS | TERMINAL)


def test_the_network_is_not_prepared_for_a_result_that_is_stored_already() -> None:
    imported_by(RUN)
    assert not imported_by(RUN) & {"socket", "email.message", "uuid"}


def test_a_result_that_is_stored_already_needs_nothing_that_makes_results() -> None:
    made = imported_by(RUN)
    makers = {"datanectar.layer.writing", "datanectar.running.execution", "datanectar.running.planning"}
    assert makers < made
    assert not imported_by(RUN) & {*makers, "logging"}


@pytest.mark.parametrize("arguments", [["plugins"], ["plugins", "--json"], ["config"], ["ls"], ["--help"]])
def test_commands_that_only_look_load_no_sdk_and_no_data_library(arguments: list[str]) -> None:
    assert not top_level(imported_by(COMMAND.format(arguments=arguments))) & (DATA_LIBRARIES | SDKS)


def test_printing_the_version_discovers_no_plugins() -> None:
    loaded = imported_by(COMMAND.format(arguments=["--version"]))
    assert "pluggy" not in loaded
    assert "datanectar.plugins" not in loaded


def test_output_into_a_pipe_needs_no_rich() -> None:
    assert "rich" not in imported_by(COMMAND.format(arguments=["plugins"]))


def test_notebooks_are_prepared_for_in_notebooks_only() -> None:
    show = "double(21)._repr_html_(); dn.plan(double(21))._repr_html_()"
    assert {name for name in imported_by(RUN) if name.endswith(".notebook")} == set()
    loaded = imported_by(DECLARE + show)
    assert {"datanectar.tasks.notebook", "datanectar.running.notebook"} <= loaded
    assert not top_level(loaded) & (DATA_LIBRARIES | SDKS | TERMINAL)


def test_services_are_started_without_what_only_some_of_them_need(servers) -> None:
    servers.row("web")
    loaded = top_level(imported_by('import datanectar as dn\nwith dn.serve("web"): pass'))
    assert not loaded & (DATA_LIBRARIES | SDKS | TERMINAL | {"psutil", "yaml"})
    assert servers.events("stopped") == ["web stopped"]


def test_serve_is_looked_at_without_what_only_some_services_need() -> None:
    loaded = top_level(imported_by("import datanectar as dn\ndn.serve"))
    assert not loaded & (DATA_LIBRARIES | SDKS | TERMINAL | {"psutil", "yaml"})


def test_who_starts_no_service_loads_nothing_of_them() -> None:
    assert not [name for name in imported_by(RUN) if name.startswith("datanectar.services")]


COMPLETE = """
import os
os.environ |= {{"_DATANECTAR_COMPLETE": "bash_complete", "_DATANECTAR_LINE": "datanectar {line}"}}
from datanectar.cli.application import invoke
try:
    invoke([])
except SystemExit:
    pass
"""


@pytest.mark.parametrize("line", ["r", "ls --prof", "show na", "run tas", "run tasks:", "run tasks:double "])
def test_completion_is_quick_so_it_loads_no_data_library_and_no_rich(line: str) -> None:
    Path("tasks.py").write_text(DECLARE)
    loaded = top_level(imported_by(COMPLETE.format(line=line)))
    assert ("tasks" in loaded) == (":" in line)
    assert not loaded & (DATA_LIBRARIES | SDKS | {"rich"})


def test_every_public_name_resolves() -> None:
    for name in datanectar.__all__:
        assert getattr(datanectar, name) is not None, name


def test_the_lazy_table_has_the_public_names_and_no_others() -> None:
    assert sorted([*datanectar._HOMES, "task"]) == sorted(datanectar.__all__)


def test_dir_shows_the_public_names_and_no_others() -> None:
    assert sorted(name for name in dir(datanectar) if not name.startswith("_")) == sorted(datanectar.__all__)


def test_all_is_sorted_and_has_no_name_twice() -> None:
    assert datanectar.__all__ == sorted(set(datanectar.__all__))


def test_task_and_Task_are_one_object() -> None:
    assert datanectar.task is datanectar.Task


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'datanectar' has no attribute 'taks'"):
        datanectar.taks


def test_importing_a_public_name_does_not_replace_it_by_its_module() -> None:
    """A submodule named like a function would shadow it as soon as somebody imported the submodule."""
    code = "import datanectar as dn\nimport datanectar.cli.running, datanectar.running.session, datanectar.features\n"
    names = [name for name in datanectar.__all__ if name not in ("errors", "hookspecs")]
    imported_by(code + f"import types\nfor name in {names}: assert not isinstance(getattr(dn, name), types.ModuleType)")
