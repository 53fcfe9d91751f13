"""Classes as tasks: `NectarTask`."""

from __future__ import annotations

import typing
from abc import ABCMeta
from collections.abc import Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Any, ClassVar

from datanectar.errors import ArgumentError, FrozenTask, TaskDefinitionError
from datanectar.tasks.arguments import check_arguments
from datanectar.tasks.definition import Definition
from datanectar.tasks.handle import Artifact, Call
from datanectar.tasks.signature import REQUIRED, Signature, of_function, resolve_annotations
from datanectar.values.annotations import UNKNOWN

if TYPE_CHECKING:
    from datanectar.tasks.code import CodeDigest

#: Class attributes that are never parameters.
_NOT_FIELDS = {"task_type", "model_type", "model_family", "storage_layer"}
_NOTHING = object()


class NectarDefinition(Definition):
    """A `NectarTask` class as a task.

    Attributes:
        kind: The class.
        fields: Its annotated fields, in order, and their defaults.
    """

    def __init__(self, kind: type[NectarTask], options: Mapping[str, Any]) -> None:
        self.kind = kind
        label = kind.__name__
        if not isinstance(getattr(kind, "run", None), FunctionType) or kind.run is NectarTask.run:
            raise TaskDefinitionError(f"{label} defines no run(self), which makes the result")
        settings = dict(options)
        super().__init__(
            label,
            f"{kind.__module__}:{kind.__qualname__}",
            task_type=settings.pop("task_type", None) or kind.task_type,
            model_family=settings.pop("model_family", None) or _family(kind),
            name=settings.pop("name", None),
            version=settings.pop("version", None),
            ignore=settings.pop("ignore", ()),
            options={"storage_layer": kind.__dict__.get("storage_layer", kind.storage_layer), **settings},
        )
        self.fields = _fields(kind)
        self.signature = self._signature()
        _refuse_base_names(kind, {*self.fields, *self.signature.defaults})
        self.check_ignored()
        self.declare(f"{kind.__module__}:{kind.__qualname__}")

    def _signature(self) -> Signature:
        constructor = self.kind.__init__
        if isinstance(constructor, FunctionType) and constructor is not NectarTask.__init__:
            return of_function(constructor, self.kind.__name__, skip_first=True)
        defaults = {name: default for name, (default, _) in self.fields.items()}
        annotations = {name: annotation for name, (_, annotation) in self.fields.items()}
        return Signature(
            self.kind.__name__, tuple(defaults), defaults, lambda: resolve_annotations(annotations, self.kind)
        )

    @property
    def returns(self) -> Any:
        return resolve_annotations({"return": self.kind.run.__annotations__.get("return", UNKNOWN)}, self.kind.run)[
            "return"
        ]

    def _digest(self) -> CodeDigest:
        from datanectar.tasks.code import digest_class
        from datanectar.tasks.function import is_task

        return digest_class(self.kind, NectarTask, is_task)


class InstanceCall(Call):
    """The call that made a `NectarTask` instance; its fields and `requires()` are part of what it is."""

    __slots__ = ("_inputs", "instance", "requires")
    has_requirements = True

    def __init__(self, definition: NectarDefinition, arguments: dict[str, Any], upstream: list[Artifact[Any]]) -> None:
        super().__init__(definition, arguments, upstream)
        self.instance: Any = None
        self.requires: Any = _NOTHING
        self._inputs: list[Artifact[Any]] = []

    def inputs(self) -> list[Artifact[Any]]:
        """What `requires()` returns; it is asked once."""
        self.required()
        return self._inputs

    def again(self) -> InstanceCall:
        assert isinstance(self.definition, NectarDefinition)
        call = InstanceCall(self.definition, self.arguments, self.upstream)
        call.instance, call.requires, call._inputs = self.instance, self.requires, self._inputs
        return call

    def required(self) -> Any:
        """Returns `requires()` with every task in it as an artifact."""
        if self.requires is _NOTHING:
            signature = Signature(type(self.instance).__name__, ("requires()",), {"requires()": REQUIRED}, dict)
            checked, found = check_arguments(signature, {"requires()": _materialised(self.instance.requires())})
            self.requires, self._inputs = checked["requires()"], found
        return self.requires

    def describe(self) -> dict[str, Any]:
        from datanectar.tasks.identity import identify, identify_parameters

        definition = self.definition
        assert isinstance(definition, NectarDefinition)
        document: dict[str, Any] = {"parameters": identify_parameters(self._parameters(), definition.ignore)}
        fields = {name: value for name, value in self._fields().items() if name not in definition.ignore}
        if fields:
            document["fields"] = identify_parameters(fields)
        if type(self.instance).requires is not NectarTask.requires:
            document["requires"] = identify(self.required())
        return document

    def _parameters(self) -> dict[str, Any]:
        return {name: value for name, value in self.arguments.items() if name not in _NOT_FIELDS}

    def _fields(self) -> dict[str, Any]:
        """Annotated fields whose values the constructor's arguments do not tell."""
        definition = self.definition
        assert isinstance(definition, NectarDefinition)
        found = {}
        for name in definition.fields:
            if name in vars(self.instance) or hasattr(type(self.instance), name):
                found[name] = getattr(self.instance, name)
            elif name not in self.arguments:
                raise ArgumentError(f"{definition.name}: the field {name} is annotated but was given no value")
        annotations = resolve_annotations({name: definition.fields[name][1] for name in found}, definition.kind)
        signature = Signature(definition.name, (), {}, lambda: annotations)
        checked, _ = check_arguments(signature, found)
        return {
            name: value
            for name, value in checked.items()
            if name not in self.arguments or not _same(value, self.arguments[name])
        }


