"""The tables of each group."""

from __future__ import annotations

from bench import texts
from bench.plan import BARE, DATANECTAR, DECLARE, FLOOR, FLOOR_SYNCED, JOBLIB, OBSTORE, SDKS
from bench.results import LOADS, Results
from bench.tables import NONE, amount, rate, table, three_digits, times


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
    names = _contenders(results, case)
    if not names:
        return ""
    size = results.bytes_of(case)
    stores, loads = [], []
    for name in names:
        row = [name]
        for figure in ("store.store_s", "store.durable_s"):
            row.append(rate(results.spread(case, name, figure), size))
            row += [times(results.ratio(case, figure, name, other)) for other in ("joblib", FLOOR)]
        row += [amount(results.spread(case, name, f"store.{figure}_mb")) for figure in ("store_extra", "file")]
        stores.append([*row, results.notes.get(case, {}).get(name, {}).get("store.serializer", "")])
        loads += [_load_row(results, case, name, load, size) for load in LOADS if _loaded(results, case, name, load)]
    head = [
        "",
        "store, GB/s",
        "× joblib",
        "× floor",
        "to disk, GB/s",
        "× joblib",
        "× floor",
        "grown by, MB",
        "file, MB",
    ]
    stored = table([*head, "serializer"], stores, right=range(1, len(head)))
    head = ["", "first load, GB/s", "second", "and touched", "× joblib", "× floor", "grown by, MB: first", "second"]
    return f"{stored}{_sha256(results, case)}\n\n{table(head, loads)}{_failures(results, case)}"


def _load_row(results: Results, case: str, name: str, load: str, size: float) -> list[str]:
    figures = [results.spread(case, name, f"{load}.{figure}_s") for figure in ("first", "second", "touched")]
    row = [name + LOADS[load], *(rate(figure, size) for figure in figures)]
    for other in ("joblib", FLOOR):
        places = (case, name, f"{load}.touched_s"), (case, other, "load.touched_s")
        row.append(times(results.combine(lambda a, b: a / b, *places)))
    return row + [amount(results.spread(case, name, f"{load}.{nth}_extra_mb")) for nth in ("first", "second")]


def _loaded(results: Results, case: str, name: str, load: str) -> bool:
    return bool(results.values(case, name, f"{load}.first_s"))


def _sha256(results: Results, case: str) -> str:
    seconds = results.spread(case, FLOOR, "store.sha256_s")
    return f"\n\nSHA-256 alone: {rate(seconds, results.bytes_of(case))} GB/s." if seconds else ""


def _remotes(results: Results, _: str) -> str:
    return "\n\n".join(
        f"### {texts.SERVERS[server]}\n\n" + _remote(results, server) for server in SDKS if server in results.figures
    )


def _remote(results: Results, server: str) -> str:
    sizes = results.about["sizes"]
    large, small = [], []
    for name in _contenders(results, server):
        for rows, phases, unit in (
            (large, ("put", "get"), sizes["remote"] / 1e6),
            (small, ("puts", "gets"), sizes["objects"]),
        ):
            row = [name]
            for phase in phases:
                seconds = results.spread(server, name, f"{phase}.s")
                row.append(NONE if seconds is None else three_digits(unit / seconds.median))
                row += [times(results.ratio(server, f"{phase}.s", name, other)) for other in (SDKS[server], OBSTORE)]
                row += [amount(results.spread(server, name, f"{phase}.{figure}")) for figure in ("cpu", "grown_mb")]
            rows.append(row)
    parts = []
    for rows, rate_ in ((large, "MB/s"), (small, "objects/s")):
        head = [""]
        for verb in ("PUT", "GET"):
            head += [f"{verb}, {rate_}", f"× {SDKS[server]}", "× obstore", "CPU, s", "grown by, MB"]
        parts.append(table(head, rows))
    return "\n\n".join(parts) + _failures(results, server)


def _contenders(results: Results, case: str) -> list[str]:
    return list(results.figures.get(case, {}))


def _failures(results: Results, case: str) -> str:
    said = [(name, notes["failed"]) for name, notes in results.notes.get(case, {}).items() if "failed" in notes]
    return "".join(f"\n\n{name}: {what}." for name, what in said)


#: What is written for each group; nothing if it was not measured.
SECTIONS = {"import": _import, "hit": _hit, "graph": _graphs, "array": _large, "frame": _large, "remote": _remotes}
