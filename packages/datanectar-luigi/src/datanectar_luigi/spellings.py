"""Types whose values have a spelling: dates, numbers, members of an Enum."""

from __future__ import annotations

import datetime as dt
import enum
import re
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import luigi

import datanectar as dn
from datanectar_luigi.forms import Form, Number, Text, is_task, kind_and_value


class Spelled(Form):
    """A value of one type that has a spelling, such as a date.

    Args:
        kind: The type.
        spell: Gives the text of a value.
        read: Gives the value of a text.
        parameter: The class of Luigi that its parameters are of.
        takes_text: Whether a text may be given for a value, as the annotation allows in Python, too.
        **options: What the class of Luigi wants to be told.
    """

    def __init__(
        self,
        kind: type,
        spell: Callable[[Any], str],
        read: Callable[[str], Any],
        parameter: type[luigi.Parameter] = luigi.Parameter,
        takes_text: bool = False,
        **options: Any,
    ) -> None:
        self.kind, self._spell, self._read, self._takes_text = kind, spell, read, takes_text
        self.wanted, self.parameter, self.options = kind.__qualname__, parameter, options

    def write(self, value: Any) -> Any:
        if is_task(value):
            return value
        if self._takes_text and type(value) is str:
            value = self._read(value)
        if type(value) is not self.kind:
            raise ValueError
        spelled = self._spell(value)
        if kind_and_value(self._read(spelled)) != kind_and_value(value):
            raise ValueError("as text it is not all that it is")
        return spelled

    def read(self, document: Any) -> Any:
        return document if is_task(document) else self._read(document)

    def text(self, value: Any) -> str:
        return str(self.write(value))

    def parse(self, text: str) -> Any:
        return self._read(text)


def of_enum(kind: type[enum.Enum]) -> Form:
    """Returns the form of an Enum: a member's name; its value is read, too."""
    return Spelled(kind, _name_of_member, _reader(kind), luigi.EnumParameter, True, enum=kind)


def _name_of_member(member: enum.Enum) -> str:
    return member.name


def _reader(kind: type[enum.Enum]) -> Callable[[str], enum.Enum]:
    def read(text: str) -> enum.Enum:
        found = kind.__members__.get(text) or next((item for item in kind if str(item.value) == text), None)
        if found is None:
            raise ValueError(f"it has {', '.join(kind.__members__)}")
        return found

    return read


def _spell_moment(moment: dt.datetime) -> str:
    return moment.isoformat() + (f"[{moment.tzinfo.key}]" if isinstance(moment.tzinfo, ZoneInfo) else "")


def _read_moment(text: str) -> dt.datetime:
    zoned = re.fullmatch(r"(.+)\[(.+)\]", text)
    if zoned is None:
        return dt.datetime.fromisoformat(text)
    moment = dt.datetime.fromisoformat(zoned[1])
    there = moment.replace(tzinfo=ZoneInfo(zoned[2]))
    return there if there.utcoffset() == moment.utcoffset() else there.replace(fold=1)


def _spell_delta(delta: dt.timedelta) -> str:
    micros = delta // dt.timedelta(microseconds=1)
    seconds, rest = divmod(abs(micros), 1_000_000)
    return "-" * (micros < 0) + str(seconds) + (f".{rest:06}" if rest else "")


def _read_delta(text: str) -> dt.timedelta:
    if re.fullmatch(r"-?\d+(\.\d+)?", text):
        return dt.timedelta(microseconds=int(Decimal(text) * 1_000_000))
    try:
        found: dt.timedelta = luigi.TimeDeltaParameter().parse(text)
        return found
    except luigi.parameter.ParameterException as error:
        raise ValueError(str(error)) from error


#: Luigi's own parameters of moments lose microseconds and zones, so they have text of their own.
SCALARS: dict[type, Callable[[], Form]] = {
    bool: lambda: Number(bool),
    int: lambda: Number(int),
    float: lambda: Number(float),
    str: Text,
    dt.date: lambda: Spelled(dt.date, dt.date.isoformat, dt.date.fromisoformat, luigi.DateParameter, True),
    dt.datetime: lambda: Spelled(dt.datetime, _spell_moment, _read_moment, takes_text=True),
    dt.time: lambda: Spelled(dt.time, dt.time.isoformat, dt.time.fromisoformat, takes_text=True),
    dt.timedelta: lambda: Spelled(dt.timedelta, _spell_delta, _read_delta, luigi.TimeDeltaParameter),
    Decimal: lambda: Spelled(Decimal, str, Decimal),
    uuid.UUID: lambda: Spelled(uuid.UUID, str, uuid.UUID),
    bytes: lambda: Spelled(
        bytes,
        lambda value: value.decode("utf-8", "surrogateescape"),
        lambda text: text.encode("utf-8", "surrogateescape"),
    ),
    dn.File: lambda: Spelled(dn.File, lambda file: str(file.path), dn.File),
}
