"""Runs cases: each phase of each contender a process of its own, in turns, round by round."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Timer
from time import perf_counter

from bench.plan import Case, Contender
from bench.results import Results

BUCKET = "bench"  # where a case has a server
SCRIPTS = Path(__file__).parent / "cases"


class ContenderFailed(Exception):
    """A process failed or took too long; the message is for the report."""


def run_case(case: Case, environments: Path, directory: Path, results: Results) -> None:
    """Runs all rounds of a case. A contender that fails is left out from then on, and noted."""
    with _served(case.server, directory) as variables:
        alive = [replace(one, variables={**one.variables, **variables}) for one in case.contenders]
        for number in range(case.discarded + case.rounds):
            checks: dict[str, float] = {}
            for contender in list(alive):
                place = Path(tempfile.mkdtemp(prefix=f"{case.name}-", dir=directory))
                try:
                    figures = _run_phases(contender, case, environments, place, checks, results)
                except ContenderFailed as failure:
                    alive.remove(contender)
                    results.note(case.name, contender.name, "failed", str(failure))
                    print(f"  {contender.name}: {failure}", file=sys.stderr)
                    continue
                finally:
                    if not case.keeps_files:
                        shutil.rmtree(place)
                if number >= case.discarded:
                    results.add(case.name, contender.name, figures)


@contextmanager
def _served(name: str, directory: Path) -> Iterator[Mapping[str, str]]:
    """Runs a server, if a case has one; gives the variables by which a client finds it."""
    if not name:
        yield {}
        return
    from testbed.__main__ import SERVERS

    place = Path(tempfile.mkdtemp(prefix="server-", dir=directory))
    try:
        with SERVERS[name](place) as server:
            server.make_bucket(BUCKET)
            yield server.client_environment
    finally:
        shutil.rmtree(place)


def _run_phases(
    contender: Contender, case: Case, environments: Path, place: Path, checks: dict[str, float], results: Results
) -> dict[str, float]:
    figures = {}
    for phase in contender.phases:
        command = command_of(contender, phase, environments)
        for name, value in run_process(command, place, contender).items():
            if isinstance(value, str):
                results.note(case.name, contender.name, name, value)
            elif name == "check":
                expected = checks.setdefault(phase, value)
                if not math.isclose(value, expected, rel_tol=1e-9):
                    raise ContenderFailed(f"did other work than the rest: {value} instead of {expected}")
            else:
                figures[f"{phase}.{name}"] = value
    return figures


def command_of(contender: Contender, phase: str, environments: Path) -> list[str]:
    """Returns the command line of one phase."""
    folder, suffix = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
    python = environments / contender.environment / folder / f"python{suffix}"
    script, *arguments = contender.command
    if script == "-c":
        return [str(python), script, *arguments]
    return [str(python), str(SCRIPTS / script), phase, *arguments]


def run_process(command: list[str], place: Path, contender: Contender) -> dict[str, float | str]:
    """Runs a process and returns what it printed, ``name value`` a line, and its wall time, CPU time and memory."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        begun = perf_counter()
        process = subprocess.Popen(
            command, cwd=place, env=_variables(contender, place), stdin=subprocess.DEVNULL, stdout=output, stderr=errors
        )
        timer = Timer(contender.most_seconds, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = perf_counter() - begun
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode and seconds >= contender.most_seconds:
            raise ContenderFailed(f"stopped after {contender.most_seconds:.0f} s")
        if process.returncode:
            errors.seek(0)
            raise ContenderFailed((errors.read().strip().splitlines() or ["failed"])[-1][:120])
        output.seek(0)
        figures = dict(_parse(line) for line in output)
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    return figures | {"wall_s": seconds, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_mb": peak}


def _parse(line: str) -> tuple[str, float | str]:
    name, _, value = line.strip().partition(" ")
    try:
        return name, float(value)
    except ValueError:
        return name, value


def _variables(contender: Contender, place: Path) -> dict[str, str]:
    """The caller's variables less what changes how Python and its tools work, with a home of its own."""
    ours = ("PYTHON", "DATANECTAR_", "JOBLIB_", "LUIGI_", "VIRTUAL_ENV", "AWS_", "AZURE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    home = str(place.parent / "home")
    return kept | {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home, **contender.variables}
