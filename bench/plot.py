"""Draws the results: a panel a question, a dot a contender, the best one on top."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from bench.plan import BARE, DATANECTAR, FLOOR, FLOOR_SYNCED, JOBLIB
from bench.results import LOADS, Results, Spread
from bench.tables import three_digits

OURS, PEERS, FLOORS, LIMIT = "#d97706", "#475569", "#a8b3c2", "#b91c1c"
LEFT_OUT = ", no NumPy installed"  # in the tables only
STYLE = {"svg.fonttype": "none", "svg.hashsalt": "datanectar", "font.family": "sans-serif", "font.size": 9}


class Panel(NamedTuple):
    """One question, and the answers of the contenders."""

    title: str
    unit: str
    dots: list[tuple[str, float]]
    less_is_better: bool = True
    limit: float | None = None  # the budget, in the panel's unit


def draw(results: Results, directory: Path) -> None:
    """Writes benchmarks-small.svg and benchmarks-large.svg."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams.update(STYLE)
    _draw(small_panels(results), directory / "benchmarks-small.svg")
    _draw(large_panels(results), directory / "benchmarks-large.svg")


def small_panels(results: Results) -> list[Panel]:
    """Import, hits and graphs: times, on logarithmic axes."""
    imports = []
    for name in results.figures.get("import", {}):
        if name != BARE:
            net = results.combine(lambda wall, bare: (wall - bare) * 1e3, ("import", name, "start.wall_s"), _BARE)
            imports.append((name, net))
    panels = [
        Panel("Import, over bare Python", "ms", _dots(imports), limit=30),
        _times(results, "hit", "process.wall_s", "Process of 100 warm hits", "s", 0.5),
        _times(results, "hit", "warm.next_us", "Warm hit, new process", "µs", 0.35),
        _times(results, "hit", "cold.next_us", "Cold call", "µs"),
    ]
    for case in results.figures:
        shape, _, steps = case.partition("-")
        if shape == "layered":
            panels.append(_times(results, case, "cold.step_ms", f"Graph of {steps} steps, cold, each step", "ms", 0.6))
            panels.append(_times(results, case, "warm.step_ms", f"Graph of {steps} steps, warm, each step", "ms"))
    return [panel for panel in panels if panel.dots]


def large_panels(results: Results) -> list[Panel]:
    """The array and the frame: GB/s."""
    panels = []
    for case, what in (("array", "Array"), ("frame", "Frame")):
        for figure, done in (
            ("store.durable_s", "store, to disk"),
            ("load.touched_s", "second load, every value read"),
        ):
            panels.append(_rates(results, case, figure, f"{what}: {done}"))
    return [panel for panel in panels if panel.dots]


_BARE = ("import", BARE, "start.wall_s")


def _times(results: Results, case: str, figure: str, title: str, unit: str, budget: float | None = None) -> Panel:
    left_out = () if figure.startswith("cold.") else (FLOOR_SYNCED,)  # which reads as the other floor does
    names = [name for name in results.figures.get(case, {}) if name not in left_out]
    dots = _dots((name, results.spread(case, name, figure)) for name in names)
    joblib = results.spread(case, JOBLIB, figure)
    return Panel(title, unit, dots, limit=budget * joblib.median if budget and joblib else None)


def _rates(results: Results, case: str, figure: str, title: str) -> Panel:
    size = results.bytes_of(case)
    found = []
    for name in results.figures.get(case, {}):
        for load in ("load", "mapped") if figure.startswith("load.") else ("load",):
            place = (case, name, figure.replace("load.", f"{load}."))
            found.append((name + LOADS[load], results.combine(lambda seconds: size / 1e9 / seconds, place)))
    return Panel(title, "GB/s", _dots(found), less_is_better=False)


def _dots(found: Iterable[tuple[str, Spread | None]]) -> list[tuple[str, float]]:
    return [(name, spread.median) for name, spread in found if spread is not None and LEFT_OUT not in name]


def _draw(panels: list[Panel], path: Path) -> None:
    from matplotlib.figure import Figure

    if not panels:
        path.unlink(missing_ok=True)
        return
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(5.4 * columns, 2.4 * rows), layout="constrained", facecolor="white")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel, place in zip(panels, axes, strict=False):
        _draw_panel(panel, place)
    for place in axes[len(panels) :]:
        place.set_visible(False)
    figure.savefig(path, metadata={"Date": None})


def _draw_panel(panel: Panel, axes: Any) -> None:
    dots = sorted(panel.dots, key=lambda dot: dot[1], reverse=not panel.less_is_better)
    least = min(value for _, value in dots if value > 0) / 3 if panel.less_is_better else 0.0
    for row, (name, value) in enumerate(dots):
        color, shown = _color(name), max(value, least)
        axes.hlines(row, least, shown, color=color, linewidth=1.5, alpha=0.5)
        axes.plot(shown, row, "o", color=color)
        axes.annotate(three_digits(value), (shown, row), (7, 0), textcoords="offset points", va="center", fontsize=8)
    axes.set_yticks(range(len(dots)), [name for name, _ in dots])
    axes.set_ylim(len(dots) - 0.5, -0.8)
    most = max(value for _, value in dots)
    if panel.less_is_better:
        axes.set_xscale("log")
        axes.set_xlim(least, most * 4)
    else:
        axes.set_xlim(least, most * 1.18)
    if panel.limit is not None:
        axes.axvline(panel.limit, color=LIMIT, linestyle="--", linewidth=1)
        axes.annotate(
            "budget", (panel.limit, -0.65), (3, 0), textcoords="offset points", color=LIMIT, fontsize=8, va="center"
        )
    axes.set_title(f"{panel.title}: {panel.unit}", loc="left", fontsize=9, fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)


def _color(name: str) -> str:
    if name.lower().startswith((DATANECTAR.lower(), "import datanectar")):
        return OURS
    return FLOORS if name.startswith(FLOOR) else PEERS
