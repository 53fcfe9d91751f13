"""Functions as real tasks of Luigi."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import luigi
from luigi.task_register import Register

import datanectar as dn
from datanectar_luigi.inputs import InputParameter, accepting_tasks, artifacts_in, tasks_in
from datanectar_luigi.signatures import is_plain, parameter_for, thaw
from datanectar_luigi.target import ArtifactTarget

_MAIN = ("__main__", "__mp_main__")
_RESERVED = {*dir(luigi.Task), "task_id", "param_kwargs", "storage_layer", "artifact"}
_made: WeakKeyDictionary[Any, type[FunctionTask]] = WeakKeyDictionary()


class FunctionTask(luigi.Task):
    """A function as a task of Luigi; `as_luigi_task` makes subclasses."""

    _visible_in_registry = False
    __datanectar_task__: ClassVar[Any] = None
    _artifact: dn.Artifact[Any] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        kind = type(self)
        return _revive, (kind.__module__, kind.get_task_family(), self.param_kwargs)

    def artifact(self) -> dn.Artifact[Any]:
        """Returns the artifact that the function makes of these parameters: the same as when it is called."""
        found = self._artifact
        if found is None:
            task = type(self).__datanectar_task__
            values = {}
            for name, _ in type(self).get_params():
                value = getattr(self, name)
                inputs = next(tasks_in(value), None) is not None
                values[name] = artifacts_in(value) if inputs else thaw(value, _annotation(task, name))
            found = self._artifact = task(**values)
        return found

    def requires(self) -> Any:
        """Returns the tasks that make the inputs."""
        return [task for name, _ in type(self).get_params() for task in tasks_in(getattr(self, name))]

    def output(self) -> ArtifactTarget:
        """Returns the artifact, as a target."""
        return ArtifactTarget(self)

    def complete(self) -> bool:
        """Whether the artifact is stored; a store that does not answer is an error, never a no."""
        return self.artifact().exists()

    def run(self) -> None:
        """Makes the artifact, with logs, hooks and retries as in any run of Datanectar."""
        dn.run(self.artifact(), orchestrator="local", workers=1, load=False)


def as_luigi_task(fn: Any = None, *, namespace: str | None = None, **attributes: Any) -> Any:
    """Returns a function (or a task of Datanectar) as a `luigi.Task` class.

    ::

        @dn.task(task_type="train_model")
        def train(trips: pd.DataFrame, depth: int = 6): ...

        Train = as_luigi_task(train, priority=10)     # luigi --module pipeline pipeline.train --depth 8 …

    Its parameters are those of the function, typed. One whose annotation is no plain type is an input: it is given as
    a task, of Luigi or of Datanectar, which is then required. The artifact is the one that calling the task names.

    Args:
        fn: The function; left out when this is a decorator with options.
        namespace: Luigi's namespace of the task; by default the module, so that two modules may have a ``train``.
        **attributes: What Luigi reads off a task: ``priority``, ``resources``, ``retry_count``, ``worker_timeout``, ….

    Raises:
        TaskDefinitionError: It cannot be a task of Luigi: the message says why.
    """
    if fn is None:
        return lambda decorated: as_luigi_task(decorated, namespace=namespace, **attributes)
    task: Any = fn if isinstance(fn, dn.Task) else dn.task(fn)
    if not namespace and not attributes and task in _made:
        return _made[task]
    unknown = sorted(name for name in attributes if not hasattr(luigi.Task, name))
    if unknown:
        raise dn.errors.TaskDefinitionError(f"as_luigi_task({task.__name__}): Luigi reads no {unknown[0]!r} off a task")
    module = _module_of(task)
    register: Any = type(FunctionTask)
    made: type[FunctionTask] = register(
        task.__name__,
        (FunctionTask,),
        {
            **_parameters(task),
            **attributes,
            "__module__": module,
            "__qualname__": task.__qualname__,
            "__doc__": task.__doc__,
            "__datanectar_task__": task,
            "task_namespace": namespace or module,
            "_visible_in_registry": True,
        },
    )
    _forget_earlier(made)
    _made[task] = made
    return made


def _module_of(task: Any) -> str:
    """The module under which other processes find the task: a script's own, if it can be imported."""
    if "<locals>" in task.__qualname__:
        raise dn.errors.TaskDefinitionError(
            f"{task.__qualname__} is defined inside a function, where no other process finds it: put it at the top of "
            "a module"
        )
    if task.__module__ not in _MAIN:
        return str(task.__module__)
    script = getattr(sys.modules[task.__module__], "__file__", None)
    if script is None:  # at a prompt or in a notebook: for this process and those that it forks
        return str(task.__module__)
    stem = Path(script).stem
    spec = find_spec(stem) if stem.isidentifier() else None
    found = spec is not None and spec.origin is not None and Path(spec.origin).resolve() == Path(script).resolve()
    return stem if found else str(task.__module__)


def _parameters(task: Any) -> dict[str, luigi.Parameter]:
    signature = task.signature
    if signature.rest or signature.extra or signature.positional_only:
        raise dn.errors.TaskDefinitionError(
            f"{task.__name__} has *args, **kwargs or parameters without a name, and those of a Luigi task have names"
        )
    found = {}
    for name, default in signature.defaults.items():
        if name in _RESERVED:
            raise dn.errors.TaskDefinitionError(
                f"{task.__name__}: {name} is a name that Luigi's tasks use themselves; call the parameter something "
                f"else, such as {name}_"
            )
        given = inspect.Parameter.empty if _is_required(default) else default
        annotation = _annotation(task, name)
        options = {} if given is inspect.Parameter.empty else {"default": given}
        if (annotation is None and not options) or (annotation is not None and not is_plain(annotation)):
            found[name] = InputParameter(**options)
        else:
            found[name] = made = parameter_for(name, annotation, given, task.__name__)
            kind: Any = type(made)
            made.__class__ = accepting_tasks(kind)
    return found


def _is_required(default: Any) -> bool:
    return type(default) is object


def _annotation(task: Any, name: str) -> Any:
    """The annotation, or None where there is none or none that can be evaluated."""
    found: Mapping[str, Any] = task.signature.annotations
    hint = found.get(name)
    return None if hint is Any else hint


def _forget_earlier(made: type[FunctionTask]) -> None:
    """A module that is loaded again defines its tasks again; for Luigi they would be two of one name."""
    family = made.get_task_family()

    def is_earlier(other: type) -> bool:
        if other is made or not issubclass(other, FunctionTask) or other.get_task_family() != family:
            return False
        return _file_of(other) == _file_of(made)

    Register._reg = [other for other in Register._reg if not is_earlier(other)]


def _file_of(kind: type[FunctionTask]) -> str:
    return str(inspect.unwrap(kind.__datanectar_task__.fn).__code__.co_filename)


def _revive(module: str, family: str, parameters: Mapping[str, Any]) -> luigi.Task:
    import_module(module)
    return Register.get_task_cls(family)(**parameters)