class _NectarMeta(ABCMeta):
    """Captures the constructor's arguments, so that an `__init__` that skips `super()` loses nothing."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        definition = cls._get_definition()  # type: ignore[attr-defined]
        arguments, artifacts = check_arguments(definition.signature, definition.signature.bind(args, kwargs))
        instance: Any = cls.__new__(cls)  # type: ignore[arg-type, call-arg]
        call = InstanceCall(definition, arguments, artifacts)
        call.instance = instance
        object.__setattr__(instance, "_call", call)
        own, _ = check_arguments(definition.signature, arguments)  # the constructor may change its lists
        positional, keywords = definition.signature.spread(own)
        instance.__init__(*positional, **keywords)
        return instance


class NectarTask(metaclass=_NectarMeta):
    """A task as a class: subclass it, annotate its parameters, define `run`.

    ::

        class BuildFeatures(dn.NectarTask):
            task_type = "build_features"
            trips: dn.Artifact[pd.DataFrame]
            min_distance: int = 100

            def run(self):
                trips = self.inputs["trips"]
                return trips[trips.distance >= self.min_distance]

        features = BuildFeatures(flights(month=1))
        dn.run(features)

    Parameters are the constructor's arguments and the annotated fields; once the task has been named they cannot
    be changed. An instance is not an `Artifact`: `datanectar.artifact(instance)` is its handle.

    Attributes:
        task_type: The kind of work, such as ``train_model``; ``task`` by default.
        model_family: The kind of model, such as ``classifier``; ``none`` by default. `model_type` is another word.
        storage_layer: Where the result goes: a storage's name or URL; by default what the profile says.
    """

    task_type: ClassVar[str | None] = None
    model_family: ClassVar[str | None] = None
    model_type: ClassVar[str | None] = None
    storage_layer: ClassVar[Any] = None
    _definition: ClassVar[NectarDefinition | None] = None
    _call: InstanceCall
    _takes_artifacts = True

    def __init__(self, **fields: Any) -> None:
        for name, value in fields.items():
            setattr(self, name, value)

    @classmethod
    def _get_definition(cls) -> NectarDefinition:
        found = cls.__dict__.get("_definition")
        if found is None:
            if cls is NectarTask:
                raise TaskDefinitionError("NectarTask is to be subclassed; the subclass defines run()")
            found = NectarDefinition(cls, cls.__dict__.get("_options", {}))
            cls._definition = found
        return found

    @classmethod
    def _set_options(cls, options: Mapping[str, Any]) -> None:
        from datanectar.tasks.function import check_options

        check_options(cls.__name__, {"retries": 0, "timeout": None, **options})
        cls._options = dict(options)  # type: ignore[attr-defined]
        cls._definition = None

    def __setattr__(self, name: str, value: Any) -> None:
        call = self.__dict__.get("_call")
        if call is not None and call.is_named and (name in call.arguments or name in call.definition.fields):
            msg = (
                f"{type(self).__name__}.{name} cannot change: the task is named {call.name} by its parameters. Make a "
                f"new one, {type(self).__name__}({name}=…)"
            )
            raise FrozenTask(msg)
        object.__setattr__(self, name, value)

    def _as_artifact(self) -> Artifact[Any]:
        return Artifact(self._call)

    # What subclasses define

    def requires(self) -> Any:
        """Returns the tasks or artifacts this one needs, in any nesting; by default those among its parameters.

        Asked once per instance. The default is a dict by parameter.
        """
        return {name: value for name, value in self._call.arguments.items() if _holds_artifact(value)}

    def run(self) -> Any:
        """Makes the result and returns it, or stores it with `store_results` and returns nothing."""
        raise NotImplementedError

    # What subclasses use

    @property
    def inputs(self) -> Any:
        """The values of what `requires` returned, in that shape."""
        given = self.__dict__.get("_inputs", _NOTHING)
        if given is not _NOTHING:
            return given
        return substitute(self._call.required(), lambda artifact: artifact.load())

    @inputs.setter
    def inputs(self, values: Any) -> None:
        object.__setattr__(self, "_inputs", values)

    def get_artifact_path(self) -> str:
        """Returns the URI of the artifact this task makes."""
        return self._as_artifact().uri

    def output(self) -> Any:
        """Returns where the result is; by default the artifact's URI."""
        return self.get_artifact_path()

    def store_results(self, path: str, result: Any) -> None:
        """Stores the result by hand: ``self.store_results(self.get_artifact_path(), result)``.

        Inside a run it becomes the step's result; outside it is stored at once.

        Raises:
            ArgumentError: `path` is another artifact's.
        """
        layer = self._call.layer()
        name = layer.name_of(path)
        if name != self._call.name:
            raise ArgumentError(f"{type(self).__name__} makes {self._call.name}, so it cannot store {name}")
        take = self.__dict__.get("_take_result")
        if take is not None:
            take(result)
        else:
            layer.store(name, result)


