"""Functions as real tasks of Luigi."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from functools import cached_property
from importlib import import_module
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

import luigi
from luigi.task_register import Register
from luigi.worker import TaskProcess

import datanectar as dn
from datanectar_luigi.decoration import bulk_complete, complete, output
from datanectar_luigi.homes import MAIN, module_of
from datanectar_luigi.inputs import as_argument, describe, tasks_in, thaw
from datanectar_luigi.signatures import parameter_for

#: Under which core looks for the task where a step of its own names what stands in a module.
_TASK = "__datanectar_task__"
_made: WeakKeyDictionary[Any, type[FunctionTask]] = WeakKeyDictionary()


class FunctionTask(luigi.Task):
    """A function as a task of Luigi; `as_luigi_task` makes subclasses."""

    _visible_in_registry = False
    __datanectar_task__: ClassVar[Any] = None
    output = output
    complete = complete
    bulk_complete = classmethod(bulk_complete)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._artifact = self._call()

    @classmethod
    def get_param_values(cls, params: Any, args: Iterable[Any], kwargs: Mapping[str, Any]) -> Any:
        values = super().get_param_values(params, args, kwargs)
        parameters = dict(params)
        return [_NamedValue((name, value), parameters[name].serialize(value)) for name, value in values]

    def __reduce__(self) -> tuple[Any, ...]:
        kind = type(self)
        return _revive, (kind.__module__, kind.get_task_family(), self.param_kwargs)

    def __repr__(self) -> str:
        return self._shown

    @cached_property
    def _shown(self) -> str:
        # Luigi's own shows parameters twice a level, and so takes an hour for tasks in tasks, twenty deep.
        shown = []
        for name, value in self.param_kwargs.items():
            tasks = [task.task_id for task in tasks_in(value)]
            shown.append(f"{name}={', '.join(tasks) or getattr(type(self), name).serialize(value)}")
        return f"{self.get_task_family()}({', '.join(shown)})"

    def artifact(self) -> dn.Artifact[Any]:
        """Returns the artifact that the function makes of these parameters: the same as when it is called."""
        return self._artifact

    def _call(self) -> dn.Artifact[Any]:
        values = {name: as_argument(thaw(value)) for name, value in self.param_kwargs.items()}
        return type(self).__datanectar_task__(**values)  # type: ignore[no-any-return]

    @cached_property
    def _description(self) -> dict[str, Any]:
        return describe(self)

    @cached_property
    def _inputs(self) -> tuple[luigi.Task, ...]:
        return tuple(dict.fromkeys(tasks_in(self.param_kwargs)))

    def requires(self) -> Any:
        """Returns the tasks that make the inputs."""
        return list(self._inputs)

    def run(self) -> None:
        """Makes the artifact, with logs, hooks and retries as in any run of Datanectar."""
        dn.run(self.artifact(), orchestrator="local", workers=1, load=False)


#: The names that tasks of Luigi use themselves, those included that they and workers set on instances.
_RESERVED = {*dir(FunctionTask), *dir(luigi.Task()), *TaskProcess.forward_reporter_attributes.values(), "storage_layer"}


class _NamedValue(tuple[Any, ...]):
    """A parameter's name and value. Luigi keeps instances by these, and to Python 1, 1.0 and True are the same."""

    def __new__(cls, pair: tuple[str, Any], text: str) -> _NamedValue:
        made = super().__new__(cls, pair)
        made.text = text
        return made

    text: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _NamedValue) and (self[0], self.text) == (other[0], other.text)

    def __hash__(self) -> int:
        return hash((self[0], self.text))


