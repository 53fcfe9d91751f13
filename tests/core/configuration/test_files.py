from pathlib import Path

import pytest

from datanectar.configuration.files import Setting, read_configuration
from datanectar.errors import ConfigurationError


def test_no_file_at_all_is_no_configuration() -> None:
    file = read_configuration(Path.cwd())
    assert (file.root, file.path, dict(file.settings)) == (Path.cwd(), None, {})


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("datanectar.toml", 'project = "eta"\n', 1),
        ("pyproject.toml", '[project]\nname = "x"\n[tool.datanectar]\nproject = "eta"\n', 4),
    ],
)
def test_both_files_have_the_same_keys(name: str, text: str, line: int) -> None:
    Path(name).write_text(text)
    assert read_configuration(Path.cwd()).settings == {"project": Setting("eta", f"{name}:{line}")}


def test_the_file_is_found_upwards_and_is_where_paths_start() -> None:
    root, below = Path.cwd(), Path("a/b/c")
    below.mkdir(parents=True)
    Path("datanectar.toml").write_text('project = "eta"')
    file = read_configuration(below.absolute())
    assert (file.root, file.path) == (root, root / "datanectar.toml")


def test_the_nearest_file_is_the_only_one() -> None:
    below = Path("a")
    below.mkdir()
    Path("datanectar.toml").write_text('project = "outer"')
    (below / "datanectar.toml").write_text("record_source = true")
    assert list(read_configuration(below.absolute()).settings) == ["record_source"]


def test_a_pyproject_of_something_else_is_passed_by() -> None:
    below = Path("a")
    below.mkdir()
    Path("datanectar.toml").write_text('project = "outer"')
    (below / "pyproject.toml").write_text('tool = "none"')
    assert read_configuration(below.absolute()).settings["project"].value == "outer"


def test_two_files_in_one_directory_are_refused() -> None:
    Path("datanectar.toml").write_text("")
    Path("pyproject.toml").write_text("[tool.datanectar]")
    with pytest.raises(ConfigurationError, match=r"both .*/datanectar\.toml and \[tool\.datanectar\] in .* keep one"):
        read_configuration(Path.cwd())


@pytest.mark.parametrize("name", ["datanectar.toml", "pyproject.toml"])
@pytest.mark.parametrize("data", [b"project = = 1", b"project = 'x", b"\xff\xfe"])
def test_a_file_that_is_not_toml_is_named(name: str, data: bytes) -> None:
    Path(name).write_bytes(data)
    with pytest.raises(ConfigurationError, match=rf"^{Path.cwd() / name} is not valid TOML: "):
        read_configuration(Path.cwd())


def test_a_scalar_where_the_table_should_be_is_refused() -> None:
    Path("pyproject.toml").write_text("[tool]\ndatanectar = 3")
    with pytest.raises(ConfigurationError, match=r"\[tool\.datanectar\] must be a table"):
        read_configuration(Path.cwd())


def test_a_table_without_tool_in_pyproject_is_no_silent_nothing() -> None:
    Path("pyproject.toml").write_text('[datanectar]\nprofile = "prod"')
    with pytest.raises(ConfigurationError, match=r"\[datanectar\] is not read here; write \[tool\.datanectar\]"):
        read_configuration(Path.cwd())


def test_every_key_knows_its_line() -> None:
    Path("datanectar.toml").write_text(
        "# a comment\n"
        'project = "eta"\n'
        "\n"
        "[storage.lake]\n"
        'type = "s3"  # project = "no"\n'
        'bucket = "b"\n'
        "[profiles]\n"
        'local.storage_layer = "lake"\n'
        'prod = { storage_layer = "lake", workers = 2 }\n'
        "[[policies]]\n"
        'task = "a"\n'
        "[[policies]]\n"
        'task = "b"\n'
        "[policies.resources]\n"
        "gpu = 1\n"
    )
    lines = {key: setting.source.partition(":")[2] for key, setting in read_configuration(Path.cwd()).settings.items()}
    assert lines == {
        "project": "2",
        "storage.lake.type": "5",
        "storage.lake.bucket": "6",
        "profiles.local.storage_layer": "8",
        "profiles.prod.storage_layer": "9",
        "profiles.prod.workers": "9",
        "policies[0].task": "11",
        "policies[1].task": "13",
        "policies[1].resources.gpu": "15",
    }
