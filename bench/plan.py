"""What is measured: cases, and in each of them the contenders that run side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

DATANECTAR = "Datanectar"
UNSYNCED = "Datanectar, durability none"
JOBLIB = "joblib.Memory"
FLOOR, FLOOR_SYNCED = "floor", "floor, fsync"
OBSTORE, BY_OBSTORE = "obstore", "Datanectar, engine obstore"
#: What moves bytes to a server where nothing else is asked for.
SDKS = {"s3": "boto3", "azure": "azure-storage-blob"}
BARE, IMPORT, DECLARE = "bare Python", "import datanectar", "import datanectar, declare a task"


@dataclass(frozen=True)
class Contender:
    """One way to do a case's work: a script, run once for each phase, in an environment and a directory of its own."""

    name: str
    environment: str
    command: tuple[str, ...]  # a script of cases/ or "-c", then arguments
    phases: tuple[str, ...]  # inserted behind the script's name
    variables: Mapping[str, str] = field(default_factory=dict)
    most_seconds: float = 300.0  # a process that takes longer is stopped, and that is said


@dataclass(frozen=True)
class Case:
    """Contenders that are measured in turns, A B C A B C …"""

    group: str
    name: str
    rounds: int
    discarded: int  # rounds before these: they compile, and touch memory for the first time
    contenders: tuple[Contender, ...]
    keeps_files: bool = True  # until the end of the run: deleting files slows down whoever creates files next
    server: str = ""  # of testbed/, that runs meanwhile: s3 or azure


class Sizes(NamedTuple):
    """How much work there is, and how often it is done."""

    imports: int  # rounds
    hits: int  # calls
    graphs: tuple[int, int]  # steps of the small one and the large one
    array: int  # bytes
    frame: int  # rows
    remote: int  # bytes of the large object on a server
    objects: int  # small ones
    rounds: int
    large_rounds: int  # of what takes long
    discarded: int  # rounds before those that count
    patience: float  # seconds for a graph by Hamilton or Luigi


FULL = Sizes(16, 500, (1_000, 10_000), 1 << 30, 5_000_000, 512 << 20, 1_000, 5, 2, 1, 60.0)
QUICK = Sizes(3, 100, (100, 400), 1 << 26, 200_000, 1 << 26, 100, 1, 1, 0, 5.0)
#: What is measured, by the page of docs/reference/ that it is on.
PAGES = {"benchmarks": ("import", "hit", "graph", "array", "frame"), "benchmarks-remote": ("remote",)}
GROUPS = tuple(group for groups in PAGES.values() for group in groups)
THREADS = 10  # of all that talk to a server

_NO_SYNC = {"DATANECTAR_STORAGE__DISK__DURABILITY": "none"}
_IMPORTS = (
    (BARE, "datanectar", ("-c", "pass")),
    (IMPORT, "datanectar", ("-c", "import datanectar")),
    (DECLARE, "datanectar", ("declare.py",)),
    ("import joblib", "joblib", ("-c", "import joblib")),
    ("import joblib, no NumPy installed", "joblib-alone", ("-c", "import joblib")),
    ("import diskcache", "diskcache", ("-c", "import diskcache")),
    ("import luigi", "luigi", ("-c", "import luigi")),
    ("from hamilton import driver", "hamilton", ("-c", "from hamilton import driver")),
)


def cases(sizes: Sizes) -> list[Case]:
    """Returns everything there is to measure, in order."""
    remote = [_remote(server, sizes) for server in SDKS]
    return [_imports(sizes), _hits(sizes), *_graphs(sizes), _array(sizes), _frame(sizes), *remote]


def _imports(sizes: Sizes) -> Case:
    contenders = [Contender(name, where, command, ("start",)) for name, where, command in _IMPORTS]
    return Case("import", "import", sizes.imports, sizes.discarded, tuple(contenders))


