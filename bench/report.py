"""Writes the pages of the report, docs/reference/benchmarks*.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench import texts
from bench.budgets import verdicts
from bench.results import Results
from bench.sections import SECTIONS
from bench.tables import table


def write_report(results: Results, path: Path) -> None:
    """Writes a page; sections without figures are left out."""
    sections = [_head(results, path.stem), *_groups(results), _profiles(results), texts.METHOD, _machine(results)]
    path.write_text("\n\n".join(section.strip() for section in sections if section) + "\n", encoding="utf-8")


def budget_table(results: Results) -> str:
    """Returns what was promised beside what was measured."""
    rows = []
    for budget, measured, met in verdicts(results):
        digits = 3 if budget.limit < 0.1 else 2
        low, high = (f"{value:.{digits}f}" for value in (measured.low, measured.high))
        verdict = "met" if met else "**missed**"
        limit = f"{budget.relation} {budget.limit:g} {budget.unit}"
        rows.append([budget.what, limit, f"{measured.median:.{digits}f}", f"{low} to {high}", verdict])
    return table(["what", "budget", "measured", "range", ""], rows, right=(2, 3))


def _head(results: Results, page: str) -> str:
    about = results.about
    kind = "the quick variant, on less data, of " if about["quick"] else ""
    missed = [verdict for verdict in verdicts(results) if not verdict.met]
    count = len(verdicts(results))
    summary = "All budgets are met." if not missed else f"{count - len(missed)} of {count} budgets are met."
    made = f"Written by {kind}`{about['command']}` on {about['date']}, in {about['minutes']:.0f} minutes."
    heading, pictures = texts.HEADINGS.get(page, "Benchmarks"), texts.PICTURES.get(page, "")
    budgets = f"## Budgets\n\n{budget_table(results)}\n{pictures}"
    return f"# {heading}\n\n{texts.HEAD.strip()}\n\n{made} {summary}\n\n{budgets}"


def _groups(results: Results) -> Iterator[str]:
    for group, maker in SECTIONS.items():
        body = maker(results, group)
        if body:
            introduction = texts.INTRODUCTIONS[group].strip().format(**results.about["sizes"])
            yield f"## {texts.TITLES[group]}\n\n{introduction}\n\n{body}"


def _profiles(results: Results) -> str:
    profiles = results.about.get("profiles")
    if not profiles:
        return ""
    head = ["function", "calls", "own, µs", "with callees, µs"]
    tables = [f"### {title}\n\n{table(head, rows)}" for title, rows in profiles.items()]
    return "\n\n".join([f"## {texts.TITLES['profiles']}\n{texts.INTRODUCTIONS['profiles'].rstrip()}", *tables])


def _machine(results: Results) -> str:
    machine = table(["", ""], [list(item) for item in results.about["machine"].items()], right=())
    versions = ", ".join(f"{name} {version}" for name, version in results.about["versions"].items())
    return f"## Machine and versions\n\n{machine}\n\n{versions}."
