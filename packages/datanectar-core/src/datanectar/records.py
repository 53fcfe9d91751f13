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
    """A server that a plugin knows how to start. `factory(options)` gives a `Service`."""

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Service:
    """A server, ready to be started.

    Attributes:
        name: Its name, and the prefix of its output.
        command: The program and its arguments.
        ready: A URL that answers 200 once the server is of use.
        config_files: The native configuration files it reads.
        env: Variables added to its environment.
        ports: The ports it listens on, at 127.0.0.1.
        image: A published container image that runs it, for `datanectar compose`.
    """

    name: str
    command: Sequence[str]
    ready: str
    config_files: Sequence[Path] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    ports: Sequence[int] = ()
    image: str = ""
