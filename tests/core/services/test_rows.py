"""Services that are described in a table of their own."""

from pathlib import Path

import pytest

from datanectar.configuration.active import current
from datanectar.errors import ConfigurationError
from datanectar.records import Service
from datanectar.services.choosing import make


def made(table: str) -> Service:
    """The service of ``[services.web]`` with these lines."""
    Path("datanectar.toml").write_text(f"[services.web]\n{table}\n")
    return make(current(), "web")


def test_a_command_is_a_list() -> None:
    assert made('command = ["serve", "--name", "a b"]').command == ["serve", "--name", "a b"]


def test_a_command_is_a_text_as_a_shell_reads_it() -> None:
    assert made("command = 'serve --name \"a b\"'").command == ["serve", "--name", "a b"]


def test_a_program_with_a_path_is_found_from_the_projects_directory() -> None:
    Path("bin").mkdir()
    Path("bin/serve").touch()
    root = Path.cwd()
    assert made('command = "bin/serve now"').command == [f"{root}/bin/serve", "now"]


def test_a_program_without_a_path_is_looked_up_though_a_file_has_its_name() -> None:
    Path("serve").touch()
    assert made('command = "serve"').command == ["serve"]


def test_an_absolute_program_stays_as_it_is(tmp_path: Path) -> None:
    program = tmp_path / "serve"
    program.touch()
    assert made(f'command = ["{program}"]').command == [str(program)]


def test_relative_paths_start_at_the_projects_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path.cwd()
    table = 'command = "serve"\ndirectory = "at"\nconfig_files = ["etc/a.toml"]\nstate = ["state"]\ndata = ["data"]'
    Path("datanectar.toml").write_text(f"[services.web]\n{table}\n")
    Path("below").mkdir()
    monkeypatch.chdir("below")
    service = make(current(), "web")
    assert service.directory == root / "at"
    assert (service.config_files, service.state, service.data) == (
        [root / "etc/a.toml"],
        [root / "state"],
        [root / "data"],
    )


def test_a_row_may_say_where_the_users_home_is() -> None:
    assert made('command = "serve"\ndirectory = "~/x"\nstate = ["~/y"]').state == [Path.home() / "y"]


def test_a_row_that_says_nothing_of_its_directory_leaves_it_to_the_service() -> None:
    assert made('command = "serve"').directory is None


def test_what_else_a_row_says_is_passed_on() -> None:
    service = made(
        'command = "serve"\nready = "http://127.0.0.1:1/up"\nports = [1, 2]\nenv = { A = "1" }\nsecrets = ["B"]\n'
        'stop_seconds = 2.5\ndistribution = "serving"\nimage = "serving:1"\nrequirements = ["more"]'
    )
    assert (service.name, service.ready, service.ports, service.env) == (
        "web",
        "http://127.0.0.1:1/up",
        [1, 2],
        {"A": "1"},
    )
    assert (service.secrets, service.stop_seconds, service.distribution) == (["B"], 2.5, "serving")
    assert (service.image, service.requirements) == ("serving:1", ["more"])


def test_a_missing_command_is_asked_for() -> None:
    with pytest.raises(ConfigurationError, match=r"services\.web\.command is missing .*; set it in \[services\.web\]"):
        made("ports = [1]")


@pytest.mark.parametrize("command", ['""', '" "', "[]", '[""]'])
def test_an_empty_command_is_refused(command: str) -> None:
    with pytest.raises(ConfigurationError, match=r"services\.web\.command is empty; write the program"):
        made(f"command = {command}")


def test_a_command_with_a_quote_that_does_not_end_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"services\.web\.command = 'serve \"x' cannot be read: No closing"):
        made("command = 'serve \"x'")


def test_an_unknown_option_is_named_with_its_line_and_the_nearest() -> None:
    with pytest.raises(
        ConfigurationError,
        match=r"unknown option services\.web\.comand \(datanectar\.toml:2\); did you mean 'command'\?",
    ):
        made('comand = "serve"')


def test_an_option_of_the_wrong_type_is_named_with_its_line() -> None:
    with pytest.raises(ConfigurationError, match=r"services\.web\.ports = 80 \(datanectar\.toml:3\) must be of type"):
        made('command = "serve"\nports = 80')
