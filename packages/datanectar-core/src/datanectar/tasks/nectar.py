"""Classes as tasks: `NectarTask`."""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Mapping
from typing import Any, ClassVar

from datanectar.errors import ArgumentError, FrozenTask, TaskDefinitionError
from datanectar.tasks.arguments import check_arguments
from datanectar.tasks.class_definition import ClassDefinition, InstanceCall
from datanectar.tasks.handle import Artifact
from datanectar.tasks.nesting import holds_artifact, substitute
from datanectar.tasks.stamps import remember

_NOTHING = object()
#: Attributes of an instance that don't travel; `_revive` makes the call again.
_OF_THIS_PROCESS = {"_call", "_inputs", "_take_result"}


class _NectarMeta(ABCMeta):
    """Captures the constructor's arguments, so that an `__init__` that skips `super()` loses nothing."""

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **options: Any) -> None:
        super().__init__(name, bases, namespace)
        for base in cls.__mro__:
            remember(base.__module__)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        definition = cls._get_definition()  # type: ignore[attr-defined]
        instance = _new(cls, definition.signature.bind(args, kwargs))
        own = substitute(instance._call.arguments, lambda artifact: artifact)  # the constructor may change its lists
        positional, keywords = definition.signature.spread(own)
        instance.__init__(*positional, **keywords)
        instance._call.is_built = True
        return instance


def _new(cls: Any, bound: Mapping[str, Any]) -> Any:
    """Returns an instance that knows its call, before `__init__`."""
    definition = cls._get_definition()
    arguments, artifacts = check_arguments(definition.signature, bound)
    instance = cls.__new__(cls)
    call = InstanceCall(definition, arguments, artifacts)
    call.instance = instance
    object.__setattr__(instance, "_call", call)
    return instance


def _revive(cls: type[NectarTask], arguments: Mapping[str, Any], state: Mapping[str, Any]) -> NectarTask:
    instance: NectarTask = _new(cls, arguments)
    vars(instance).update(state)
    instance._call.is_built = True
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
    be changed, and arguments that are no fields not even before. An instance is not an `Artifact`:
    `datanectar.artifact(instance)` is its handle.

    Attributes:
        task_type: The kind of work, such as ``train_model``; ``task`` by default.
        model_family: The kind of model, such as ``classifier``; ``none`` by default. `model_type` is another word.
        storage_layer: Where the result goes: a storage's name or URL; by default what the profile says.
    """

    task_type: ClassVar[str | None] = None
    model_family: ClassVar[str | None] = None
    model_type: ClassVar[str | None] = None
    storage_layer: ClassVar[Any] = None
    _definition: ClassVar[ClassDefinition | None] = None
    _call: InstanceCall

    def __init__(self, **fields: Any) -> None:
        for name, value in fields.items():
            setattr(self, name, value)

    @classmethod
    def _get_definition(cls) -> ClassDefinition:
        found = cls.__dict__.get("_definition")
        if found is None:
            if cls is NectarTask:
                raise TaskDefinitionError("NectarTask is to be subclassed; the subclass defines run()")
            found = ClassDefinition(cls, NectarTask, cls.__dict__.get("_options", {}))
            cls._definition = found
        return found

    @classmethod
    def _set_options(cls, options: Mapping[str, Any]) -> None:
        from datanectar.tasks.function import check_options

        check_options(cls.__name__, options)
        cls._options = dict(options)  # type: ignore[attr-defined]
        cls._definition = None

    def __setattr__(self, name: str, value: Any) -> None:
        self._refuse_frozen(name)
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        self._refuse_frozen(name)
        object.__delattr__(self, name)

    def _refuse_frozen(self, name: str) -> None:
        call = self.__dict__.get("_call")
        if call is not None and call.refuses_change(name):
            why = (
                f"the task is named {call.name} by its parameters" if call.is_named else "its constructor was given it"
            )
            kind = type(self).__name__
            raise FrozenTask(f"{kind}.{name} cannot change: {why}. Make a new one, {kind}({name}=…)")

    def __reduce__(self) -> tuple[Any, ...]:
        state = {name: value for name, value in vars(self).items() if name not in _OF_THIS_PROCESS}
        return _revive, (type(self), self._call.arguments, state)

    def _as_artifact(self) -> Artifact[Any]:
        return Artifact(self._call)

    # What subclasses define

    def requires(self) -> Any:
        """Returns the tasks or artifacts this one needs, in any nesting; by default those among its parameters.

        Asked once per instance. The default is a dict by parameter.
        """
        return {name: value for name, value in self._call.parameters().items() if holds_artifact(value)}

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
