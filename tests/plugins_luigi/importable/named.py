"""Plain tasks of Luigi, in whatever has a part in their names."""

from __future__ import annotations

import enum
from typing import Any

import luigi
from luigi.util import delegates

import datanectar as dn


class Color(enum.Enum):
    RED = 1


class AnyText(luigi.Task):
    x = luigi.Parameter(default=None)


class Real(luigi.Task):
    x = luigi.FloatParameter()


class Whole(luigi.Task):
    x = luigi.IntParameter()


class Optional(luigi.Task):
    x = luigi.OptionalParameter(default=None)


class Items(luigi.Task):
    x = luigi.ListParameter()


class Mapping(luigi.Task):
    x = luigi.DictParameter()


class Path(luigi.Task):
    x = luigi.PathParameter()


class Interval(luigi.Task):
    x = luigi.DateIntervalParameter()


class Class(luigi.Task):
    x = luigi.TaskParameter()


class Day(luigi.Task):
    x = luigi.DateParameter()


class Choice(luigi.Task):
    x = luigi.ChoiceParameter(var_type=int, choices=[1, 2])


class Enum(luigi.Task):
    x = luigi.EnumParameter(enum=Color)


class Enums(luigi.Task):
    x = luigi.EnumListParameter(enum=Color)


class Hidden(luigi.Task):
    """Parameters that do not tell two tasks apart."""

    x = luigi.IntParameter(default=1)
    jobs = luigi.IntParameter(default=1, significant=False)
    token = luigi.Parameter(default="", visibility=luigi.parameter.ParameterVisibility.HIDDEN)
    password = luigi.Parameter(default="", visibility=luigi.parameter.ParameterVisibility.PRIVATE)


class NeedsASet(luigi.Task):
    def requires(self) -> Any:
        return {Whole(x=x) for x in range(8)}


class NeedsByName(luigi.Task):
    """By what is no parameter of its name, it has its inputs the other way round."""

    swapped = luigi.BoolParameter(significant=False)
    first = luigi.ChoiceParameter(choices=["left", "right"], default="left", significant=False)

    def requires(self) -> Any:
        needed = {"left": Whole(x=2 if self.swapped else 1), "right": Whole(x=1 if self.swapped else 2)}
        return needed if self.first == "left" else {"right": needed["right"], "left": needed["left"]}


class NeedsInTurn(luigi.Task):
    def requires(self) -> Any:
        yield Whole(x=1)
        yield {"second": [Whole(x=2)]}


class Template(luigi.Task):
    """A template of Luigi's kind: what it needs, derived classes need as well."""

    def _requires(self) -> Any:
        return [*super()._requires(), Whole(x=99)]


class OfATemplate(Template):
    def requires(self) -> Any:
        return Whole(x=1)


class Helper(luigi.Task):
    def requires(self) -> Any:
        return Whole(x=5)


@delegates
class Delegates(luigi.Task):
    def subtasks(self) -> Any:
        return Helper()


class AsksFirst(luigi.Task):
    """Looks at what is stored before it says what it needs, by a store, its output and its own name's kind."""

    def requires(self) -> Any:
        return [] if dn.storage_layer().exists("any/thing/else") or self.output() else Whole(x=1)


class SkipsSuper(luigi.Task):
    def __init__(self) -> None:
        pass


class OneWay(luigi.Parameter):
    def parse(self, text: str) -> Any:
        raise ValueError("no idea")


class Unreadable(luigi.Task):
    x = OneWay()
