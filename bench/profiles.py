"""Where the time goes, function by function, where Datanectar misses a budget."""

from __future__ import annotations

import pstats
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from bench.budgets import verdicts
from bench.measure import command_of, run_process
from bench.plan import UNSYNCED, Case, Sizes, cases
from bench.results import Results

MOST_FUNCTIONS = 25


class Subject(NamedTuple):
    """What is profiled: a phase of a group's first case."""

    group: str
    phase: str
    title: str


SUBJECTS = (
    Subject("hit", "warm", "A warm hit"),
    Subject("hit", "cold", "A cold call, durability none"),
    Subject("graph", "cold", "A cold step, durability none"),
    Subject("graph", "warm", "A warm step"),
)


def profile_misses(results: Results, sizes: Sizes, environments: Path, directory: Path) -> dict[str, list[list[str]]]:
    """Returns tables by title, for the groups in which a budget was missed."""
    groups = {verdict.budget.group for verdict in verdicts(results) if not verdict.met}
    found = {}
    for subject in SUBJECTS:
        if subject.group in groups:
            case = next(case for case in cases(sizes) if case.group == subject.group)
            count = sizes.hits - 1 if subject.group == "hit" else sizes.graphs[0]
            found[subject.title] = functions(_profile(case, subject.phase, environments, directory), count)
    return found


def _profile(case: Case, phase: str, environments: Path, directory: Path) -> Path:
    contender = next(contender for contender in case.contenders if contender.name == UNSYNCED)
    place = Path(tempfile.mkdtemp(prefix="profile-", dir=directory))
    if phase == "warm":
        run_process(command_of(contender, "cold", environments), place, contender)
    watched = replace(contender, command=(*contender.command, "--profile"))
    run_process(command_of(watched, phase, environments), place, watched)
    return place / "profile.out"


def functions(profile: Path, count: int) -> list[list[str]]:
    """Returns the functions that take most time of their own: name, calls, own and whole microseconds, each of one."""
    stats = pstats.Stats(str(profile)).stats  # type: ignore[attr-defined]
    rows = [
        [_name(*where), f"{calls / count:.1f}", f"{own * 1e6 / count:.1f}", f"{whole * 1e6 / count:.1f}"]
        for where, (_, calls, own, whole, _) in sorted(stats.items(), key=lambda item: -item[1][2])
    ]
    return rows[:MOST_FUNCTIONS]


def _name(file: str, line: int, function: str) -> str:
    if file == "~":  # a builtin
        return f"`{function.strip('<>').removeprefix('built-in method ').replace('method ', '')}`"
    parts = Path(file).with_suffix("").parts
    start = len(parts) - 1 - parts[::-1].index("datanectar") if "datanectar" in parts else len(parts) - 1
    return f"`{'.'.join(parts[start:])}.{function}`"
