"""The shape of core, read off its source: imports point one way, modules are short, names say what is inside."""

import ast
import statistics
import tomllib
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

import datanectar

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "packages/datanectar-core/src/datanectar"
PLUGIN_PACKAGES = sorted(path.parent for path in ROOT.glob("packages/datanectar-*/src/datanectar_*/__init__.py"))

#: From what everything may import to what nothing may import; what shares a row is mutually independent.
ROWS = (
    ("errors", "_typing", "_version"),
    ("values", "records"),
    ("contracts",),
    ("hookspecs",),
    ("storages", "serializers", "plugins"),
    ("configuration",),
    ("registry",),
    ("layer", "features", "services"),
    ("tasks",),
    ("running",),
    ("testing", "doctor"),
    ("cli",),
    ("__main__",),
)
RANK = {name: rank for rank, row in enumerate(ROWS) for name in row}

#: What third-party plugins may import by public names, and so all that built-in components may import.
OPEN_TO_PLUGINS = {"errors", "records", "contracts", "hookspecs", "values"}
BUILT_IN = ("storages", "serializers", "plugins.builtin", "running.local")

CORE_DEPENDENCIES = {"click", "importlib-metadata", "pluggy", "rich"}
HARD_LIMIT, MEDIAN_LIMIT = 300, 120


class Import(NamedTuple):
    """One import in core of something in core; names without the leading ``datanectar.``"""

    importer: str
    imported: str
    line: int
    eager: bool

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported or 'datanectar'}"


def modules() -> dict[str, Path]:
    """Every module of core by its name within the package."""
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        name = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        found[name.removesuffix("__init__").removesuffix(".")] = path
    return found


MODULES = modules()


def imports(name: str) -> Iterator[Import]:
    """Yields what one module imports of core, save what only type checkers see."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    pending: list[tuple[ast.AST, bool]] = [(tree, True)]
    while pending:
        node, eager = pending.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            pending += [(child, eager) for child in node.orelse]
            continue
        for module in _imported(node):
            if module == "datanectar" or module.startswith("datanectar."):
                yield Import(name, module.removeprefix("datanectar").removeprefix("."), node.lineno, eager)  # type: ignore[attr-defined]
        inside = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        pending += [(child, eager and not inside) for child in ast.iter_child_nodes(node)]


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        inner = node.module.removeprefix("datanectar").removeprefix(".")
        names = [f"{inner}.{alias.name}".removeprefix(".") for alias in node.names]
        return [f"datanectar.{name}" if name in MODULES else node.module for name in names]
    return []


IMPORTS = [found for name in MODULES for found in imports(name)]


def area(module: str) -> str:
    return module.partition(".")[0]


def test_every_module_has_its_place_in_the_order_of_imports() -> None:
    assert {area(name) for name in MODULES if name} <= set(RANK)


def test_imports_in_core_point_one_way() -> None:
    wrong = [
        str(found)
        for found in IMPORTS
        if found.importer
        and found.imported
        and area(found.importer) != area(found.imported)
        and RANK[area(found.imported)] >= RANK[area(found.importer)]
    ]
    assert wrong == []


def test_no_module_is_imported_in_a_circle() -> None:
    """Within one area, too; imports inside functions may go both ways there."""
    graph: dict[str, set[str]] = {name: set() for name in MODULES}
    for found in IMPORTS:
        if found.eager:
            graph[found.importer].add(found.imported)
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_the_facade_is_imported_inside_functions_only() -> None:
    assert [str(found) for found in IMPORTS if found.imported == "" and found.eager] == []


def test_the_facade_itself_imports_nothing_at_module_level() -> None:
    assert [str(found) for found in IMPORTS if found.importer == "" and found.eager] == []


@pytest.mark.parametrize("component", BUILT_IN)
def test_built_in_components_import_what_plugins_may_import(component: str) -> None:
    wrong = [
        str(found)
        for found in IMPORTS
        if f"{found.importer}.".startswith(f"{component}.") and area(found.imported) not in OPEN_TO_PLUGINS
        if not found.imported.startswith(component)
    ]
    assert wrong == []


def test_no_import_is_relative() -> None:
    wrong = [
        f"{name}:{node.lineno}"
        for name, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert wrong == []


def test_modules_are_named_for_what_they_hold() -> None:
    vague = {"utils", "util", "helpers", "common", "misc", "base", "core", "tools"}
    assert [name for name in MODULES if name.rpartition(".")[2] in vague] == []


def test_no_module_bears_a_public_name() -> None:
    """``import datanectar.run`` would replace the function ``run`` by the module; errors and hookspecs are modules."""
    children = {name for name in MODULES if name and "." not in name}
    assert children & set(datanectar.__all__) == {"errors", "hookspecs"}


def test_modules_are_short() -> None:
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    assert {name: count for name, count in lines.items() if count > HARD_LIMIT} == {}
    assert statistics.median(lines.values()) <= MEDIAN_LIMIT


def test_core_depends_on_four_packages() -> None:
    document = tomllib.loads((ROOT / "packages/datanectar-core/pyproject.toml").read_text(encoding="utf-8"))
    names = {requirement.partition(">")[0].strip() for requirement in document["project"]["dependencies"]}
    assert names == CORE_DEPENDENCIES


def test_every_module_says_what_it_is_for() -> None:
    silent = [name for name, path in MODULES.items() if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert silent == []


@pytest.mark.parametrize("package", PLUGIN_PACKAGES, ids=lambda path: path.name)
def test_plugins_import_public_names_of_datanectar_and_never_each_other(package: Path) -> None:
    wrong = []
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            wrong += [f"{path.name}:{node.lineno} {what}" for what in _forbidden(node, package.name)]  # type: ignore[attr-defined]
    assert wrong == []


def _forbidden(node: ast.AST, own: str) -> Iterator[str]:
    """What a plugin may not import: private parts of core, and other plugins."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.startswith("datanectar") and alias.name not in ("datanectar", own, "datanectar.errors"):
                yield alias.name
    elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("datanectar"):
        module = node.module or ""
        if module == "datanectar":
            yield from (alias.name for alias in node.names if alias.name not in datanectar.__all__)
        elif module.partition(".")[0] != own and module not in ("datanectar.errors", "datanectar.testing"):
            yield module


def test_the_check_of_plugins_sees_private_imports() -> None:
    source = "from datanectar.layer import keys\nfrom datanectar import _HOMES, run\nimport datanectar_s3.plugin"
    found = [what for node in ast.walk(ast.parse(source)) for what in _forbidden(node, "datanectar_luigi")]
    assert found == ["datanectar.layer", "_HOMES", "datanectar_s3.plugin"]
