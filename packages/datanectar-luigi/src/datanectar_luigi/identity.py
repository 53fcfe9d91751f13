"""What a Luigi task is, in Datanectar's words: the same in every process that has it."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import PurePath
from typing import Any

import luigi
from luigi.parameter import ParameterVisibility
from luigi.task import flatten

import datanectar as dn

#: Parameters and attributes that say what kind of task it is and where its result goes; they are no parameters of it.
KIND = ("task_type", "model_type", "model_family", "storage_layer")
#: What Luigi keeps in the classes of tasks.
LUIGIS_OWN = ("_namespace_at_class_time", "_unconsumed_params")
#: What a worker of Luigi lets a task call while it runs.
CALLBACKS = ("set_tracking_url", "set_status_message", "set_progress_percentage", "decrease_running_resources")
_PLAIN = (type(None), bool, int, float, str, bytes, dt.date, dt.time, dt.timedelta, Decimal, enum.Enum)


def typed_parameters(task: luigi.Task) -> dict[str, Any]:
    """Returns the significant public parameters, as plain values.

    Each is what another process would read from its text: for Luigi ``FloatParameter`` 1 and 1.0 are one task, and a
    plain ``Parameter`` that is given a number is text to an assistant.

    Raises:
        ArgumentError: A value has no text that says which it is, or none that can be read.
    """
    if "param_kwargs" not in vars(task):
        raise dn.errors.ArgumentError(
            f"{type(task).__name__} has no parameters yet: its __init__ has to call super().__init__(*args, **kwargs), "
            "or its base has to be datanectar_luigi.NectarTask"
        )
    return {
        name: _typed(task, name, parameter)
        for name, parameter in type(task).get_params()
        if parameter.significant and parameter.visibility == ParameterVisibility.PUBLIC and name not in KIND
    }


def _typed(task: luigi.Task, name: str, parameter: luigi.Parameter) -> Any:
    value = task.param_kwargs[name]
    text = parameter.serialize(value)
    if isinstance(value, type):  # a TaskParameter's, by its family
        return text
    try:
        read = parameter.normalize(parameter.parse(text))
    except Exception as error:  # whatever a parameter's class says
        raise _refusal(task, name, f"its text {text!r:.80} cannot be read back: {error}") from error
    if isinstance(read, str) and not _is_plain(value):
        raise _refusal(task, name, f"as text a value of type {type(value).__qualname__} does not say which one it is")
    return _plain(read)


def _refusal(task: luigi.Task, name: str, why: str) -> Exception:
    return dn.errors.ArgumentError(
        f"{type(task).__name__}.{name} cannot be part of a name: {why}. Give it a parameter of its type, such as "
        "ListParameter, have another task make it, or declare it significant=False"
    )


def _is_plain(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_plain(item) for pair in value.items() for item in pair)
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return isinstance(value, (*_PLAIN, PurePath)) or getattr(value, "shape", None) == ()  # a number of NumPy


def _plain(value: Any) -> Any:
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return tuple(map(_plain, value))
    if isinstance(value, (set, frozenset)):
        return frozenset(map(_plain, value))
    return value.as_posix() if isinstance(value, PurePath) else {type(value).__qualname__: str(value)}


def required(task: luigi.Task) -> Any:
    """Returns what a task requires, nested as it says: for Luigi any iterable is a list."""
    asked = _nested(task.requires())
    known = flatten(asked)
    others = [other for other in task.deps() if other not in known]  # a template's, or those of delegated tasks
    return [asked, others] if others else asked


def _nested(asked: Any) -> Any:
    if isinstance(asked, Mapping):
        return {key: _nested(item) for key, item in asked.items()}
    if isinstance(asked, (set, frozenset)):
        return frozenset(asked)
    if isinstance(asked, (luigi.Task, dn.Artifact)) or not isinstance(asked, Iterable):
        return [] if asked is None else asked
    return [_nested(item) for item in asked]


def kind_of(task: luigi.Task, options: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Returns a task's type and family: what the decorator says, else attributes or parameters of these names.

    Raises:
        TaskDefinitionError: They are said twice.
    """
    check_kind(type(task), options)
    model_family, model_type = _word(task, "model_family"), _word(task, "model_type")
    if model_family and model_type and model_family != model_type:
        raise dn.errors.TaskDefinitionError(
            f"{type(task).__name__}: model_family={model_family!r} and model_type={model_type!r} are two words for one "
            "thing; keep one"
        )
    task_type = options.get("task_type") or _word(task, "task_type")
    return task_type, options.get("model_family") or model_family or model_type


def check_kind(kind: type[luigi.Task], options: Mapping[str, Any]) -> None:
    """Refuses to have said in the decorator what a parameter says: tasks that differ in it would share a name.

    Raises:
        TaskDefinitionError: It is so.
    """
    for option, names in {"task_type": ("task_type",), "model_family": ("model_family", "model_type")}.items():
        for name in names:
            if options.get(option) and isinstance(getattr(kind, name, None), luigi.Parameter):
                raise dn.errors.TaskDefinitionError(
                    f"{kind.__name__} has the parameter {name}, and @dn.task says {option}={options[option]!r}; keep "
                    f"one: the parameter's default can be {options[option]!r}"
                )


def _word(task: luigi.Task, name: str) -> str | None:
    found = getattr(task, name, None)
    return found if isinstance(found, str) and found else None


def library_bases(kind: type[luigi.Task]) -> tuple[type, ...]:
    """Returns the bases whose code is not the user's."""
    return tuple(base for base in kind.__mro__ if base.__module__.split(".")[0] in ("luigi", "datanectar_luigi"))