def substitute(value: Any, load: Any) -> Any:
    """Returns `value` with every artifact in it replaced by what `load` gives for it."""
    kind = type(value)
    if kind is Artifact:
        return load(value)
    if kind in (list, tuple):
        return kind(substitute(item, load) for item in value)
    if kind is dict:
        return {key: substitute(item, load) for key, item in value.items()}
    return value


def _holds_artifact(value: Any) -> bool:
    if type(value) in (list, tuple):
        return any(_holds_artifact(item) for item in value)
    if type(value) is dict:
        return any(_holds_artifact(item) for item in value.values())
    return type(value) is Artifact


def _materialised(required: Any) -> Any:
    """`requires()` may be a generator, as in Luigi."""
    return list(required) if hasattr(required, "__next__") else required


def _same(value: Any, argument: Any) -> bool:
    from datanectar.tasks.identity import identify
    from datanectar.values.typed_json import dumps

    if type(value) is Artifact or type(argument) is Artifact:
        return type(value) is type(argument) and value.call is argument.call and value.part == argument.part
    return dumps(identify(value)) == dumps(identify(argument))


def _family(kind: type[NectarTask]) -> str | None:
    if kind.model_family and kind.model_type and kind.model_family != kind.model_type:
        msg = (
            f"{kind.__name__}: model_family={kind.model_family!r} and model_type={kind.model_type!r} are two words "
            "for one thing; keep one"
        )
        raise TaskDefinitionError(msg)
    return kind.model_family or kind.model_type


def _fields(kind: type[NectarTask]) -> dict[str, tuple[Any, Any]]:
    """Annotated fields of a class and its bases: default (or `REQUIRED`) and annotation by name."""
    found: dict[str, tuple[Any, Any]] = {}
    for base in reversed(kind.__mro__):
        if base in NectarTask.__mro__:
            continue
        for name, annotation in get_annotations(base).items():
            if not name.startswith("_") and name not in _NOT_FIELDS and not _is_class_variable(annotation):
                found[name] = (getattr(kind, name, REQUIRED), annotation)
    return found


def get_annotations(kind: type) -> dict[str, Any]:
    """A class's own annotations. `inspect` has this, and costs more to import than declaring a task may."""
    found: dict[str, Any] = vars(kind).get("__annotations__", {})
    return found


def _is_class_variable(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return annotation.replace("typing.", "").startswith("ClassVar")
    return annotation is ClassVar or typing.get_origin(annotation) is ClassVar


def _refuse_base_names(kind: type, names: set[str]) -> None:
    taken = sorted(name for name in names - _NOT_FIELDS if name in vars(NectarTask))
    if taken:
        raise TaskDefinitionError(f"{kind.__name__}: {', '.join(taken)} is a name of NectarTask; choose another")
