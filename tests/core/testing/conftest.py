"""Runs a kit on a component, as its author would, and tells which checks failed."""

import itertools
from collections.abc import Callable
from textwrap import dedent

import pytest

Failures = dict[str, str]
RunKit = Callable[..., Failures]
_numbers = itertools.count()


class Recorder:
    """A plugin of pytest that notes what failed, and with which message."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.failures: Failures = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = report.nodeid.rpartition("::")[2].partition("[")[0]
        if report.failed:
            self.failures[test] = report.longreprtext
        elif report.when == "call":
            self.passed.append(test)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        assert report.passed, report.longreprtext


@pytest.fixture
def run_kit(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> RunKit:
    """Returns a function: given a kit's name, a module of components and the body of the test class, what failed.

    With `only`, the one test of that name is run. In the body, ``MODULE`` stands for the module's name.
    """

    def run_kit(kit: str, components: str, body: str, only: str = "") -> Failures:
        folder = tmp_path_factory.mktemp("author")
        module = f"author_{next(_numbers)}"
        (folder / f"{module}.py").write_text(dedent(components))
        test = (
            f"import pytest\nimport {module}\nimport datanectar as dn\nfrom datanectar.testing import {kit}\n\n\n"
            f"class TestComponent({kit}):\n"
        )
        lines = dedent(body).replace("MODULE", module).splitlines()
        (folder / f"test_{module}.py").write_text(test + "".join(f"    {line}\n" for line in lines))
        (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
        monkeypatch.syspath_prepend(str(folder))
        recorder = Recorder()
        # With a folder of its own for temporary files, it does not clear away what other sessions have left; and
        # garbage is collected five times at the end of this session, rather than at that of each kit.
        plugins = "-p no:cacheprovider -p no:xdist -p no:unraisableexception"
        options = [*plugins.split(), "-q", "--import-mode=importlib", f"--rootdir={folder}", f"--basetemp={folder}/t"]
        options += ["-k", only] if only else []
        pytest.main([*options, "-c", str(folder / "pytest.ini"), str(folder)], plugins=[recorder])
        assert recorder.passed or recorder.failures, "nothing was run"
        return recorder.failures

    return run_kit
