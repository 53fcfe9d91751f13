"""The harness of the benchmarks holds together, without measuring anything and without any of the peers."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.budgets import BUDGETS, verdicts
from bench.measure import SCRIPTS, ContenderFailed, command_of, run_case, run_process
from bench.plan import BARE, DATANECTAR, FULL, GROUPS, JOBLIB, PAGES, QUICK, Case, Contender, Sizes, cases
from bench.plot import large_panels, small_panels
from bench.report import budget_table, write_report
from bench.results import Results
from bench.texts import TITLES

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs/reference"
PRINTED = {
    "import": ("start.wall_s",),
    "hit": ("warm.first_us", "warm.next_us", "warm.repeat_us", "cold.next_us", "process.wall_s", "process.cpu_s"),
    "graph": ("cold.step_ms", "warm.step_ms", "cold.peak_mb"),
    "array": ("store.store_s", "store.durable_s", "store.sha256_s", "store.file_mb", "store.store_extra_mb"),
    "frame": ("store.store_s", "store.durable_s", "store.file_mb", "store.store_extra_mb"),
    "remote": tuple(f"{phase}.{name}" for phase in ("put", "get", "puts", "gets") for name in ("s", "cpu", "grown_mb")),
}
LOADED = ("first_s", "second_s", "touched_s", "first_extra_mb", "second_extra_mb")


def made_up(ours: float, peers: float) -> Results:
    """Results in which every figure of Datanectar has one value, and every figure of the others another."""
    results = Results(
        about={"command": "nox -s bench", "date": "2013-01-01", "quick": False, "minutes": 1.0, "sizes": FULL._asdict()}
    )
    results.about |= {"machine": {"CPU": "one"}, "versions": {"joblib": "1"}, "profiles": {}}
    for case in cases(FULL):
        for contender in case.contenders:
            value = ours if "datanectar" in contender.name.lower() else peers
            value = value if contender.name != BARE else 0.0001
            figures = [*PRINTED[case.group], *(f"{phase}.{name}" for phase in contender.phases for name in LOADED)]
            for _ in range(case.rounds):
                results.add(case.name, contender.name, dict.fromkeys(figures, value))
    return results


def written(results: Results, directory: Path) -> str:
    write_report(results, directory / "page.md")
    return (directory / "page.md").read_text(encoding="utf-8")


def rows(page: str) -> Iterator[str]:
    """Yields the first cell of every row of every table."""
    return (found[1] for found in re.finditer(r"(?m)^\| (.*?) +\|", page))


def test_a_missed_budget_is_said(tmp_path: Path) -> None:
    page = written(made_up(ours=1.0, peers=1.0), tmp_path)
    [row] = [line for line in page.splitlines() if line.startswith("| warm hit in a new process")]
    assert re.sub(" +", " ", row) == (
        "| warm hit in a new process, a call | ≤ 0.35 × joblib.Memory | 1.00 | 1.00 to 1.00 | **missed** |"
    )
    assert "All budgets are met" not in page


def test_budgets_that_are_met_are_said_to_be(tmp_path: Path) -> None:
    page = written(made_up(ours=0.001, peers=1.0), tmp_path)
    assert "All budgets are met." in page
    assert "missed" not in budget_table(made_up(ours=0.001, peers=1.0))


def test_every_budget_finds_its_figures() -> None:
    assert [verdict.budget for verdict in verdicts(made_up(1.0, 1.0))] == list(BUDGETS)


def test_every_contender_has_a_row_in_each_case_it_takes_part_in(tmp_path: Path) -> None:
    found = list(rows(written(made_up(1.0, 1.0), tmp_path)))
    for case in cases(FULL):
        for contender in case.contenders:
            assert contender.name in found or contender.name == BARE


def test_groups_that_were_not_measured_are_left_out(tmp_path: Path) -> None:
    results = made_up(1.0, 1.0)
    for name in [name for name in results.figures if name != "hit"]:
        del results.figures[name]
    page = written(results, tmp_path)
    assert TITLES["hit"] in page
    assert TITLES["array"] not in page
    assert {verdict.budget.group for verdict in verdicts(results)} == {"hit"}


def test_ratios_are_taken_within_a_round() -> None:
    results = Results()
    for ours, peer in ((1.0, 2.0), (10.0, 20.0), (3.0, 2.0)):  # the machine was busy in the second one
        results.add("hit", DATANECTAR, {"warm.next_us": ours})
        results.add("hit", JOBLIB, {"warm.next_us": peer})
    assert results.ratio("hit", "warm.next_us", DATANECTAR, JOBLIB) == (0.5, 0.5, 1.5)


def test_results_survive_their_file(tmp_path: Path) -> None:
    results = made_up(1.0, 2.0)
    results.save(tmp_path / "bench.json")
    assert written(Results.read(tmp_path / "bench.json"), tmp_path) == written(results, tmp_path)


def test_pictures_show_ours_and_the_peers() -> None:
    panels = [*small_panels(made_up(1.0, 2.0)), *large_panels(made_up(1.0, 2.0))]
    assert len(panels) == 12
    for panel in panels:
        assert any("datanectar" in name.lower() for name, _ in panel.dots)


@pytest.mark.parametrize("sizes", [FULL, QUICK])
def test_the_plan_names_scripts_and_environments_that_exist(sizes: Sizes) -> None:
    planned = cases(sizes)
    assert {case.group for case in planned} == set(GROUPS)
    for case in planned:
        for contender in case.contenders:
            script = contender.command[0]
            assert script == "-c" or (SCRIPTS / script).is_file()
            assert (ROOT / f"bench/requirements/peers/{contender.environment}.txt").is_file()


def test_requirements_are_pinned_and_name_no_host() -> None:
    for file in ROOT.glob("bench/requirements/**/*.txt"):
        for line in file.read_text().splitlines():
            assert re.fullmatch(r"[a-z0-9-]+==[0-9a-z.]+( ; .+)?", line), f"{file.name}: {line}"


def test_a_process_tells_its_figures_and_is_measured_from_outside(tmp_path: Path) -> None:
    figures = run_process(
        [sys.executable, "-c", "print('step_ms 1.5\\nserializer npy')"], tmp_path, Contender("x", "x", (), ())
    )
    assert figures["step_ms"] == 1.5
    assert figures["serializer"] == "npy"
    assert float(figures["wall_s"]) > 0
    assert float(figures["peak_mb"]) > 1


def test_a_process_that_fails_gives_its_last_line(tmp_path: Path) -> None:
    with pytest.raises(ContenderFailed, match="ZeroDivisionError: division by zero"):
        run_process([sys.executable, "-c", "1 / 0"], tmp_path, Contender("x", "x", (), ()))


def test_who_did_other_work_than_the_rest_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.measure.command_of", lambda contender, *_: [sys.executable, *contender.command])
    honest, lazy = (Contender(name, "", ("-c", f"print('check', {len(name)})"), ("cold",)) for name in ("one", "other"))
    results = Results()
    run_case(Case("graph", "graph", 1, 0, (honest, lazy)), tmp_path, tmp_path, results)
    assert results.notes["graph"]["other"]["failed"] == "did other work than the rest: 5.0 instead of 3.0"
    assert list(results.figures["graph"]) == ["one"]


def test_a_failure_is_in_the_report(tmp_path: Path) -> None:
    results = made_up(1.0, 1.0)
    results.note("layered-10000", "Luigi", "failed", "stopped after 30 s")
    assert "Luigi: stopped after 30 s." in written(results, tmp_path)


def test_commands_run_in_the_environment_of_the_contender() -> None:
    command = command_of(Contender("x", "luigi", ("graph_luigi.py", "chain"), ()), "cold", Path("/environments"))
    assert Path(command[0]).parts[1:3] == ("environments", "luigi")
    assert command[1:] == [str(SCRIPTS / "graph_luigi.py"), "cold", "chain"]


@pytest.mark.parametrize("name", PAGES)
def test_each_committed_page_is_of_a_whole_run(name: str) -> None:
    page = (REFERENCE / f"{name}.md").read_text(encoding="utf-8")
    found = list(rows(page))
    for group in PAGES[name]:
        assert f"## {TITLES[group]}\n" in page
    for budget in BUDGETS:
        assert (budget.what in found) == (budget.group in PAGES[name])
    for case in (case for case in cases(FULL) if case.group in PAGES[name]):
        for contender in case.contenders:
            assert contender.name in page or contender.name == BARE
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", page):
        assert (REFERENCE / picture).is_file()
    assert "quick variant" not in page
