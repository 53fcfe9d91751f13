"""What a Luigi task is, in Datanectar's words."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import luigi
from luigi.parameter import ParameterVisibility

#: Parameters and attributes that say what kind of task it is and where its result goes; they are no parameters of it.
KIND = ("task_type", "model_type", "model_family", "storage_layer")
_PLAIN = (type(None), bool, int, float, str, bytes, dt.date, dt.time, dt.timedelta, Decimal, enum.Enum)


def typed_parameters(task: luigi.Task) -> dict[str, Any]:
    """Returns the values of the significant public parameters, as plain values; what is none is its text."""
    return {
        name: _plain(task.param_kwargs[name], parameter)
        for name, parameter in type(task).get_params()
        if parameter.significant and parameter.visibility == ParameterVisibility.PUBLIC and name not in KIND
    }


def _plain(value: Any, parameter: luigi.Parameter) -> Any:
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Mapping):
        return {key: _plain(item, parameter) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        kind = type(value) if type(value) in (list, tuple, set, frozenset) else tuple
        return kind(_plain(item, parameter) for item in value)
    return parameter.serialize(value)


def word(task: luigi.Task, *names: str) -> str | None:
    """Returns the first of some attributes (or parameters) that is set, such as the task's type."""
    return next((found for name in names if isinstance(found := getattr(task, name, None), str) and found), None)


def library_base(kind: type[luigi.Task]) -> type:
    """Returns the first base whose code is not the user's."""
    return next(base for base in kind.__mro__ if base.__module__.split(".")[0] in ("luigi", "datanectar_luigi"))
