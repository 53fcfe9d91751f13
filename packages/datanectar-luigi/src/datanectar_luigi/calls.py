"""Calls of Datanectar's tasks for which no class of Luigi was made, as tasks of Luigi."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import luigi

import datanectar as dn
from datanectar_luigi.forms import Form
from datanectar_luigi.functions import FunctionTask
from datanectar_luigi.homes import module_of
from datanectar_luigi.inputs import as_argument, holds_task, thaw
from datanectar_luigi.signatures import form_of, parameter_for, resolved_annotations


class Call(FunctionTask):
    """A call of a task of Datanectar, which every process can make again.

    Attributes:
        call: Where the task is imported from, as ``module:qualname``.
        arguments: By name, the text of each argument; or in a list, as it is, what has tasks in it.
    """

    task_namespace = "datanectar"
    _visible_in_registry = True
    call = luigi.Parameter()
    arguments = parameter_for("arguments", dict, {}, "Call", takes_tasks=True)

    @classmethod
    def of(cls, call: Any) -> Call:
        """Returns the task for a call.

        Raises:
            ArgumentError: Another process could not make it again.
        """
        definition = call.definition
        found: Any = definition if isinstance(definition, dn.Task) else definition.kind
        forms = _forms(found)
        arguments = {}
        for name, value in call.arguments.items():
            given = thaw(value)
            form = forms.get(name, Form())
            arguments[name] = [form.write(given)] if holds_task(given) else form.text(given)
        made = cls(call=f"{module_of(found)}:{found.__qualname__}", arguments=arguments)
        if made.artifact().name != call.name:
            raise dn.errors.ArgumentError(
                f"{definition.name}: as text, as which Luigi passes them on, its arguments are not what they are; "
                "annotate its parameters"
            )
        return made

    def _call(self) -> dn.Artifact[Any]:
        module, _, qualname = self.call.partition(":")
        found: Any = import_module(module)
        for attribute in qualname.split("."):
            found = getattr(found, attribute)
        forms = _forms(found)
        values = {
            name: forms.get(name, Form()).parse(given) if isinstance(given, str) else _read(forms, name, given)
            for name, given in thaw(self.arguments).items()
        }
        if not isinstance(found, dn.Task):
            return dn.artifact(found(**values))
        positional, keywords = found.signature.spread(values)
        return dn.artifact(found(*positional, **keywords))


def _read(forms: Mapping[str, Form], name: str, given: Any) -> Any:
    return as_argument(forms.get(name, Form()).read(given[0]))


def _forms(found: Any) -> dict[str, Form]:
    if isinstance(found, dn.Task):
        several = (found.signature.rest, found.signature.extra)
        return {name: form_of(hint) for name, hint in found.signature.annotations.items() if name not in several}
    hints = {**resolved_annotations(found), **resolved_annotations(found.__init__)}
    return {name: form_of(hint) for name, hint in hints.items()}