def _hits(sizes: Sizes) -> Case:
    def contender(name: str, environment: str, tool: str, *more: str, **variables: str) -> Contender:
        command = (f"hit_{tool}.py", str(sizes.hits), *more)
        return Contender(name, environment, command, ("cold", "warm", "process"), variables)

    return Case(
        "hit",
        "hit",
        sizes.rounds,
        sizes.discarded,
        (
            contender(FLOOR, "floor", "floor"),
            contender(FLOOR_SYNCED, "floor", "floor", "--fsync"),
            contender("diskcache", "diskcache", "diskcache"),
            contender(JOBLIB, "joblib", "joblib"),
            contender("joblib.Memory, no NumPy installed", "joblib-alone", "joblib"),
            contender(UNSYNCED, "datanectar", "datanectar", **_NO_SYNC),
            contender(DATANECTAR, "datanectar", "datanectar"),
        ),
    )


def _graphs(sizes: Sizes) -> list[Case]:
    def case(shape: str, steps: int) -> Case:
        def contender(name: str, tool: str, *more: str, **variables: str) -> Contender:
            command = (f"graph_{tool}.py", shape, str(steps), *more)
            patience = sizes.patience if tool in ("hamilton", "luigi") else Contender.most_seconds
            return Contender(name, tool, command, ("cold", "warm"), variables, patience)

        contenders = [
            contender(FLOOR, "floor"),
            contender(FLOOR_SYNCED, "floor", "--fsync"),
            contender(JOBLIB, "joblib"),
            contender(UNSYNCED, "datanectar", **_NO_SYNC),
            contender(DATANECTAR, "datanectar"),
            contender("Hamilton", "hamilton"),
            contender("Luigi", "luigi"),
        ]
        small = steps == sizes.graphs[0]
        if shape == "chain" and not small:  # all of them would take minutes, and tell nothing new
            contenders = [one for one in contenders if one.name in (FLOOR, JOBLIB, UNSYNCED)]
        discarded = sizes.discarded if small else 0  # by then the small one has compiled everything
        return Case("graph", f"{shape}-{steps}", sizes.large_rounds, discarded, tuple(contenders))

    return [case(shape, steps) for steps in sizes.graphs for shape in ("layered", "chain")]


def _array(sizes: Sizes) -> Case:
    def contender(name: str, environment: str, tool: str, *phases: str, **variables: str) -> Contender:
        return Contender(
            name, environment, (f"array_{tool}.py", str(sizes.array)), ("store", "load", *phases), variables
        )

    contenders = (
        contender(FLOOR, "floor", "floor"),
        contender("np.save", "floor", "numpy", "mapped"),
        contender("pickle 5", "floor", "pickle"),
        contender("joblib", "joblib", "joblib", "mapped"),
        contender(UNSYNCED, "datanectar", "datanectar", **_NO_SYNC),
        contender(DATANECTAR, "datanectar", "datanectar", "elsewhere"),
    )
    return Case("array", "array", sizes.large_rounds, sizes.discarded, contenders, keeps_files=False)


def _frame(sizes: Sizes) -> Case:
    def contender(name: str, environment: str, tool: str, *more: str, **variables: str) -> Contender:
        command = (f"frame_{tool}.py", str(sizes.frame), *more)
        return Contender(name, environment, command, ("store", "load"), variables)

    contenders = (
        contender(FLOOR, "floor", "floor"),
        contender("pickle 5", "floor", "pickle"),
        contender("joblib", "joblib", "joblib"),
        contender(UNSYNCED, "datanectar", "datanectar", **_NO_SYNC),
        contender(DATANECTAR, "datanectar", "datanectar"),
        contender("Datanectar, Arrow IPC", "datanectar", "datanectar", "--arrow"),
    )
    return Case("frame", "frame", sizes.large_rounds, sizes.discarded, contenders, keeps_files=False)


def _remote(server: str, sizes: Sizes) -> Case:
    def contender(name: str, environment: str, script: str, *more: str) -> Contender:
        amounts = (str(sizes.remote), str(sizes.objects), str(THREADS))
        return Contender(name, environment, (script, *amounts, server, *more), ("put", "get", "puts", "gets"))

    sdk = SDKS[server]
    contenders = (
        contender(sdk, sdk, f"remote_{'boto3' if server == 's3' else 'azure'}.py"),
        contender(DATANECTAR, "datanectar-remote", "remote_datanectar.py"),
        contender(OBSTORE, "obstore", "remote_obstore.py"),
        contender(BY_OBSTORE, "datanectar-remote", "remote_datanectar.py", "--obstore"),
    )
    return Case("remote", server, sizes.large_rounds, sizes.discarded, contenders, keeps_files=False, server=server)
