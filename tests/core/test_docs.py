"""The documentation is true: what it shows is run, and what there is to know is in it."""

import ast
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from types import MemberDescriptorType
from typing import NamedTuple

import click
import pytest

import datanectar
import datanectar.testing
from datanectar import errors
from datanectar.cli.application import _COMMANDS, application
from datanectar.configuration.environment import OTHER_VARIABLES
from datanectar.configuration.schema import DIRECT, KEYS
from datanectar.layer.options import LayerOptions
from datanectar.storages.local import LocalOptions
from datanectar.storages.memory import MemoryOptions
from datanectar.values.annotations import describe
from datanectar_azure.options import AzureOptions
from datanectar_luigi.options import LuigiOptions

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "packages/datanectar-core/src/datanectar"
RUN_PAGES = [
    *("README.md", "packages/datanectar-core/README.md", "docs/tutorial.md", "docs/reference/store-format.md"),
    *sorted(f"docs/how-to/{path.name}" for path in ROOT.glob("docs/how-to/*.md")),
]
if find_spec("feast") is None:  # which has a session of its own, in which its page is run
    RUN_PAGES.remove("docs/how-to/use-feast.md")
ALL_PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("packages/*/README.md")]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DEMO = "python3 -m venv .venv && .venv/bin/pip install -q nox uv && .venv/bin/nox -s demo"
TEST = "python3 -m venv .venv && .venv/bin/pip install -q nox uv && .venv/bin/nox"
MOST_EXAMPLE_LINES = 25


# Pages that are run


class Block(NamedTuple):
    """A fenced block, or one that readers do not see, in an HTML comment."""

    line: int
    language: str
    text: str


_FENCE = re.compile(r"(?ms)^(?:```(\w*)\n(.*?)^```$|<!-- (console)\n(.*?)^-->$)")
_FILE = re.compile(r"# (\S+\.(?:py|toml|yaml))\n")


def blocks(page: str) -> Iterator[Block]:
    text = (ROOT / page).read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        language, body = found[1] or found[3] or "", found[2] or found[4] or ""
        yield Block(text.count("\n", 0, found.start()) + 1, language, body)


# What is another on each machine and in each run, as documentation shows it and as it may be.
_VARIABLE = re.compile(
    r"(?P<fingerprint>(?<![a-z0-9])[a-z2-7]{26}(?![a-z0-9]))"
    r"|(?P<digest>(?<![a-z0-9])[0-9a-f]{16,64}(?![a-z0-9]))"
    r"|(?P<when>\d{4}-\d\d-\d\dT[\d:.]+\+00:00)"
    r"|(?P<seconds>\d+\.\d+ ?s\b)"
    r"|(?P<host>(?<= on )\S+(?= in \d))"
    r"|(?P<place>/home/you/[a-z]+)"
)


