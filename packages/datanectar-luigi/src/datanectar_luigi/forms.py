"""The types that a parameter can have, each with a form as text that is read back as exactly what it was.

A value in a list or dict has a form in JSON. Tasks, which stand for the values that they make, are left in it as
they are: `inputs` writes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

import luigi

#: What a text that stands for tasks starts with; see `inputs`.
TASKS = '{"$tasks": '


def kind_and_value(value: Any) -> Any:
    """Returns something by which two plain values are equal only if they are of one type and the same all through."""
    if isinstance(value, Mapping):
        return type(value), sorted((repr(kind_and_value(key)), kind_and_value(value[key])) for key in value)
    if isinstance(value, (list, tuple)):
        return type(value), list(map(kind_and_value, value))
    if isinstance(value, (set, frozenset)):
        return type(value), sorted(repr(kind_and_value(item)) for item in value)
    return type(value), repr(value)


class Form:
    """Anything that JSON has. As text, what is no JSON is text.

    Attributes:
        wanted: The type, as people write it.
        parameter: The class of Luigi that its parameters are of.
        options: What that class wants to be told.
    """

    wanted: str = "None, a bool, number or text, or a list or dict (with text as keys) of those"
    parameter: type[luigi.Parameter] = luigi.Parameter
    options: Mapping[str, Any] = {}

    def write(self, value: Any) -> Any:
        """Returns a value in JSON; where its type loses nothing, it is brought to this one.

        Raises:
            ValueError: It is no value of this type.
        """
        if is_task(value) or value is None or type(value) in (bool, int, float, str):
            return value
        if type(value) is list:
            return [self.write(item) for item in value]
        if type(value) is dict and all(type(key) is str and key[:1] != "$" for key in value):
            return {key: self.write(item) for key, item in value.items()}
        raise ValueError(f"{type(value).__name__} is not in JSON")

    def read(self, document: Any) -> Any:
        """Returns the value that `write` wrote."""
        return document

    def text(self, value: Any) -> str:
        """Returns the text of a value without tasks."""
        document = self.write(value)
        if type(document) is str:
            with suppress(ValueError):
                json.loads(document)
                return json.dumps(document)
            return document
        return json.dumps(document, sort_keys=True)

    def parse(self, text: str) -> Any:
        """Returns the value of a text.

        Raises:
            ValueError: It is the text of no value of this type.
        """
        try:
            return json.loads(text)
        except ValueError:
            return text


@dataclass(frozen=True)
class Part:
    """A part of what a task makes.

    Attributes:
        task: The task.
        keys: The keys that lead to it.
    """

    task: luigi.Task
    keys: tuple[Any, ...]


def is_task(value: Any) -> bool:
    """Whether something stands for the value that a task makes."""
    return isinstance(value, (luigi.Task, Part))


class Number(Form):
    """A bool, int or float."""

    _parameters: ClassVar[dict[type, type[luigi.Parameter]]] = {
        bool: luigi.BoolParameter,
        int: luigi.IntParameter,
        float: luigi.FloatParameter,
    }
    _booleans: ClassVar = {"true": True, "yes": True, "on": True, "1": True}
    _booleans |= {"false": False, "no": False, "off": False, "0": False}

    def __init__(self, kind: type) -> None:
        self.kind, self.wanted, self.parameter = kind, kind.__name__, self._parameters[kind]
        if kind is bool:
            self.options = {"parsing": luigi.BoolParameter.EXPLICIT_PARSING}

    def write(self, value: Any) -> Any:
        return value if is_task(value) else self.read(value)

    def read(self, document: Any) -> Any:
        if self.kind is float and type(document) is int and float(document) == document:
            return float(document)
        if is_task(document) or type(document) is self.kind:
            return document
        raise ValueError

    def text(self, value: Any) -> str:
        return repr(self.write(value))

    def parse(self, text: str) -> Any:
        if self.kind is bool:
            if text.lower() not in self._booleans:
                raise ValueError
            return self._booleans[text.lower()]
        return self.kind(text)


class Text(Form):
    """A str: as text it is itself, but in quotes where it starts like one in quotes, or like tasks."""

    wanted = "str"

    def write(self, value: Any) -> Any:
        if is_task(value) or type(value) is str:
            return value
        raise ValueError

    def read(self, document: Any) -> Any:
        return self.write(document)

    def text(self, value: Any) -> str:
        return json.dumps(value) if value.startswith(('"', TASKS)) else str(value)

    def parse(self, text: str) -> Any:
        if text[:1] == '"':
            with suppress(ValueError):
                return self.read(json.loads(text))
        return text


class Choice(Form):
    """One of some values."""

    def __init__(self, choices: Sequence[Any]) -> None:
        self.by_text: dict[str, Any] = {}
        for choice in choices:
            text = str(choice)
            self.by_text[repr(choice) if text in self.by_text else text] = choice
        self.wanted = " or ".join(map(repr, choices))
        kinds = set(map(type, choices))
        if len(kinds) == 1:
            self.parameter = luigi.ChoiceParameter
            self.options = {"choices": list(choices), "var_type": kinds.pop()}

    def write(self, value: Any) -> Any:
        if is_task(value):
            return value
        for text, choice in self.by_text.items():
            if kind_and_value(choice) == kind_and_value(value):
                return text
        raise ValueError

    def read(self, document: Any) -> Any:
        if is_task(document):
            return document
        text = document if type(document) is str else str(document)
        if text in self.by_text:
            return self.by_text[text]
        raise ValueError

    def text(self, value: Any) -> str:
        return str(self.write(value))

    def parse(self, text: str) -> Any:
        return self.read(text)


class Input(Form):
    """Only what another task makes: its type has no form as text."""

    def __init__(self, wanted: str) -> None:
        self.kind = wanted
        self.wanted = f"a task that makes it ({wanted}), of Luigi or of Datanectar"

    def write(self, value: Any) -> Any:
        if is_task(value):
            return value
        raise ValueError("that has no form as text, as which Luigi passes parameters on")

    def read(self, document: Any) -> Any:
        return self.write(document)

    def text(self, value: Any) -> str:
        return str(self.write(value))

    def parse(self, text: str) -> Any:
        raise ValueError(f"a {self.kind} has none as text")
