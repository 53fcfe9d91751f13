"""Functions as tasks: the `@task` decorator."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from functools import update_wrapper
from types import FunctionType
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from datanectar.errors import TaskDefinitionError
from datanectar.tasks.arguments import check_arguments
from datanectar.tasks.call import Call
from datanectar.tasks.definition import Definition
from datanectar.tasks.handle import Artifact
from datanectar.tasks.names import check_segment
from datanectar.tasks.signature import of_function
from datanectar.tasks.stamps import remember
from datanectar.values.annotations import UNKNOWN

if TYPE_CHECKING:
    from datanectar.tasks.code import CodeDigest

P = ParamSpec("P")
R = TypeVar("R")
_GENERATOR_OR_COROUTINE = 0x20 | 0x80 | 0x200


class Task(Definition, Generic[P, R]):
    """A function as a task; also the decorator that makes it one.

    Calling it names an artifact and runs nothing::

        @task(task_type="train_model", model_family="classifier")
        def eta_classifier(trips: pd.DataFrame, max_depth: int = 6): ...

        model = eta_classifier(flights(month=1), max_depth=8)

    Args:
        fn: The function; left out when the decorator is called with options.
        task_type: The kind of work, such as ``train_model``; by default ``task``.
        model_family: The kind of model, such as ``classifier``; by default ``none``.
        storage_layer: Where its results go: a storage's name or URL; by default what the profile says.
        name: By default the function's name, snake-cased.
        version: Pins the code by hand: edits no longer change the name, a new version does.
        ignore: Parameters that are not part of the name, such as ``n_jobs``.
        serializer: How its results are stored; by default the first serializer that holds them exactly.
        retries: How often it is tried again after a failure.
        timeout: Seconds it may take; it then runs in a worker process, which can be ended.
        resources: What it needs, as the orchestrator understands it.

    Raises:
        TaskDefinitionError: It is no plain function, or an option is wrong.

    Attributes:
        fn: The plain function, for unit tests.
    """

    _is_task = True

    def __new__(cls, fn: Any = None, **options: Any) -> Any:
        _check_names(options)
        if fn is None:
            return lambda decorated: cls(decorated, **options)
        if isinstance(fn, type):
            from datanectar.tasks.classes import decorate_class

            return decorate_class(fn, options)
        return super().__new__(cls)

    def __init__(
        self,
        fn: Callable[P, R] | None = None,
        *,
        task_type: str | None = None,
        model_family: str | None = None,
        storage_layer: Any = None,
        name: str | None = None,
        version: str | None = None,
        ignore: Iterable[str] = (),
        serializer: str | None = None,
        retries: int = 0,
        timeout: float | None = None,
        resources: Mapping[str, float] | None = None,
    ) -> None:
        function = _plain_function(fn)
        options = {
            "storage_layer": storage_layer,
            "serializer": serializer,
            "retries": retries,
            "timeout": timeout,
            "resources": dict(resources) if resources else None,
        }
        check_options(function.__name__, options)
        if function.__name__ == "<lambda>" and name is None:
            raise TaskDefinitionError("a lambda has no name of its own; give one with task(name=…)")
        super().__init__(
            name or function.__name__,
            f"{function.__module__}:{function.__qualname__}",
            task_type=task_type,
            model_family=model_family,
            name=check_segment(name, "name", function.__name__) if name is not None else None,
            version=version,
            ignore=tuple(ignore) if not isinstance(ignore, str) else (ignore,),
            options=options,
        )
        self.fn: Callable[P, R] = fn  # type: ignore[assignment]
        update_wrapper(self, function, updated=())
        self.signature = of_function(function, self.name)
        self.check_ignored()
        remember(function.__module__)
        self.declare(f"{_home(function)}:{function.__qualname__}")

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Artifact[R]:
        """Names the artifact of these arguments. Nothing is run.

        Raises:
            ArgumentError: An argument is missing, unknown, or of a kind that has no name.
        """
        arguments, artifacts = check_arguments(self.signature, self.signature.bind(args, kwargs))
        return Artifact(Call(self, arguments, artifacts))

    def __repr__(self) -> str:
        return f"<Task {self.path}>"

    def __get__(self, instance: object, owner: type | None = None) -> Task[P, R]:
        if instance is not None:
            raise TaskDefinitionError(f"{self.name} is a method; make its class a dn.NectarTask, or a function of it")
        return self

    def __reduce__(self) -> str:
        return self.reference.partition(":")[2]

    @property
    def returns(self) -> Any:
        return self.signature.annotations.get("return", UNKNOWN)

    def _digest(self) -> CodeDigest:
        from datanectar.tasks.code import digest_function

        return digest_function(self.fn)  # type: ignore[arg-type]


def _home(function: FunctionType) -> str:
    """The file, so that a script equals its module; in a notebook, where each cell is a file, the module."""
    module = sys.modules.get(function.__module__)
    return function.__code__.co_filename if hasattr(module, "__file__") else function.__module__


def _is_of_tasks(instance: Any) -> bool:
    from datanectar.tasks.classes import adapter_of
    from datanectar.tasks.nectar import NectarTask

    return isinstance(instance, NectarTask) or adapter_of(type(instance)) is not None


_OPTIONS = tuple(Task.__init__.__kwdefaults__ or ())
Task.__new__.__wrapped__ = Task.__init__  # type: ignore[attr-defined]  # so that help() shows the options


def _check_names(options: Mapping[str, Any]) -> None:
    for name in options:
        if name not in _OPTIONS:
            import difflib

            near = difflib.get_close_matches(name, _OPTIONS, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(_OPTIONS)}"
            raise TaskDefinitionError(f"@task has no option {name!r}; {hint}")


def _plain_function(fn: Any) -> FunctionType:
    """Returns the function, or the one below other decorators, whose signature counts."""
    if isinstance(fn, Task):
        raise TaskDefinitionError(f"{fn.name} is a task already")
    if isinstance(fn, classmethod):
        raise TaskDefinitionError(f"{fn.__qualname__} is a method; make its class a dn.NectarTask, or a function of it")
    function = fn
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    if not isinstance(function, FunctionType):
        what, kind = getattr(fn, "__qualname__", f"{fn!r:.80}"), type(fn).__name__
        msg = f"@task goes on a function or on a class of tasks; {what} ({kind}) is neither"
        if not hasattr(fn, "__qualname__") and _is_of_tasks(fn):
            msg = f"@task goes on the class {kind}, not on an instance of it; {what} is one"
        raise TaskDefinitionError(msg)
    if function.__code__.co_flags & _GENERATOR_OR_COROUTINE:
        raise TaskDefinitionError(f"{function.__name__} is a generator or coroutine; a task returns its result")
    return function


def check_options(task: str, options: Mapping[str, Any]) -> None:
    """Refuses options of a task that mean nothing.

    Raises:
        TaskDefinitionError: An option has a value it cannot have.
    """
    retries, timeout = options.get("retries", 0), options.get("timeout")
    if type(retries) is not int or retries < 0:
        raise TaskDefinitionError(f"task {task}: retries={retries!r} must be a whole number, 0 or more")
    if timeout is not None and not (type(timeout) in (int, float) and timeout > 0):
        raise TaskDefinitionError(f"task {task}: timeout={timeout!r} must be seconds, more than 0")
    layer, serializer = options.get("storage_layer"), options.get("serializer")
    if layer is not None and not (isinstance(layer, str) or hasattr(layer, "backend")):
        raise TaskDefinitionError(f"task {task}: storage_layer={layer!r} must be a storage's name or a URL")
    if serializer is not None and not isinstance(serializer, str):
        raise TaskDefinitionError(f"task {task}: serializer={serializer!r} must be a serializer's name")
