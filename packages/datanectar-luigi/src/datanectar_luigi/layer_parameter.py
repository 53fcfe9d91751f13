"""A storage layer as a parameter of a Luigi task."""

from __future__ import annotations

from typing import Any

import luigi

import datanectar as dn


class LayerReference(str):
    """A storage layer, by its name or URL: text, and it has all that a `StorageLayer` has.

    It is opened where it is used, by the settings that hold there, and pickles as the text. As ``self.storage_layer``
    of a task it is the layer in which the task's artifact is looked for, too: what decides is what decides for any
    task (an argument of `run`, the environment and policies go before what a task says itself). Empty, it leaves the
    choice to the settings.
    """

    _task: Any = None

    @classmethod
    def of(cls, value: Any) -> LayerReference:
        """Returns what a name, a URL, a storage layer or None refers to.

        Raises:
            ArgumentError: It is something else.
        """
        reference = value if isinstance(value, str) else getattr(value, "reference", value)
        if reference is not None and not isinstance(reference, str):
            msg = "a storage layer is given by its name or URL, or as what dn.storage_layer() gives"
            raise dn.errors.ArgumentError(f"{msg}, not as {value!r:.80}")
        return cls(reference or "")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        layer = dn.storage_layer(str(self) or None) if self._task is None else dn.artifact(self._task).storage_layer
        return getattr(layer, name)

    def __reduce__(self) -> tuple[Any, ...]:
        return LayerReference, (str(self),)


class StorageLayerParameter(luigi.Parameter):
    """Where a task's result goes: a storage's name or URL; by default what the settings choose.

    It does not tell two tasks apart, and travels to assistants. ``self.storage_layer`` is the layer, opened in each
    process anew; what is given may be a layer, too, and is kept as its name or URL.

    Args:
        default: The layer where none is given.
        **options: As of any `luigi.Parameter`.
    """

    _attribute_name = "storage_layer"  # as Luigi 3.8 has it, where each parameter is a descriptor

    def __init__(self, default: Any = "", **options: Any) -> None:
        super().__init__(**{"default": default, "significant": False, **options})

    def __set_name__(self, owner: type, name: str) -> None:
        self._attribute_name = name

    def __get__(self, task: luigi.Task | None, kind: type) -> Any:
        if task is None:
            return self
        reference = LayerReference(vars(task).get(self._attribute_name, ""))
        if self._attribute_name == "storage_layer":
            reference._task = task
        return reference

    def __set__(self, task: luigi.Task, value: Any) -> None:
        set_layer(task, self._attribute_name, value)

    def normalize(self, value: Any) -> LayerReference:
        return LayerReference.of(value)

    def parse(self, text: str) -> LayerReference:
        return LayerReference(text)

    def serialize(self, value: Any) -> str:
        return str(LayerReference.of(value))


def set_layer(task: luigi.Task, attribute: str, value: Any) -> None:
    """Sets a layer of a task; where that is looked for is found out anew."""
    vars(task)[attribute] = str(LayerReference.of(value))
    vars(task).pop("_datanectar_handle", None)
