"""Runs the benchmarks and writes the report: `python -m bench --environments DIR [--quick] [GROUP …]`."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Any

from bench import texts
from bench.machine import describe, versions
from bench.measure import run_case
from bench.plan import FULL, GROUPS, PAGES, QUICK, Sizes, cases
from bench.plot import draw
from bench.profiles import profile_misses
from bench.report import budget_table, write_report
from bench.results import Results

ROOT = Path(__file__).parents[1]
NEEDED_SPACE = 8 << 30  # bytes: all that a server was given, or a contender's array and some 60 000 small files


def main() -> None:
    arguments = _arguments()
    figures = ROOT / "build/bench.json"
    if not arguments.rewrite:
        figures.parent.mkdir(exist_ok=True)
        _measure(arguments, figures)
    results = Results.read(figures)
    for name, groups in PAGES.items():
        wanted = [case.name for case in cases(FULL) if case.group in groups]
        found = results.of(wanted)
        if found.figures:
            _write_page(found, name, complete=len(found.figures) == len(wanted) and not results.about["quick"])


def _write_page(results: Results, name: str, *, complete: bool) -> None:
    output = ROOT / ("docs/reference" if complete else "build/bench")
    output.mkdir(parents=True, exist_ok=True)
    if name in texts.PICTURES:
        draw(results, output)
    path = output / f"{name}.md"
    write_report(results, path)
    print(budget_table(results))
    print(f"\nwritten: {path.relative_to(ROOT)}\n")


def _measure(arguments: argparse.Namespace, figures: Path) -> None:
    """Runs the cases; figures are saved after each, so that an interrupted run can be written up with `--rewrite`."""
    sizes = QUICK if arguments.quick else FULL
    directory = _directory()
    begun = monotonic()
    try:
        results = Results(about=_about(directory, arguments, sizes))
        for case in cases(sizes):
            if case.group in (arguments.groups or GROUPS):
                started = monotonic()
                run_case(case, arguments.environments, directory, results)
                print(f"{case.name}: {monotonic() - started:.0f} s", file=sys.stderr)
                results.about["minutes"] = (monotonic() - begun) / 60
                results.save(figures)
        results.about["profiles"] = profile_misses(results, sizes, arguments.environments, directory)
        results.save(figures)
    finally:
        shutil.rmtree(directory)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="nox -s bench --", description="Measures Datanectar beside its peers.")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"{', '.join(GROUPS)}; by default all of them")
    parser.add_argument("--quick", action="store_true", help="less work and fewer rounds, to try things out")
    parser.add_argument("--rewrite", action="store_true", help="write the report of the last run again")
    parser.add_argument("--environments", type=Path, required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if unknown := set(arguments.groups) - set(GROUPS):
        parser.error(f"unknown group {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    arguments.environments = arguments.environments.absolute()
    return arguments


def _directory() -> Path:
    """Makes the directory that everything is written to: in BENCH_DIR, or where temporary files are kept on disk."""
    parent = os.environ.get("BENCH_DIR") or ("/var/tmp" if os.path.isdir("/var/tmp") else tempfile.gettempdir())
    if not os.path.isdir(parent):
        raise SystemExit(f"BENCH_DIR={parent} is no directory")
    free = shutil.disk_usage(parent).free
    if free < NEEDED_SPACE:
        raise SystemExit(f"{parent} has {free >> 20} MiB left; {NEEDED_SPACE >> 20} are needed. Set BENCH_DIR")
    return Path(tempfile.mkdtemp(prefix="bench-", dir=parent))


def _about(directory: Path, arguments: argparse.Namespace, sizes: Sizes) -> dict[str, Any]:
    return {
        "date": date.today().isoformat(),
        "quick": arguments.quick,
        "command": " ".join(["nox -s bench", *(["--", *arguments.groups] if arguments.groups else [])]),
        "sizes": sizes._asdict(),
        "machine": describe(directory),
        "versions": versions(arguments.environments),
    }


if __name__ == "__main__":
    main()