class Session:
    """Runs the blocks of one page in one directory, and compares what they print with what the page says."""

    def __init__(self, page: str) -> None:
        self._page = page
        self._directory = Path.cwd()
        self._names: dict[str, str] = {}  # the page's fingerprints and digests → ours
        self._printed: str | None = None

    def run(self, block: Block) -> None:
        where = f"{self._page}:{block.line}"
        file = _FILE.match(block.text)
        if block.language in ("python", "toml", "yaml") and file:
            target = self._directory / file[1]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            script = self._directory / f"block_{block.line}.py"
            script.write_text(block.text, encoding="utf-8")
            done = self._shell(f"python {script.name}")
            assert done.returncode == 0, f"{where} failed:\n{done.stdout}"
            self._printed = done.stdout
            return
        elif block.language == "console":
            for command, expected in _commands(block.text):
                self._compare(f"{where}: $ {command}", expected, self._shell(self._real(command)).stdout)
        elif block.language == "text" and self._printed is not None:
            self._compare(where, block.text, self._printed)
        self._printed = None

    def _shell(self, command: str) -> subprocess.CompletedProcess[str]:
        scripts = os.pathsep.join([str(Path(sys.executable).parent), sysconfig.get_path("scripts"), os.environ["PATH"]])
        environment = {**os.environ, "PATH": scripts, "PYTHONPATH": str(self._directory), "PYTHONUNBUFFERED": "1"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # libraries compiled anew by each command take a minute
        return subprocess.run(
            command,
            shell=True,
            cwd=self._directory,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )

    def _real(self, command: str) -> str:
        for shown, real in self._names.items():
            command = command.replace(shown, real)
        return command

    def _compare(self, where: str, expected: str, got: str) -> None:
        """``...`` stands for any lines, or for the rest of one. Runs of blanks are equal, fingerprints stay."""
        shown: list[str] = []
        pattern = "".join(self._pattern(line, shown) for line in _lines(expected))
        found = re.fullmatch(pattern, "".join(f"{line}\n" for line in _lines(got)))
        assert found, f"{where}\n--- documented\n{expected}\n--- printed\n{got}"
        for name, real in zip(shown, found.groups(), strict=True):
            assert self._names.setdefault(name, real) == real, f"{where}: {name} was {self._names[name]}, is {real}"

    def _pattern(self, line: str, shown: list[str]) -> str:
        if line == "...":
            return r"(?:.*\n)*?"
        line, rest = (line[:-4], ".*") if line.endswith(" ...") else (line, "")
        pattern, end = "", 0
        for found in _VARIABLE.finditer(line):
            pattern += re.escape(line[end : found.start()])
            end = found.end()
            if found.lastgroup == "fingerprint":
                shown.append(found[0])
            pattern += {
                "fingerprint": "([a-z2-7]{26})",
                "digest": "[0-9a-f]+",
                "when": r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00",
                "seconds": r"\d+\.\d+ ?s",
                "host": r"\S+",
                "place": re.escape(str(self._directory)),
            }[found.lastgroup or ""]
        return pattern + re.escape(line[end:]) + rest + "\n"


def _lines(text: str) -> list[str]:
    return [re.sub(r"[ \t]+", " ", line).strip() for line in text.splitlines() if line.strip()]


def _commands(text: str) -> Iterator[tuple[str, str]]:
    """Yields each ``$ command`` of a console block with the output below it."""
    for part in re.split(r"(?m)^\$ ", text)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


@pytest.mark.parametrize("page", RUN_PAGES)
def test_what_a_page_shows_is_what_happens(page: str) -> None:
    session = Session(page)
    for block in blocks(page):
        session.run(block)


def test_a_page_that_shows_something_else_is_found_out() -> None:
    session = Session("none")
    session.run(Block(1, "python", "print('made 1.5 s')"))
    session.run(Block(2, "text", "made 0.1 s\n"))
    session.run(Block(3, "python", "print('made 3')"))
    with pytest.raises(AssertionError, match="none:4"):
        session.run(Block(4, "text", "made 4\n"))


def test_a_fingerprint_that_changes_within_a_page_is_found_out() -> None:
    session = Session("none")
    session.run(Block(1, "console", f"$ echo {'a' * 26}\n{'b' * 26}\n"))
    with pytest.raises(AssertionError, match=f"{'b' * 26} was {'a' * 26}"):
        session.run(Block(2, "console", f"$ echo {'c' * 26}\n{'b' * 26}\n"))


# The README


def test_the_readme_has_the_test_command_where_ci_looks_for_it() -> None:
    assert f"\n<!-- test command -->\n```sh\n{TEST}\n```\n" in README


def test_the_readme_has_the_demo_command() -> None:
    assert f"\n```sh\n{DEMO}\n```\n" in README


def test_the_first_example_is_short() -> None:
    first = next(block for block in blocks("README.md") if block.language == "python")
    assert len(first.text.splitlines()) <= MOST_EXAMPLE_LINES


def test_the_scores_in_the_readme_are_those_of_the_example() -> None:
    numbers = r"\| *(0\.\d{3}|\d\d\.\d{3}) *\| *(0\.\d{3}|\d\d\.\d{3}) *\|"
    example, _, _ = (
        (ROOT / "examples/eta/README.md").read_text(encoding="utf-8").partition("## With features from Feast")
    )
    assert re.findall(numbers, README)
    assert re.findall(numbers, README) == re.findall(numbers, example)


# Links


def _links() -> Iterator[tuple[Path, str]]:
    for page in ALL_PAGES:
        prose = _FENCE.sub("", page.read_text(encoding="utf-8"))
        for link in re.findall(r"\]\(([^)\s]+)\)", prose):
            if not re.match(r"[a-z]+:", link):
                yield page, link


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page, link in _links():
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            broken.append(f"{page.relative_to(ROOT)}: {link}")
    assert broken == []


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"(?m)^#+ (.+)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


# The reference


def reference(name: str) -> str:
    return (ROOT / f"docs/reference/{name}.md").read_text(encoding="utf-8")


def sections(text: str) -> Mapping[str, str]:
    """The text below each heading, by the name in backticks in the heading."""
    parts = re.split(r"(?m)^#{2,3} `([^`]+)`.*\n", text)[1:]
    return {heading.split()[-1]: body for heading, body in zip(parts[::2], parts[1::2], strict=True)}


def functions(module: Path) -> dict[str, str]:
    """Signatures of a module's functions, as they are written."""
    tree = ast.parse(module.read_text(encoding="utf-8"))
    return {
        node.name: f"{node.name}({ast.unparse(node.args)}) -> {ast.unparse(node.returns)}"
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.returns is not None
    }


@pytest.mark.parametrize("hook", [name for name in functions(SOURCE / "hookspecs.py") if name.startswith("datanectar")])
def test_every_hook_is_documented_with_its_signature(hook: str) -> None:
    assert functions(SOURCE / "hookspecs.py")[hook] in sections(reference("hooks"))[hook]


def test_no_hook_is_documented_that_is_not_there() -> None:
    assert set(sections(reference("hooks"))) <= set(functions(SOURCE / "hookspecs.py"))


ERRORS = [
    name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.DatanectarError)
]


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_is_documented_with_the_builtin_it_also_is(error: str) -> None:
    bases = [base.__name__ for base in getattr(errors, error).__bases__]
    shown = ", ".join(f"`{base}`" for base in bases if base != "DatanectarError") or "—"
    assert f"| `{error}` | {shown} |" in reference("errors")


