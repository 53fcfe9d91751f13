"""A storage layer as a parameter of a Luigi task."""

from __future__ import annotations

from typing import Any

import luigi

import datanectar as dn


class LayerReference:
    """A storage layer, by its name or URL: it is opened where it is used, by the settings that hold there.

    It has all that a `StorageLayer` has. An empty reference is the layer that the settings choose.
    """

    def __init__(self, reference: str = "") -> None:
        self._named = reference

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(dn.storage_layer(self._named or None), name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LayerReference) and other._named == self._named

    def __hash__(self) -> int:
        return hash(self._named)

    def __repr__(self) -> str:
        return f"LayerReference({self._named!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return LayerReference, (self._named,)


class StorageLayerParameter(luigi.Parameter):
    """Where a task's result goes: a storage's name or URL; by default what the settings choose.

    It does not tell two tasks apart, and travels to assistants. ``self.storage_layer`` is the layer, opened in each
    process anew.
    """

    def __init__(self, default: Any = "", **options: Any) -> None:
        super().__init__(**{"default": default, "significant": False, **options})

    def normalize(self, value: Any) -> LayerReference:
        if isinstance(value, LayerReference):
            return value
        reference = getattr(value, "reference", value)
        if reference is not None and not isinstance(reference, str):
            raise TypeError(
                f"a storage layer is given by its name or URL, or as what dn.storage_layer() gives: {value!r}"
            )
        return LayerReference(reference or "")

    def parse(self, text: str) -> LayerReference:
        return LayerReference(text)

    def serialize(self, value: Any) -> str:
        return self.normalize(value)._named

    def _warn_on_wrong_param_type(self, name: str, value: Any) -> None:
        """Luigi warns of values that are no text; these are meant."""
