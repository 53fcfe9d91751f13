"""Records: the small typed facts that plugins register and stores report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar


@dataclass(frozen=True, kw_only=True, slots=True)
class ComponentType:
    """What every registered component has in common.

    Attributes:
        name: What the configuration calls it: lower case, unique among its kind.
        factory: What makes one, or ``"module:attribute"``, imported on first use. It is called with an
            instance of `options`, or with nothing where there are none.
        options: A frozen dataclass (or its ``"module:attribute"``) of typed options. Field metadata may hold
            ``help`` (one line), ``env`` (a variable that sets it where a table or URL does not) and ``secret`` (never
            printed; the user may give it as a reference, ``env:NAME`` or ``file:PATH``, which is read before the
            factory gets it).
        summary: One line for `datanectar plugins`.
    """

    name: str
    factory: Callable[..., Any] | str
    options: type | str | None = None
    summary: str
    kind: ClassVar[str] = "component"


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageType(ComponentType):
    """A kind of store. `factory(options)` gives a `StorageBackend`.

    Attributes:
        schemes: URL schemes that name it, as in ``s3://bucket/prefix``. The factory's options class then has
            a classmethod ``from_url(url: str)``.
    """

    schemes: tuple[str, ...] = ()
    kind: ClassVar[str] = "storage"


@dataclass(frozen=True, kw_only=True, slots=True)
class NamingType(ComponentType):
    """A naming scheme. `factory()` gives a callable from an `Identity` to an artifact name."""

    kind: ClassVar[str] = "naming"


@dataclass(frozen=True, kw_only=True, slots=True)
class OrchestratorType(ComponentType):
    """What runs a plan. `factory(options)` gives an `Orchestrator`."""

    kind: ClassVar[str] = "orchestrator"


@dataclass(frozen=True, kw_only=True, slots=True)
class SerializerType(ComponentType):
    """How values of some types become files. `factory()` gives a `Serializer`.

    Attributes:
        types: Qualified names of the classes it is asked about first, such as ``"pandas.DataFrame"``; they
            are compared with a value's own classes and never imported. ``"*"`` is asked last, about any value.
        extension: The files' extension, without a dot.
        executes: Whether loading can run code found in the file, as pickle does: such files must be signed.
        format: The format's name, such as ``"arrow-ipc"``, where serializers of several types share one: who asks
            for a format gets the one for the value at hand.
    """

    types: tuple[str, ...]
    extension: str
    executes: bool = False
    format: str = ""
    kind: ClassVar[str] = "serializer"


@dataclass(frozen=True, kw_only=True, slots=True)
class FeatureStoreType(ComponentType):
    """Where features live. `factory(options)` gives a `FeatureStore`."""

    kind: ClassVar[str] = "feature store"


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceType(ComponentType):
    """A server that a plugin knows how to start. `factory(options)` gives a `Service`.

    It raises `ConfigurationError` where the server does not fit the project, say because its native file is not there:
    then it is started only where it is asked for by name. The options ``port`` and ``state_directory``, where it has
    them, are what tests change to have a server of their own.
    """

    kind: ClassVar[str] = "service"


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskAdapterType(ComponentType):
    """Makes foreign task objects nameable. `factory()` gives a `TaskAdapter`.

    Attributes:
        bases: Qualified names of the foreign base classes, such as ``"luigi.task.Task"``; never imported.
    """

    bases: tuple[str, ...]
    kind: ClassVar[str] = "task adapter"


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandType(ComponentType):
    """A subcommand of `datanectar`. `factory` is a `click.Command`, or its ``"module:attribute"``."""

    kind: ClassVar[str] = "command"


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object in a store.

    Attributes:
        key: Its key.
        size: Its length in bytes.
        modified: When it was written, by the store's clock, in UTC.
    """

    key: str
    size: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """What a service is asked, beyond whether it runs.

    Attributes:
        url: Where; the answer has status 200 once the service is of use.
        json: What is posted; without it, a GET.
    """

    url: str
    json: Any = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """A server, ready to be started.

    Attributes:
        name: Its name, and the prefix of its output.
        command: The program, a path or a name on ``PATH``, and its arguments.
        ready: A URL that answers 200 once the server runs; without one, its ports take connections.
        request: Gives what is asked once `ready` answers, or None: called while the server starts, in a thread.
        config_files: The native configuration files it reads.
        directory: Where it is started; by default the directory of the first configuration file, else the project's.
        env: Variables added to its environment.
        secrets: Variables it needs that hold secrets of its own: taken from the environment, never from a file of the
            project; `datanectar compose` makes their values up.
        variables: Other variables that its native files name, taken from the environment, too.
        ports: The ports it listens on, at 127.0.0.1.
        stop_seconds: How long it may take to end after SIGTERM, before it is killed.
        distribution: The Python distribution that has the program: tells its version, and what an image installs.
        image: A published container image that runs it, for `datanectar compose`; by default one is built.
        requirements: What is installed beside `distribution` in the image that is built.
        state: Directories that it alone writes: made where they are not there; a volume each in a container.
        data: Directories that it shares with what runs outside, mounted in a container as they are.
    """

    name: str
    command: Sequence[str]
    ready: str = ""
    request: Callable[[], ServiceRequest | None] | None = None
    config_files: Sequence[Path] = ()
    directory: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Sequence[str] = ()
    variables: Sequence[str] = ()
    ports: Sequence[int] = ()
    stop_seconds: float = 10
    distribution: str = ""
    image: str = ""
    requirements: Sequence[str] = ()
    state: Sequence[Path] = ()
    data: Sequence[Path] = ()
