"""What a task can be called with. Read off the function's code: `inspect` costs more to import than all of this."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final

from datanectar.errors import ArgumentError
from datanectar.values.annotations import UNKNOWN

REQUIRED: Final = object()
_VARARGS, _VARKEYWORDS = 0x04, 0x08


class Signature:
    """Names, defaults and annotations of parameters.

    Attributes:
        task: The task's name, for messages.
        positional: Names that can be given by position, in order.
        positional_only: How many of those cannot be given by name.
        defaults: Defaults by name; `REQUIRED` where there is none. Its order is that of the parameters.
        rest: The name of ``*args``, or an empty string.
        extra: The name of ``**kwargs``, or an empty string.
    """

    def __init__(
        self,
        task: str,
        positional: tuple[str, ...],
        defaults: dict[str, Any],
        annotations: Callable[[], Mapping[str, Any]],
        positional_only: int = 0,
        rest: str = "",
        extra: str = "",
    ) -> None:
        self.task, self.positional, self.defaults = task, positional, defaults
        self.positional_only, self.rest, self.extra = positional_only, rest, extra
        self._annotations = annotations
        self._required = [name for name, default in defaults.items() if default is REQUIRED]
        self._by_name = defaults.keys() - positional[:positional_only]

    @cached_property
    def annotations(self) -> Mapping[str, Any]:
        """Resolved annotations; what cannot be resolved is `UNKNOWN`."""
        return self._annotations()

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Returns all parameters of a call by name, defaults included.

        Raises:
            ArgumentError: A name is wrong or given twice, or an argument is missing or too many.
        """
        if len(args) > len(self.positional) and not self.rest:
            raise self._refusal(f"takes {len(self.positional)} positional arguments, got {len(args)}")
        complete = self.defaults.copy()
        complete.update(zip(self.positional, args, strict=False))
        extra: dict[str, Any] = {}
        for name, value in kwargs.items():
            if name in self._by_name:
                if name in self.positional[: len(args)]:
                    raise self._refusal(f"got {name} twice")
                complete[name] = value
            elif self.extra:
                extra[name] = value
            else:
                raise self._refusal(self._wrong_name(name))
        missing = [name for name in self._required if complete[name] is REQUIRED]
        if missing:
            raise self._refusal(f"is called without {', '.join(missing)}")
        if self.rest:
            complete[self.rest] = tuple(args[len(self.positional) :])
        if self.extra:
            complete[self.extra] = extra
        return complete

    def spread(self, arguments: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Returns bound arguments as the positional and keyword arguments of a call."""
        by_position = len(self.positional) if self.rest else self.positional_only
        args = [arguments[name] for name in self.positional[:by_position]]
        taken = {*self.positional[:by_position], self.rest, self.extra}
        keywords = {name: value for name, value in arguments.items() if name not in taken}
        return [*args, *arguments.get(self.rest, ())], {**keywords, **arguments.get(self.extra, {})}

    def _refusal(self, what: str) -> ArgumentError:
        return ArgumentError(f"{self.task}() {what}; its parameters: {', '.join(self._described()) or 'none'}")

    def _described(self) -> list[str]:
        names = [name if default is REQUIRED else f"{name}={default!r}" for name, default in self.defaults.items()]
        return names + [f"*{self.rest}"] * bool(self.rest) + [f"**{self.extra}"] * bool(self.extra)

    def _wrong_name(self, name: str) -> str:
        import difflib

        near = difflib.get_close_matches(name, self.defaults, 1)
        return f"has no parameter {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")


def of_function(function: Any, task: str, *, skip_first: bool = False) -> Signature:
    """Returns the signature of a Python function, without `self` if `skip_first`."""
    code = function.__code__
    start = int(skip_first)
    positional = code.co_varnames[start : code.co_argcount]
    keyword_only = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    defaults = dict.fromkeys((*positional, *keyword_only), REQUIRED)
    given = function.__defaults__ or ()
    defaults.update(zip(positional[len(positional) - len(given) :], given, strict=False))
    defaults.update(function.__kwdefaults__ or {})
    stars = iter(code.co_varnames[code.co_argcount + code.co_kwonlyargcount :])
    return Signature(
        task,
        positional,
        defaults,
        lambda: resolve_annotations(function.__annotations__, function),
        max(0, code.co_posonlyargcount - start),
        next(stars) if code.co_flags & _VARARGS else "",
        next(stars) if code.co_flags & _VARKEYWORDS else "",
    )


def resolve_annotations(annotations: Mapping[str, Any], owner: Any) -> dict[str, Any]:
    """Evaluates annotations that are text, one by one; names that are only there for type checkers stay unknown."""
    if isinstance(owner, type):
        module = sys.modules.get(owner.__module__)
        names, local = dict(vars(module)) if module else {}, dict(vars(owner))
    else:
        names, local = owner.__globals__, _closure(owner)
    return {name: _evaluate(annotation, names, local) for name, annotation in annotations.items()}


def _evaluate(annotation: Any, names: dict[str, Any], local: dict[str, Any]) -> Any:
    if annotation is None:
        return None
    if not isinstance(annotation, str):
        return annotation
    try:
        return eval(annotation, names, local)
    except Exception:  # whatever evaluating a name that is not there, or half there, may raise
        return UNKNOWN


def _closure(function: Any) -> dict[str, Any]:
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    return found