@pytest.mark.parametrize("name", datanectar.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    assert sections(reference("api")).keys() & {name}


def test_no_public_name_is_documented_that_is_not_there() -> None:
    assert set(sections(reference("api"))) <= set(datanectar.__all__)


@pytest.mark.parametrize("name", [name for name in datanectar.__all__ if not name.startswith("_")])
def test_public_functions_are_documented_with_their_signature(name: str) -> None:
    home = datanectar._HOMES.get(name, "datanectar")
    module = SOURCE.joinpath(*home.split(".")[1:]).with_suffix(".py")
    signature = functions(module).get(name) if home != "datanectar" else None
    if signature is not None:
        assert signature in " ".join(sections(reference("api"))[name].split())


@pytest.mark.parametrize("name", ["Artifact", "NectarTask", "StorageLayer", "File", "Secret", "StorageBackend"])
def test_public_methods_are_documented(name: str) -> None:
    found = vars(getattr(datanectar, name)).items()
    methods = [method for method, value in found if method[0] != "_" and not isinstance(value, MemberDescriptorType)]
    body = sections(reference("api"))[name]
    assert [method for method in methods if f"`{method}" not in body] == []


@pytest.mark.parametrize("name", datanectar.testing.__all__)
def test_every_name_for_tests_is_documented(name: str) -> None:
    assert name in sections(reference("testing"))


@pytest.mark.parametrize(("module", "name"), [("plugin_checks", "check_plugin"), ("sameness", "assert_same")])
def test_functions_for_tests_are_documented_with_their_signature(module: str, name: str) -> None:
    assert functions(SOURCE / f"testing/{module}.py")[name] in sections(reference("testing"))[name]


def test_no_name_for_tests_is_documented_that_is_not_there() -> None:
    assert set(sections(reference("testing"))) <= set(datanectar.testing.__all__)


KITS = [name for name in datanectar.testing.__all__ if name.endswith("Conformance")]


@pytest.mark.parametrize("kit", KITS)
def test_every_fixture_and_flag_of_a_kit_is_documented(kit: str) -> None:
    found = getattr(datanectar.testing, kit)
    flags = {flag for base in found.__mro__ for flag in vars(base).get("__annotations__", {})}
    said = re.findall(r"(?m)^        (\w+): ", found.__doc__)
    assert said
    assert [name for name in {*flags, *said} if f"`{name}`" not in sections(reference("testing"))[kit]] == []


def _options(command: click.Command) -> list[str]:
    return [parameter.opts[-1] for parameter in command.params if isinstance(parameter, click.Option)]


def _commands_of(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    for name in _COMMANDS if group is application else group.commands:
        command = group.get_command(click.Context(group), name)
        assert command is not None
        yield f"{prefix}{name}", command
        if isinstance(command, click.Group):
            yield from _commands_of(command, f"{prefix}{name} ")


COMMANDS = dict(_commands_of(application))  # type: ignore[arg-type]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented_with_its_options(command: str) -> None:
    parts = re.split(r"(?m)^### `datanectar ([^`]+?)(?: [A-Z\[][^`]*)?`\n", reference("command-line"))[1:]
    documented = dict(zip(parts[::2], parts[1::2], strict=True))
    assert command in documented
    assert [option for option in _options(COMMANDS[command]) if f"`{option}" not in documented[command]] == []


def test_options_of_all_commands_are_documented() -> None:
    assert [option for option in _options(application) if f"`{option}`" not in reference("command-line")] == []


@pytest.mark.parametrize("key", KEYS)
def test_every_configuration_key_is_documented(key: str) -> None:
    assert f"| `{key}` | {describe(KEYS[key].annotation)} | {KEYS[key].help}" in reference("configuration")


@pytest.mark.parametrize("options", [LayerOptions, LocalOptions, MemoryOptions, AzureOptions, LuigiOptions])
def test_every_component_option_is_documented(options: type) -> None:
    rows = [f"| `{field.name}` |" for field in options.__dataclass_fields__.values()]  # type: ignore[attr-defined]
    helps = [field.metadata["help"] for field in options.__dataclass_fields__.values()]  # type: ignore[attr-defined]
    assert [text for text in (*rows, *helps) if text not in reference("configuration")] == []


@pytest.mark.parametrize("variable", [*(f"DATANECTAR_{name.upper()}" for name in DIRECT), *OTHER_VARIABLES])
def test_every_variable_is_documented(variable: str) -> None:
    assert f"| `{variable}` |" in reference("configuration")
