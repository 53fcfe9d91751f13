"""Forms of types that are made of others: unions, lists, tuples, sets and dicts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, ClassVar

import luigi

from datanectar_luigi.forms import Form, is_task, kind_and_value

#: What a form raises for what it cannot write or read.
WRONG = (ValueError, ArithmeticError, TypeError, LookupError)
_NONE = ("", "none", "null")
_PAIRS = "$dict"


class OneOf(Form):
    """A union: an exact match of a member wins. As text, None is nothing."""

    def __init__(self, members: Sequence[Form], with_none: bool) -> None:
        self.members, self.with_none = members, with_none
        self.wanted = " | ".join([*(member.wanted for member in members), *["None"] * with_none])
        if len(members) == 1:
            self.parameter, self.options = members[0].parameter, members[0].options

    def write(self, value: Any) -> Any:
        if is_task(value) or (value is None and self.with_none):
            return value
        written = list(self._each(lambda member: (member.write(value), member.read(member.write(value)))))
        exact = [found for found in written if _is_same(found[1], value)]
        for document, read in exact or written:
            if _is_same(self.read(document), read):
                return document
        raise ValueError("as text it could be a value of another type of the union" if written else "")

    def read(self, document: Any) -> Any:
        if is_task(document) or (document is None and self.with_none):
            return document
        for found in self._each(lambda member: member.read(document)):
            return found
        raise ValueError

    def text(self, value: Any) -> str:
        document = self.write(value)
        if document is None:
            return ""
        for text in self._each(lambda member: member.text(value)):
            with suppress(*WRONG):
                if _is_same(self.parse(text), self.read(document)):
                    return str(text)
        return json.dumps(document, sort_keys=True)

    def parse(self, text: str) -> Any:
        if self.with_none and text.lower() in _NONE:
            return None
        if text[:1] == '"':
            with suppress(*WRONG):
                return self.read(json.loads(text))
        for found in self._each(lambda member: member.parse(text)):
            return found
        raise ValueError

    def _each(self, ask: Callable[[Form], Any]) -> Iterator[Any]:
        for member in self.members:
            try:
                found = ask(member)
            except WRONG:
                continue
            yield found


def _is_same(one: Any, other: Any) -> bool:
    return bool(kind_and_value(one) == kind_and_value(other))


class Container(Form):
    """What is JSON as text."""

    def text(self, value: Any) -> str:
        return json.dumps(self.write(value), sort_keys=True)

    def parse(self, text: str) -> Any:
        return self.read(json.loads(text))


class Items(Container):
    """A list, tuple or set. As text it may be without brackets, too: ``1,2``.

    Args:
        kind: The type.
        item: The form of all its items; or the forms of each, of a tuple of so many.
        wanted: The type, as people write it.
        exact: Whether a tuple is none that is to be a list.
    """

    _parameters: ClassVar[dict[type, type[luigi.Parameter]]] = {
        list: luigi.ListParameter,
        tuple: luigi.TupleParameter,
    }

    def __init__(self, kind: type, item: Form | list[Form], wanted: str, exact: bool = False) -> None:
        self.kind, self.item, self.wanted = kind, item, wanted
        self._kinds = (list, tuple) if kind in (list, tuple) and not exact else (kind,)
        self.parameter = self._parameters.get(kind, luigi.Parameter)

    def write(self, value: Any) -> Any:
        if is_task(value):
            return value
        if type(value) not in self._kinds:
            raise ValueError
        written = [form.write(item) for form, item in self._paired(value)]
        return written if self.kind in (list, tuple) else sorted(written, key=json.dumps)

    def read(self, document: Any) -> Any:
        if is_task(document):
            return document
        if type(document) is not list:
            raise ValueError
        found = self.kind(form.read(item) for form, item in self._paired(document))
        if len(found) < len(document):
            raise ValueError("two items of the set are the same")
        return found

    def parse(self, text: str) -> Any:
        if text[:1] == "[":
            return super().parse(text)
        parts = text.split(",") if text else []
        return self.read([form.write(form.parse(part)) for form, part in self._paired(parts)])

    def _paired(self, items: Any) -> list[tuple[Form, Any]]:
        forms = self.item if isinstance(self.item, list) else [self.item] * len(items)
        return list(zip(forms, items, strict=True))


class Pairs(Container):
    """A dict: in JSON an object, whose keys are the texts of the keys."""

    parameter = luigi.DictParameter

    def __init__(self, key: Form, item: Form, wanted: str) -> None:
        self.key, self.item, self.wanted = key, item, wanted

    def write(self, value: Any) -> Any:
        if is_task(value):
            return value
        if type(value) is not dict:
            raise ValueError
        found = {
            self.key.text(self.key.read(self.key.write(key))): self.item.write(item) for key, item in value.items()
        }
        if len(found) < len(value):
            raise ValueError("two keys of the dict are the same as text")
        return {_PAIRS: sorted(found.items())} if any(key[:1] == "$" for key in found) else found

    def read(self, document: Any) -> Any:
        if is_task(document):
            return document
        if type(document) is not dict:
            raise ValueError
        pairs = document[_PAIRS] if _PAIRS in document else document.items()
        return {self.key.parse(key): self.item.read(item) for key, item in pairs}
