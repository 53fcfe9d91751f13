"""A `NectarTask` class as a task: its parameters, its code, and the call that made an instance."""

from __future__ import annotations

import sys
import typing
from collections.abc import Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar

from datanectar.errors import ArgumentError, TaskDefinitionError
from datanectar.tasks.arguments import check_arguments
from datanectar.tasks.call import Call
from datanectar.tasks.definition import Definition
from datanectar.tasks.handle import Artifact
from datanectar.tasks.signature import REQUIRED, Signature, of_function, resolve_annotations
from datanectar.values.annotations import UNKNOWN

if TYPE_CHECKING:
    from datanectar.tasks.code import CodeDigest
    from datanectar.tasks.nectar import NectarTask

#: Class attributes that are never parameters.
NOT_FIELDS = {"task_type", "model_type", "model_family", "storage_layer"}
_UNASKED = object()


class ClassDefinition(Definition):
    """A `NectarTask` class as a task.

    Attributes:
        kind: The class.
        root: `NectarTask`, whose own names and code are not the task's.
        fields: The defaults of its annotated fields, in order; `REQUIRED` where there is none.
        fields_signature: What it could be called with, were there no constructor but that of `NectarTask`.
    """

    def __init__(self, kind: type[NectarTask], root: type[NectarTask], options: Mapping[str, Any]) -> None:
        self.kind, self.root = kind, root
        label = kind.__name__
        if not isinstance(getattr(kind, "run", None), FunctionType) or kind.run is root.run:
            raise TaskDefinitionError(f"{label} defines no run(self), which makes the result")
        settings = dict(options)
        reference = f"{kind.__module__}:{kind.__qualname__}"
        super().__init__(
            label,
            reference,
            task_type=settings.pop("task_type", None) or kind.task_type,
            model_family=settings.pop("model_family", None) or _family(kind),
            name=settings.pop("name", None),
            version=settings.pop("version", None),
            ignore=settings.pop("ignore", ()),
            options={"storage_layer": kind.__dict__.get("storage_layer", kind.storage_layer), **settings},
        )
        found = _fields(kind, root)
        self.fields = {name: default for name, (default, _) in found.items()}
        self.fields_signature = Signature(label, tuple(found), self.fields, lambda: _resolved(found))
        self.signature = self._signature()
        _refuse_options(label, self.signature)
        _refuse_base_names(kind, root, {*self.fields, *self.signature.defaults})
        self.check_ignored()
        self.declare(f"{getattr(sys.modules.get(kind.__module__), '__file__', kind.__module__)}:{kind.__qualname__}")

    def _signature(self) -> Signature:
        constructor = self.kind.__init__
        if isinstance(constructor, FunctionType) and constructor is not self.root.__init__:
            return of_function(constructor, self.kind.__name__, skip_first=True)
        return self.fields_signature

    @property
    def returns(self) -> Any:
        return resolve_annotations({"return": self.kind.run.__annotations__.get("return", UNKNOWN)}, self.kind.run)[
            "return"
        ]

    def _digest(self) -> CodeDigest:
        from datanectar.tasks.code import digest_class

        return digest_class(self.kind, self.root, self.fields)


class InstanceCall(Call):
    """The call that made a `NectarTask` instance; its fields and `requires()` are part of what it is."""

    __slots__ = ("_inputs", "_own_fields", "instance", "is_built", "requires")

    def __init__(self, definition: ClassDefinition, arguments: dict[str, Any], upstream: list[Artifact[Any]]) -> None:
        super().__init__(definition, arguments, upstream)
        self.instance: Any = None
        self.is_built = False  # until the constructor returned
        self.requires: Any = _UNASKED
        self._inputs: list[Artifact[Any]] = []
        self._own_fields: dict[str, Any] = {}

    @property
    def has_requirements(self) -> bool:  # type: ignore[override]
        """Whether the class defines `requires()`; by default it says what the parameters say."""
        assert isinstance(self.definition, ClassDefinition)
        return type(self.instance).requires is not self.definition.root.requires

    def given(self) -> list[Artifact[Any]]:
        self._own_fields, artifacts = self._read_fields()
        return [*self.upstream, *artifacts]

    def inputs(self) -> list[Artifact[Any]]:
        """What `requires()` returns; it is asked once."""
        self.required()
        return self._inputs

    def again(self) -> InstanceCall:
        assert isinstance(self.definition, ClassDefinition)
        call = InstanceCall(self.definition, self.arguments, self.upstream)
        call.instance, call.requires, call._inputs = self.instance, self.requires, self._inputs
        call.is_built = self.is_built
        return call

    def required(self) -> Any:
        """Returns `requires()` with every task in it as an artifact."""
        if self.requires is _UNASKED:
            signature = Signature(type(self.instance).__name__, ("requires()",), {"requires()": REQUIRED}, dict)
            checked, found = check_arguments(signature, {"requires()": _materialised(self.instance.requires())})
            self.requires, self._inputs = checked["requires()"], found
        return self.requires

    def refuses_change(self, name: str) -> bool:
        """Whether an attribute is fixed: what the constructor alone reads once it did, all parameters once named."""
        assert isinstance(self.definition, ClassDefinition)
        is_field = name in self.definition.fields
        is_argument = name in self.arguments or name in self.arguments.get(self.definition.signature.extra, ())
        return (
            (is_field or is_argument)
            if self.is_named
            else (self.is_built and is_argument and not is_field and name not in NOT_FIELDS)
        )

    def describe(self) -> dict[str, Any]:
        from datanectar.tasks.identity import identify, identify_parameters

        definition = self.definition
        assert isinstance(definition, ClassDefinition)
        if self.has_requirements:  # which may have set fields
            self._own_fields, _ = self._read_fields()
        document: dict[str, Any] = {"parameters": identify_parameters(self._parameters(), definition.ignore)}
        fields = identify_parameters(self._own_fields, definition.ignore)
        if fields:
            document["fields"] = fields
        if self.has_requirements:
            document["requires"] = identify(self.required())
        return document

    def own_fields(self) -> dict[str, Any]:
        return self._read_fields()[0]

    def parameters(self) -> dict[str, Any]:
        return {**self._parameters(), **self.own_fields()}

    def _parameters(self) -> dict[str, Any]:
        return {name: value for name, value in self.arguments.items() if name not in NOT_FIELDS}

    def _read_fields(self) -> tuple[dict[str, Any], list[Artifact[Any]]]:
        """Annotated fields whose values the constructor's arguments do not tell, and the artifacts among all."""
        definition = self.definition
        assert isinstance(definition, ClassDefinition)
        found = {}
        for name in definition.fields:
            if name in vars(self.instance) or hasattr(type(self.instance), name):
                found[name] = getattr(self.instance, name)
            elif name not in self.arguments:
                raise ArgumentError(f"{definition.name}: the field {name} is annotated but was given no value")
        checked, artifacts = check_arguments(definition.fields_signature, found)
        own = {
            name: value
            for name, value in checked.items()
            if name not in self.arguments or not _same(value, self.arguments[name])
        }
        return own, artifacts


