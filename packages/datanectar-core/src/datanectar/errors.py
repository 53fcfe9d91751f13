"""Every error Datanectar raises: one base class, and beside it the builtin that each resembles.

A message says what was asked, what is wrong and what to do next. Facts that programs may want (the key,
the expected digest) are attributes too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def _rebuild(kind: type[DatanectarError], args: tuple[object, ...], state: dict[str, object]) -> DatanectarError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class DatanectarError(Exception):
    """Base of all errors raised on purpose by Datanectar and its plugins."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors travel from worker processes; their constructors take keywords, so rebuild them from state.
        return _rebuild, (type(self), self.args, dict(self.__dict__))


class ConfigurationError(DatanectarError, ValueError):
    """A configuration file, variable or option is wrong; the message names the key and its source."""


class UnsupportedError(DatanectarError, NotImplementedError):
    """The chosen component cannot do what was asked, by nature or in this release."""


# Plugins


class PluginError(DatanectarError, TypeError):
    """A plugin broke a rule of registration; the message names the plugin and the rule."""


class PluginNotFoundError(DatanectarError, LookupError):
    """A component's name is unknown, not installed or disabled."""


class PluginLoadError(DatanectarError, ImportError):
    """A component is installed, but its plugin or its factory failed to import."""


# Tasks


class TaskDefinitionError(DatanectarError, TypeError):
    """What was decorated or subclassed cannot be a task as it stands."""


class ArgumentError(DatanectarError, TypeError):
    """An argument of a task call was refused; the message names the parameter and the ways out."""


class FrozenTask(DatanectarError, AttributeError):
    """A parameter of a task object was changed after the task had been named by it."""


class CycleError(DatanectarError, ValueError):
    """A task requires itself, directly or through others."""


class NameMismatch(DatanectarError, RuntimeError):
    """What is about to run would not give the artifact that was asked for."""


class CodeChanged(NameMismatch):
    """A source file was edited after it was imported; restart to use the new code."""


# Storage


class StorageError(DatanectarError, OSError):
    """A store could not do what was asked."""


class InvalidKey(StorageError, ValueError):
    """A key or an artifact name has characters or a length that no store is asked to hold."""


class KeyNotFound(StorageError, KeyError):
    """No object stands under this key."""


class AlreadyExists(StorageError, FileExistsError):
    """A create found the key taken; nothing was changed."""


class StoreNotFound(StorageError, LookupError):
    """The bucket, container or server that should hold the store does not exist."""


class StorageAccessError(StorageError, PermissionError):
    """The store refuses this user."""


class StorageFull(StorageError):
    """The store has no room left; what it holds is unharmed."""


class StorageUnavailable(StorageError, ConnectionError):
    """The store did not answer, or asked to try again later; whether it acted is not known."""


class UnsafeStore(StorageError):
    """The store does not honour put-if-absent, so two writers could both win."""


class CommitUnknown(StorageError):
    """The store gave no answer before the deadline: the artifact may or may not exist. Nothing was deleted."""


# Artifacts


class ArtifactNotFound(DatanectarError, LookupError):
    """No artifact has this name or alias."""


class PartNotFound(ArtifactNotFound, KeyError):
    """The artifact is there, but its value has no such part."""


class IntegrityError(DatanectarError, ValueError):
    """Stored bytes are not the bytes that were written.

    Attributes:
        key: The object's key in its store.
        expected: The recorded digest or size.
        got: What was found.
    """

    def __init__(self, message: str, *, key: str = "", expected: object = None, got: object = None) -> None:
        super().__init__(message)
        self.key, self.expected, self.got = key, expected, got


class FormatError(DatanectarError, ValueError):
    """A store or a manifest has a format that this release does not read."""


class SerializationError(DatanectarError, TypeError):
    """No serializer holds this value exactly, or what it needs to be loaded is missing here."""


class UntrustedPickleError(DatanectarError, ValueError):
    """A pickle whose signature does not verify was not loaded."""


# Features


class FeatureStoreError(DatanectarError, RuntimeError):
    """A feature store could not do what was asked."""


class InvalidBatch(FeatureStoreError, ValueError):
    """Rows that are to be published are not such as their view has; the message names the column. None was stored."""


class MissingFeatures(FeatureStoreError, LookupError):
    """Rows have no features at their time, and were not to be kept without."""


# Runs


class TaskTimeout(DatanectarError, TimeoutError):
    """A task took longer than its timeout, and its process was ended."""


class WorkerDied(DatanectarError, ChildProcessError):
    """A worker process ended in the middle of a task.

    Attributes:
        exit_code: Its exit code; a negative one is the signal that ended it.
    """

    def __init__(self, message: str, *, exit_code: int | None = None) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class StepFailed(DatanectarError, RuntimeError):
    """One step of a run failed.

    Attributes:
        task: The task's path, such as ``train_model/classifier/eta_classifier``.
        name: The artifact that was being made.
        attempt: The attempt's id.
        log: The key of the attempt's log in its store, or an empty string.
        traceback: The original traceback as text.
    """

    def __init__(
        self,
        message: str,
        *,
        task: str = "",
        name: str = "",
        attempt: str = "",
        log: str = "",
        traceback: str = "",
    ) -> None:
        super().__init__(message)
        self.task, self.name, self.attempt, self.log, self.traceback = task, name, attempt, log, traceback


class RunFailed(DatanectarError, RuntimeError):
    """A run ended with failed steps; what was finished is stored and will not be computed again.

    Attributes:
        results: Values (or handles) of the targets that were made, by artifact name.
        failures: The `StepFailed` of each failed step, by artifact name.
        blocked: Names of the steps that could not start.
    """

    def __init__(
        self,
        message: str,
        *,
        results: Mapping[str, object] | None = None,
        failures: Mapping[str, StepFailed] | None = None,
        blocked: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.results: dict[str, object] = dict(results or {})
        self.failures: dict[str, StepFailed] = dict(failures or {})
        self.blocked = list(blocked)


# Services


class ServiceFailed(DatanectarError, ChildProcessError):
    """A service did not start or ended by itself; the message ends with its last lines.

    Attributes:
        service: Its name.
        log: Its last lines.
    """

    def __init__(self, message: str, *, service: str, log: Sequence[str]) -> None:
        super().__init__(message)
        self.service, self.log = service, list(log)


class PortTaken(DatanectarError, OSError):
    """A port that a service listens on is in use; the message says by whom.

    Attributes:
        port: The port.
        pid: The process that listens there, or None where the system does not tell.
    """

    def __init__(self, message: str, *, port: int, pid: int | None) -> None:
        super().__init__(message)
        self.port, self.pid = port, pid