def as_luigi_task(fn: Any = None, *, namespace: str | None = None, **attributes: Any) -> Any:
    """Returns a function (or a task of Datanectar) as a `luigi.Task` class.

    ::

        @dn.task(task_type="train_model")
        def train(trips: pd.DataFrame, depth: int = 6): ...

        Train = as_luigi_task(train, priority=10)     # luigi --module pipeline pipeline.train --depth 8 …

    Its parameters are those of the function, typed. One whose annotation is no plain type is an input: it is given as
    a task, of Luigi or of Datanectar, which is then required; one of a plain type may be given so, too. The artifact
    is the one that calling the task names.

    Args:
        fn: The function; left out when this is a decorator with options.
        namespace: Luigi's namespace of the task; by default the module, so that two modules may have a ``train``.
        **attributes: What Luigi reads off a task: ``priority``, ``resources``, ``retry_count``, ``worker_timeout``, ….

    Raises:
        TaskDefinitionError: It cannot be a task of Luigi: the message says why.
    """
    if fn is None:
        return lambda decorated: as_luigi_task(decorated, namespace=namespace, **attributes)
    task = _task(fn)
    if not namespace and not attributes and task in _made:
        return _made[task]
    _check_attributes(task, attributes)
    module = module_of(task)
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
            _TASK: task,
            "task_namespace": namespace or module,
            "_visible_in_registry": True,
        },
    )
    _forget_earlier(made)
    _made[task] = made
    return made


def task_of_call(call: Any) -> luigi.Task:
    """Returns the task of Luigi for a call of Datanectar's: of the class made for it, or of one for all others."""
    kind = _made.get(call.definition)
    if kind is not None:
        return kind(**call.arguments)
    from datanectar_luigi.calls import Call

    return Call.of(call)


def _task(fn: Any) -> Any:
    if isinstance(fn, dn.Task):
        return fn
    if isinstance(fn, type):
        raise dn.errors.TaskDefinitionError(
            f"as_luigi_task is for functions, and {fn.__name__} is a class; derive it from datanectar_luigi.NectarTask"
        )
    task = getattr(fn, _TASK, None)
    if task is None:
        task = dn.task(fn)
        setattr(inspect.unwrap(fn), _TASK, task)
    return task


def _check_attributes(task: Any, attributes: Mapping[str, Any]) -> None:
    for name in attributes:
        if not hasattr(luigi.Task, name):
            raise dn.errors.TaskDefinitionError(
                f"as_luigi_task({task.__name__}): Luigi reads no {name!r} off a task. Options of Datanectar, such as "
                "task_type, are given to @dn.task"
            )
        if callable(getattr(luigi.Task, name)):
            raise dn.errors.TaskDefinitionError(f"as_luigi_task({task.__name__}): {name} is a method of Luigi's tasks")


def _parameters(task: Any) -> dict[str, luigi.Parameter]:
    signature = task.signature
    if signature.rest or signature.extra or signature.positional_only:
        raise dn.errors.TaskDefinitionError(
            f"{task.__name__} has *args, **kwargs or parameters without a name, and those of a Luigi task have names"
        )
    found: dict[str, luigi.Parameter] = {}
    for name, default in signature.defaults.items():
        if name in _RESERVED:
            raise dn.errors.TaskDefinitionError(
                f"{task.__name__}: {name} is a name that Luigi's tasks use themselves; call the parameter something "
                f"else, such as {name}_"
            )
        hint = signature.annotations.get(name)
        if hint is dn.Secret:
            raise dn.errors.TaskDefinitionError(
                f"{task.__name__}: {name} is a secret, and Luigi shows parameters to everybody; read it in the function"
            )
        given = inspect.Parameter.empty if type(default) is object else default
        options = {"takes_tasks": True, "significant": name not in task.ignore}
        found[name] = parameter_for(name, hint, given, task.__name__, **options)
    return found


def _forget_earlier(made: type[FunctionTask]) -> None:
    """A module that is loaded again defines its tasks again; for Luigi they would be two of one name."""
    family = made.get_task_family()

    def is_earlier(other: type) -> bool:
        if other is made or not issubclass(other, FunctionTask) or other.get_task_family() != family:
            return False
        return _file_of(other) == _file_of(made) or made.__module__ in MAIN

    Register._reg = [other for other in Register._reg if not is_earlier(other)]


def _file_of(kind: type[FunctionTask]) -> str:
    return str(inspect.unwrap(kind.__datanectar_task__.fn).__code__.co_filename)


def _revive(module: str, family: str, parameters: Mapping[str, Any]) -> luigi.Task:
    import_module(module)
    return Register.get_task_cls(family)(**parameters)
