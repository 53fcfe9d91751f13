"""Draws the results: a panel a question, a bar a contender, the best one on top."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from bench.plan import BARE, DATANECTAR, FLOOR, JOBLIB
from bench.results import LOADS, Results, Spread

OURS, PEERS, FLOORS, LIMIT = "#d97706", "#94a3b8", "#dbe2ea", "#b91c1c"
STYLE = {"svg.fonttype": "none", "svg.hashsalt": "datanectar", "font.family": "sans-serif", "font.size": 9}


class Panel(NamedTuple):
    """One question, and the answers of the contenders."""

    title: str
    unit: str
    bars: list[tuple[str, float]]
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
    imports = [
        (name, results.combine(lambda a, b: (a - b) * 1e3, ("import", name, "start.wall_s"), _BARE))
        for name in results.figures.get("import", {})
        if name != BARE
    ]
    panels = [Panel("Import, over bare Python", "ms", _bars(imports), limit=30)]
    panels.append(_times(results, "hit", "warm.next_us", "Warm hit, new process", "µs", 0.35))
    panels.append(_times(results, "hit", "cold.next_us", "Cold call", "µs"))
    for case in results.figures:
        shape, _, steps = case.partition("-")
        if shape == "layered":
            panels.append(_times(results, case, "cold.step_ms", f"{steps} steps, cold, each", "ms", 0.6))
            panels.append(_times(results, case, "warm.step_ms", f"{steps} steps, warm, each", "ms"))
    return [panel for panel in panels if panel.bars]


def large_panels(results: Results) -> list[Panel]:
    """The array and the frame: GB/s."""
    panels = []
    for case, what in (("array", "Array"), ("frame", "Frame")):
        for figure, done in (
            ("store.durable_s", "store, to disk"),
            ("load.touched_s", "second load, every value read"),
        ):
            panels.append(_rates(results, case, figure, f"{what}: {done}"))
    return [panel for panel in panels if panel.bars]


_BARE = ("import", BARE, "start.wall_s")


def _times(results: Results, case: str, figure: str, title: str, unit: str, budget: float | None = None) -> Panel:
    bars = _bars((name, results.spread(case, name, figure)) for name in results.figures.get(case, {}))
    joblib = results.spread(case, JOBLIB, figure)
    return Panel(title, unit, bars, limit=budget * joblib.median if budget and joblib else None)


def _rates(results: Results, case: str, figure: str, title: str) -> Panel:
    size = results.bytes_of(case)
    found = []
    for name in results.figures.get(case, {}):
        for load in LOADS if figure.startswith("load.") else ["load"]:
            place = (case, name, figure.replace("load.", f"{load}."))
            found.append((name + LOADS[load], results.combine(lambda seconds: size / 1e9 / seconds, place)))
    return Panel(title, "GB/s", _bars(found), less_is_better=False)


def _bars(found: Iterable[tuple[str, Spread | None]]) -> list[tuple[str, float]]:
    return [(name, spread.median) for name, spread in found if spread is not None]


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
    bars = sorted(panel.bars, key=lambda bar: bar[1], reverse=not panel.less_is_better)
    names, values = [name for name, _ in bars], [value for _, value in bars]
    axes.barh(range(len(bars)), values, color=[_color(name) for name in names])
    axes.set_yticks(range(len(bars)), names)
    axes.invert_yaxis()
    if panel.less_is_better:
        axes.set_xscale("log")
        axes.set_xlim(max(min(values), max(values) / 1e5) / 2, max(values) * 4)
    else:
        axes.set_xlim(0, max(values) * 1.18)
    for row, value in enumerate(values):
        axes.annotate(f" {value:.3g}", (value, row), va="center", fontsize=8)
    if panel.limit is not None:
        axes.axvline(panel.limit, color=LIMIT, linestyle="--", linewidth=1, label="budget")
        axes.legend(loc="lower right", frameon=False, fontsize=8)
    axes.set_title(f"{panel.title}: {panel.unit}", loc="left", fontsize=9, fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)


def _color(name: str) -> str:
    if name.lower().startswith((DATANECTAR.lower(), "import datanectar")):
        return OURS
    return FLOORS if name.startswith(FLOOR) else PEERS
