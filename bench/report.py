"""Writes the report, docs/reference/benchmarks.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench import texts
from bench.budgets import verdicts
from bench.plan import BARE, DATANECTAR, DECLARE, FLOOR, FLOOR_SYNCED, JOBLIB
from bench.results import LOADS, Results
from bench.tables import NONE, amount, rate, table, times


def write_report(results: Results, path: Path) -> None:
    """Writes the page; sections without figures are left out."""
    sections = [_head(results), *_groups(results), _profiles(results), texts.METHOD, _machine(results)]
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


def _head(results: Results) -> str:
    about = results.about
    kind = "the quick variant, on less data, of " if about["quick"] else ""
    missed = [verdict for verdict in verdicts(results) if not verdict.met]
    count = len(verdicts(results))
    summary = "All budgets are met." if not missed else f"{count - len(missed)} of {count} budgets are met."
    made = f"Written by {kind}`nox -s bench` on {about['date']}, in {about['minutes']:.0f} minutes."
    return f"{texts.HEAD.strip()}\n\n{made} {summary}\n\n## Budgets\n\n{budget_table(results)}\n{texts.PICTURES}"


def _groups(results: Results) -> Iterator[str]:
    makers = {"import": _import, "hit": _hit, "graph": _graphs, "array": _large, "frame": _large}
    for group, maker in makers.items():
        body = maker(results, group)
        if body:
            introduction = texts.INTRODUCTIONS[group].strip().format(**results.about["sizes"])
            yield f"## {texts.TITLES[group]}\n\n{introduction}\n\n{body}"


def _import(results: Results, case: str) -> str:
    rows = []
    for name in results.figures.get(case, {}):
        if name != BARE:
            places = (case, name, "start.wall_s"), (case, BARE, "start.wall_s"), (case, DECLARE, "start.wall_s")
            net = results.combine(lambda wall, bare, _: (wall - bare) * 1e3, *places)
            ratio = results.combine(lambda wall, bare, declared: (wall - bare) / (declared - bare), *places)
            rows.append([name, amount(net), times(ratio)])
    return table(["", "ms over bare Python", "× declaring a task with Datanectar"], rows) if rows else ""


def _hit(results: Results, case: str) -> str:
    calls, processes = [], []
    for name in _contenders(results, case):
        floor = FLOOR_SYNCED if name in (FLOOR_SYNCED, DATANECTAR) else FLOOR
        calls.append(
            [
                name,
                *(amount(results.spread(case, name, f"warm.{figure}_us")) for figure in ("first", "next", "repeat")),
                times(results.ratio(case, "warm.next_us", name, JOBLIB)),
                times(results.ratio(case, "warm.next_us", name, FLOOR)),
                amount(results.spread(case, name, "cold.next_us")),
                times(results.ratio(case, "cold.next_us", name, JOBLIB)),
                times(results.ratio(case, "cold.next_us", name, floor)),
            ]
        )
        row = [name]
        for figure in ("process.wall_s", "process.cpu_s"):
            milliseconds = results.combine(lambda seconds: seconds * 1e3, (case, name, figure))
            row += [amount(milliseconds), times(results.ratio(case, figure, name, JOBLIB))]
        processes.append(row)
    if not calls:
        return ""
    head = ["", "first, µs", "next, µs", "repeat, µs", "next × joblib", "next × floor"]
    head += ["cold, µs", "cold × joblib", "cold × floor"]
    whole = table(["", "wall, ms", "× joblib", "CPU, ms", "× joblib"], processes)
    return f"{table(head, calls)}\n{texts.PROCESS}\n{whole}"


def _graphs(results: Results, _: str) -> str:
    parts = []
    for case in results.figures:
        shape, _, steps = case.partition("-")
        if steps:
            parts.append(f"### {shape.capitalize()}, {steps} steps\n\n" + _graph(results, case))
    return "\n\n".join(parts)


def _graph(results: Results, case: str) -> str:
    rows = []
    for name in _contenders(results, case):
        floor = FLOOR_SYNCED if name in (FLOOR_SYNCED, DATANECTAR) else FLOOR
        row = [name]
        for phase, base in (("cold", floor), ("warm", FLOOR)):
            figure = f"{phase}.step_ms"
            row.append(amount(results.spread(case, name, figure)))
            row += [times(results.ratio(case, figure, name, other)) for other in (JOBLIB, base)]
        rows.append([*row, amount(results.spread(case, name, "cold.peak_mb"))])
    head = ["", "cold, ms a step", "× joblib", "× floor", "warm, ms a step", "× joblib", "× floor", "peak, MB"]
    return table(head, rows) + _failures(results, case)


def _large(results: Results, case: str) -> str:
    size = results.bytes_of(case)
    rows = []
    for name in _contenders(results, case):
        for load in LOADS:
            if results.values(case, name, f"{load}.first_s"):
                rows.append(_large_row(results, case, name, load, size))
    head = [
        "",
        "store, GB/s",
        "× floor",
        "to disk, GB/s",
        "× floor",
        "first load",
        "second load",
        "and touched",
        "× floor",
    ]
    head += ["grown by, MB: store", "first load", "second load"]
    return table(head, rows) + _failures(results, case) + _sizes(results, case) if rows else ""


def _large_row(results: Results, case: str, name: str, load: str, size: float) -> list[str]:
    row = [name + LOADS[load]]
    if load == "load":
        for figure in ("store.store_s", "store.durable_s"):
            row += [rate(results.spread(case, name, figure), size), times(results.ratio(case, figure, name, FLOOR))]
    else:
        row += [NONE] * 4
    row += [rate(results.spread(case, name, f"{load}.{figure}_s"), size) for figure in ("first", "second", "touched")]
    floor = (case, FLOOR, "load.touched_s")
    row.append(times(results.combine(lambda a, b: a / b, (case, name, f"{load}.touched_s"), floor)))
    row.append(amount(results.spread(case, name, "store.store_extra_mb")) if load == "load" else NONE)
    return row + [amount(results.spread(case, name, f"{load}.{nth}_extra_mb")) for nth in ("first", "second")]


def _sizes(results: Results, case: str) -> str:
    sha256 = results.spread(case, FLOOR, "store.sha256_s")
    if sha256:
        return f"\n\nSHA-256 of the array alone: {rate(sha256, results.bytes_of(case))} GB/s."
    rows = []
    for name in _contenders(results, case):
        serializer = results.notes.get(case, {}).get(name, {}).get("store.serializer", "")
        rows.append([name, amount(results.spread(case, name, "store.file_mb")), serializer])
    return "\n\n" + table(["", "file, MB", "serializer"], rows, right=(1,))


def _contenders(results: Results, case: str) -> list[str]:
    return list(results.figures.get(case, {}))


def _failures(results: Results, case: str) -> str:
    said = [(name, notes["failed"]) for name, notes in results.notes.get(case, {}).items() if "failed" in notes]
    return "".join(f"\n\n{name}: {what}." for name, what in said)


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