def _materialised(required: Any) -> Any:
    """`requires()` may be a generator, as in Luigi."""
    return list(required) if hasattr(required, "__next__") else required


def _same(value: Any, argument: Any) -> bool:
    """Whether two values have one name. Artifacts are not asked for theirs: chains of them may be of any length."""
    from datanectar.tasks.identity import identify
    from datanectar.values.typed_json import dumps

    kind = type(value)
    if value is argument or kind is not type(argument):
        return value is argument
    if kind is Artifact:
        return value.call is argument.call and dumps([*value.part]) == dumps([*argument.part])
    if kind in (list, tuple):
        return len(value) == len(argument) and all(map(_same, value, argument))
    if kind is dict:
        return _same([*value.keys()], [*argument.keys()]) and _same([*value.values()], [*argument.values()])
    return dumps(identify(value)) == dumps(identify(argument))


def _family(kind: type[NectarTask]) -> str | None:
    if kind.model_family and kind.model_type and kind.model_family != kind.model_type:
        msg = (
            f"{kind.__name__}: model_family={kind.model_family!r} and model_type={kind.model_type!r} are two words "
            "for one thing; keep one"
        )
        raise TaskDefinitionError(msg)
    return kind.model_family or kind.model_type


def _fields(kind: type, root: type) -> dict[str, tuple[Any, type]]:
    """Annotated fields of a class and its bases: default (or `REQUIRED`), and the class that annotates it."""
    found: dict[str, tuple[Any, type]] = {}
    for base in reversed(kind.__mro__):
        if base in root.__mro__:
            continue
        for name, annotation in _annotations(base).items():
            if not name.startswith("_") and name not in NOT_FIELDS and not _is_class_variable(annotation):
                found[name] = (getattr(kind, name, REQUIRED), base)
    return found


def _resolved(fields: Mapping[str, tuple[Any, type]]) -> dict[str, Any]:
    """The annotations of fields, each read where it was written."""
    return {
        name: resolve_annotations({name: _annotations(base)[name]}, base)[name] for name, (_, base) in fields.items()
    }


def _annotations(kind: type) -> dict[str, Any]:
    """A class's own annotations. `inspect` has this, and costs more to import than declaring a task may."""
    found: dict[str, Any] = vars(kind).get("__annotations__", {})
    return found


def _is_class_variable(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return annotation.partition("[")[0].rpartition(".")[2].strip() == "ClassVar"
    return annotation is ClassVar or typing.get_origin(annotation) is ClassVar


def _refuse_base_names(kind: type, root: type, names: set[str]) -> None:
    taken = sorted(name for name in names - NOT_FIELDS if name in vars(root))
    if taken:
        raise TaskDefinitionError(f"{kind.__name__}: {', '.join(taken)} is a name of {root.__name__}; choose another")


def _refuse_options(label: str, signature: Signature) -> None:
    """Refuses parameters that look as if they decided the path, which is the class's."""
    for name in sorted(NOT_FIELDS - {"storage_layer"}):
        if name in signature.defaults:
            msg = (
                f"{label}: the constructor's {name} would not be part of the name. Make it a class attribute, "
                f"{name} = …, or call the parameter something else"
            )
            raise TaskDefinitionError(msg)
