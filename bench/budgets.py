"""The budgets for Datanectar, and how each is read off the results. All are ratios or times of one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from bench.plan import (
    BARE,
    BY_OBSTORE,
    DATANECTAR,
    DECLARE,
    FLOOR,
    FLOOR_SYNCED,
    IMPORT,
    JOBLIB,
    OBSTORE,
    SDKS,
    UNSYNCED,
)
from bench.results import Results, Spread


@dataclass(frozen=True)
class Budget:
    """A limit, and what is held against it."""

    group: str
    what: str
    relation: Literal["≤", "≥"]
    limit: float
    unit: str  # "ms", or what the ratio is taken to: "× joblib.Memory"
    measure: Callable[[Results], Spread | None]

    def met(self, measured: Spread) -> bool:
        """Whether the median keeps the limit."""
        return measured.median <= self.limit if self.relation == "≤" else measured.median >= self.limit


def _over_bare(contender: str) -> Callable[[Results], Spread | None]:
    places = ("import", contender, "start.wall_s"), ("import", BARE, "start.wall_s")
    return lambda results: results.combine(lambda wall, bare: (wall - bare) * 1e3, *places)


def _ratio(case: str, figure: str, contender: str, other: str) -> Callable[[Results], Spread | None]:
    return lambda results: results.ratio(_largest(results, case), figure, contender, other)


def _largest(results: Results, case: str) -> str:
    """Returns the case itself, or, where cases differ by their number of steps, that of the most."""
    sized = [name for name in results.figures if name.startswith(f"{case}-")]
    return max(sized, key=_steps) if sized else case


def _steps(case: str) -> int:
    return int(case.rpartition("-")[2])


def _growth(results: Results) -> Spread | None:
    sized = sorted((name for name in results.figures if name.startswith("layered-")), key=_steps)
    if len(sized) < 2:
        return None
    few, many = ((name, UNSYNCED, "cold.step_ms") for name in (sized[0], sized[-1]))
    return results.combine(lambda a, b: b / a, few, many)


def _warm_step(results: Results) -> Spread | None:
    return results.spread(_largest(results, "layered"), DATANECTAR, "warm.step_ms")


def _store(contender: str, figure: str) -> Callable[[Results], Spread | None]:
    places = ("array", FLOOR, figure), ("array", FLOOR, "store.sha256_s"), ("array", contender, figure)
    return lambda results: results.combine(lambda write, sha256, own: max(write, sha256) / own, *places)


def _memory(figure: str, held: float) -> Callable[[Results], Spread | None]:
    """The peak as a multiple of the value; `held` is what of it is there before."""

    def measure(results: Results) -> Spread | None:
        size = results.about["sizes"]["array"] / 1e6
        return results.combine(lambda grown: held + grown / size, ("array", DATANECTAR, figure))

    return measure


def _remote() -> Iterator[Budget]:
    """Rates beside those of what moves the bytes, driven by hand; and memory, which does not grow with the object."""
    for server, sdk in SDKS.items():
        for contender, other in ((DATANECTAR, sdk), (BY_OBSTORE, OBSTORE)):
            for phase, what in {"put": "PUT", "get": "GET", "puts": "PUT, small objects", "gets": "GET, small"}.items():
                # A ratio of rates is that of the times, turned around.
                measure = _ratio(server, f"{phase}.s", other, contender)
                yield Budget("remote", f"{server}, {what}, {_engine(contender)}", "≥", 0.9, f"× {other}", measure)
            yield Budget(
                "remote",
                f"{server}, memory, {_engine(contender)}",
                *("≤", 200, "MB"),
                _remote_memory(server, contender),
            )


def _engine(contender: str) -> str:
    return "engine obstore" if contender == BY_OBSTORE else "the SDK's engine"


def _remote_memory(server: str, contender: str) -> Callable[[Results], Spread | None]:
    """By how much a process grows while it moves a large object, at most."""

    def measure(results: Results) -> Spread | None:
        grown = ((server, contender, f"{phase}.grown_mb") for phase in ("put", "get"))
        return results.combine(max, *grown)

    return measure


_TO_JOBLIB, _TO_SLOWER = f"× {JOBLIB}", "of the slower of raw write and SHA-256"
BUDGETS = (
    Budget("import", "`import datanectar`, over bare Python", "≤", 5, "ms", _over_bare(IMPORT)),
    Budget("import", "… and declare a first task", "≤", 30, "ms", _over_bare(DECLARE)),
    Budget(
        "hit",
        "warm hit in a new process, a call",
        "≤",
        0.35,
        _TO_JOBLIB,
        _ratio("hit", "warm.next_us", DATANECTAR, JOBLIB),
    ),
    Budget(
        "hit",
        "whole process of 100 warm hits, wall time",
        *("≤", 0.5, _TO_JOBLIB),
        _ratio("hit", "process.wall_s", DATANECTAR, JOBLIB),
    ),
    Budget(
        "hit",
        "whole process of 100 warm hits, CPU time",
        *("≤", 0.5, _TO_JOBLIB),
        _ratio("hit", "process.cpu_s", DATANECTAR, JOBLIB),
    ),
    Budget(
        "graph",
        "cold step, durability none",
        *("≤", 0.6, f"{_TO_JOBLIB} in a loop"),
        _ratio("layered", "cold.step_ms", UNSYNCED, JOBLIB),
    ),
    Budget(
        "graph",
        "cold step, fsync",
        *("≤", 1.5, "× fsync of file and directory"),
        _ratio("layered", "cold.step_ms", DATANECTAR, FLOOR_SYNCED),
    ),
    Budget("graph", "warm step", "≤", 0.03, "ms", _warm_step),
    Budget("graph", "linear: a cold step of the large graph", "≤", 1.25, "× one of the small graph", _growth),
    Budget("array", "store, fsync", "≥", 0.8, _TO_SLOWER, _store(DATANECTAR, "store.durable_s")),
    Budget("array", "store, durability none", "≥", 0.8, _TO_SLOWER, _store(UNSYNCED, "store.store_s")),
    Budget("array", "peak memory while storing", "≤", 1.1, "× the value", _memory("store.store_extra_mb", 1.0)),
    Budget("array", "peak memory while loading", "≤", 1.1, "× the value", _memory("load.first_extra_mb", 0.0)),
    Budget("array", "second load is mapped: memory", "≤", 0.05, "× the value", _memory("load.second_extra_mb", 0.0)),
    *_remote(),
)


class Verdict(NamedTuple):
    """A budget, and what was measured."""

    budget: Budget
    measured: Spread
    met: bool


def verdicts(results: Results) -> list[Verdict]:
    """Holds the results against every budget that they have figures for."""
    found = []
    for budget in BUDGETS:
        measured = budget.measure(results)
        if measured is not None:
            found.append(Verdict(budget, measured, budget.met(measured)))
    return found
