"""From annotations to parameters of Luigi, typed, whose values come back from text as they went."""

from __future__ import annotations

import datetime as dt
import enum
import inspect
import types
import typing
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import luigi

import datanectar as dn
from datanectar_luigi.containers import WRONG, Items, OneOf, Pairs
from datanectar_luigi.forms import Choice, Form, Input, Text, is_task
from datanectar_luigi.inputs import freeze, holds_task, parse_tasks, text_of_tasks, thaw
from datanectar_luigi.spellings import SCALARS, of_enum

_NO_DEFAULT = inspect.Parameter.empty


class ValueParameter(luigi.Parameter):
    """A parameter of a type that is known; it takes, besides values, the tasks that make them.

    Args:
        form: The type, and how its values are written.
        place: Whose parameter it is and its name, for messages.
        takes_tasks: Whether tasks and artifacts may stand for values.
    """

    def __init__(self, form: Form, place: str, takes_tasks: bool, **options: Any) -> None:
        super().__init__(**form.options, **options)
        if "default" not in options:  # a bool of Luigi's is False by default, where a function wants to be told
            self._default = luigi.Parameter()._default
        self.form, self.place, self.takes_tasks = form, place, takes_tasks

    def normalize(self, value: Any) -> Any:
        given = thaw(value)
        try:
            if not self.takes_tasks and holds_task(given):
                raise ValueError("tasks are given by requires()")
            return freeze(self.form.read(self.form.write(given)))
        except WRONG as error:
            raise self._refusal(f"what was given is {_shown(given)}", error) from error

    def parse(self, text: Any) -> Any:
        try:
            tasks = parse_tasks(str(text))
            return self.normalize(self.form.parse(str(text)) if tasks is None else self.form.read(tasks))
        except dn.errors.ArgumentError:
            raise
        except WRONG as error:
            raise self._refusal(f"the text is {text!r:.80}", error) from error

    def serialize(self, value: Any) -> str:
        given = thaw(value)
        if not holds_task(given):
            return self.form.text(given)
        return text_of_tasks(self.form.write(given))

    def next_in_enumeration(self, value: Any) -> Any:
        return super().next_in_enumeration(value) if type(value) in (int, dt.date) else None

    def _refusal(self, what: str, error: BaseException) -> Exception:
        why = f": {error}" if isinstance(error, ValueError) and str(error) else ""
        return dn.errors.ArgumentError(f"{self.place} wants {self.form.wanted}, but {what}{why}")

    def _warn_on_wrong_param_type(self, name: str, value: Any) -> None:
        """Luigi warns of values that are not what it expects; these have been looked at."""


def _shown(value: Any) -> str:
    is_plain = type(value).__module__ in ("builtins", "datetime") or is_task(value)
    return f"{value!r:.80}" if is_plain else f"a {type(value).__qualname__}"


@cache
def _typed(kind: type[luigi.Parameter]) -> type[ValueParameter]:
    return type(kind.__name__, (ValueParameter, kind), {})


def parameter_for(
    name: str, annotation: Any, default: Any, owner: str, *, takes_tasks: bool = False, significant: bool = True
) -> ValueParameter:
    """Returns the parameter of Luigi for one of a function's.

    Args:
        name: Its name.
        annotation: Its resolved annotation; None where there is none: then the type of the default decides.
        default: Its default, or `inspect.Parameter.empty`.
        owner: Whose parameter it is, for messages.
        takes_tasks: Whether tasks and artifacts may stand for values; only then may its type have no form as text.
        significant: Whether it tells two tasks apart.

    Raises:
        TaskDefinitionError: Its type has no form as text, or its default is of another type.
    """
    form = form_of(type(default) if annotation is None and type(default) in SCALARS else annotation)
    if default is None and not isinstance(form, OneOf):
        form = OneOf([form], with_none=True) if type(form) is not Form else form  # ``depth: int = None`` is a habit
    if not takes_tasks and isinstance(form, Input):
        raise dn.errors.TaskDefinitionError(
            f"{owner}: {name} is annotated as {form.kind}, which has no form as text. Parameters of Luigi tasks are "
            "plain values, and lists, tuples, sets and dicts of them; what is made by another task is an input"
        )
    options = {} if default is _NO_DEFAULT else {"default": default}
    kind: Any = form.parameter
    made = _typed(kind)(form, f"{owner}(): {name}", takes_tasks, significant=significant, **options)
    made.description = form.wanted
    if default is not _NO_DEFAULT:
        try:
            made.normalize(default)
        except dn.errors.ArgumentError as error:
            raise dn.errors.TaskDefinitionError(f"the default does not fit: {error}") from error
    return made


def form_of(annotation: Any) -> Form:
    """Returns how values of an annotation are written; None stands for no annotation."""
    kind = getattr(annotation, "__supertype__", getattr(annotation, "__value__", annotation))
    origin, arguments = typing.get_origin(kind) or kind, typing.get_args(kind)
    if kind in (None, Any, object):
        return Form()
    if origin is typing.Annotated:
        return form_of(arguments[0])
    if origin in (typing.Union, types.UnionType):
        members = sorted((member for member in arguments if member is not type(None)), key=_rank)
        return OneOf([form_of(member) for member in members], type(None) in arguments)
    if origin is typing.Literal:
        return Choice(arguments)
    if origin in _ITEMS:
        return _items(_ITEMS[origin], arguments, _name(kind), origin not in (list, tuple))
    if origin in (dict, Mapping):
        key, item = arguments or (str, None)
        return Pairs(Text() if key is Any else form_of(key), form_of(item), _name(kind))
    if kind in SCALARS:
        return SCALARS[kind]()
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return of_enum(kind)
    return Input(_name(kind))


def _items(kind: type, arguments: tuple[Any, ...], wanted: str, exact: bool) -> Form:
    if kind is tuple and arguments and arguments[-1] is not Ellipsis:
        return Items(kind, [form_of(item) for item in arguments], wanted)
    return Items(kind, form_of(arguments[0] if arguments else None), wanted, exact)


def _name(kind: Any) -> str:
    return kind.__qualname__ if isinstance(kind, type) and not typing.get_args(kind) else str(kind)


#: The order in which a text is tried: most text can be read as what comes last.
def _rank(member: Any) -> int:
    return (int, float, bool).index(member) if member in (int, float, bool) else 3 + (member is str)


_ITEMS: dict[Any, type] = {
    **{kind: kind for kind in (list, tuple, set, frozenset)},
    **dict.fromkeys((Sequence, Collection, Iterable), list),
}


def resolved_annotations(function: Any) -> dict[str, Any]:
    """Returns the annotations of a function, those that are text evaluated; what cannot be is left out."""
    try:
        return typing.get_type_hints(function, include_extras=True)
    except Exception:  # whatever evaluating a name that is not there, or half there, may raise
        return {name: hint for name, hint in function.__annotations__.items() if not isinstance(hint, str)}
