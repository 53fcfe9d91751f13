"""A plain constructor as the source of a task's parameters."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from functools import wraps
from typing import Any

import luigi

import datanectar as dn
from datanectar_luigi.identity import KIND
from datanectar_luigi.inputs import thaw
from datanectar_luigi.layer_parameter import StorageLayerParameter
from datanectar_luigi.signatures import parameter_for, resolved_annotations


class Constructor:
    """An ``__init__`` with arguments of its own: Luigi gets a parameter for each, and the body runs as it is."""

    def __init__(self, signature: inspect.Signature) -> None:
        self.signature = signature

    @classmethod
    def install(cls, kind: type[luigi.Task]) -> None:
        """Gives a class the parameters that its constructor tells of; one that takes all of Luigi's is left alone.

        Raises:
            TaskDefinitionError: An argument has a name or type that a parameter cannot have.
        """
        function = vars(kind)["__init__"]
        arguments = list(inspect.signature(function).parameters.values())[1:]
        stars = {argument.kind for argument in arguments}
        if stars & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}:
            return
        annotations = resolved_annotations(function)
        for argument in arguments:
            if not isinstance(getattr(kind, argument.name, None), luigi.Parameter):
                parameter = _parameter(kind, argument, annotations.get(argument.name))
                setattr(kind, argument.name, parameter)
                if hasattr(parameter, "__set_name__"):  # from Luigi 3.8 on a parameter wants to know its name
                    parameter.__set_name__(kind, argument.name)
        kind._constructor = cls(inspect.Signature(arguments))
        kind.__init__ = _after_luigi(kind, function)

    def bind(self, args: Iterable[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Returns a call's arguments by name; those of inherited parameters, which the constructor lacks, too."""
        own = {name: value for name, value in kwargs.items() if name in self.signature.parameters}
        others = {name: value for name, value in kwargs.items() if name not in own}
        return {**others, **self.signature.bind_partial(*args, **own).arguments}


def _parameter(kind: type[luigi.Task], argument: inspect.Parameter, annotation: Any) -> luigi.Parameter:
    if argument.name == "storage_layer":
        default = "" if argument.default in (None, inspect.Parameter.empty) else argument.default
        return StorageLayerParameter(default=default)
    of_class = getattr(kind, argument.name, None)
    if argument.name in KIND and argument.default is None and of_class is not None:
        return parameter_for(argument.name, str | None, of_class, kind.__name__)
    if hasattr(luigi.Task, argument.name):
        raise dn.errors.TaskDefinitionError(
            f"{kind.__name__}: {argument.name} is a name that Luigi uses itself; call the argument something else"
        )
    return parameter_for(argument.name, annotation, argument.default, kind.__name__)


def _after_luigi(kind: type[luigi.Task], function: Any) -> Any:
    @wraps(function)
    def __init__(self: luigi.Task, *args: Any, **kwargs: Any) -> Any:
        if "param_kwargs" in vars(self):  # called by the constructor of a derived class, with what that chose
            return function(self, *args, **kwargs)
        constructor = kind._constructor
        luigi.Task.__init__(self, **constructor.bind(args, kwargs))
        # Not what was given, which in another process comes from text: the body must see the same everywhere.
        wanted = constructor.signature.parameters
        return function(self, **{name: thaw(getattr(self, name)) for name in wanted})

    return __init__
