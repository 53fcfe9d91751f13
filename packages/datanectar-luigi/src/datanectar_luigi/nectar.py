"""A base class of Luigi tasks whose results are artifacts."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import luigi
from luigi.task import getpaths

import datanectar as dn
from datanectar_luigi.constructors import Constructor
from datanectar_luigi.decoration import (
    LayerOfTask,
    bulk_complete,
    complete,
    makes_artifact,
    output,
    take_layer_name,
    verify_after_run,
)


class NectarTask(luigi.Task):
    """A Luigi task that stores its result as an artifact.

    ::

        class Train(datanectar_luigi.NectarTask):
            task_type = "train_model"
            depth = luigi.IntParameter(default=6)

            def requires(self):
                return Features()

            def run(self):
                features = self.load_input()
                self.store_results(self.get_artifact_path(), fit(features, self.depth))

    A subclass may have a constructor of its own, which need not call ``super().__init__()``: its arguments are
    parameters of the task, typed by their annotations or defaults.

    Attributes:
        task_type: The kind of work, such as ``train_model``.
        model_family: The kind of model, such as ``classifier``; `model_type` is another word.
        storage_layer: Where the result goes: of a class, a storage's name or URL; of an instance, the layer itself.
    """

    storage_layer = LayerOfTask()
    output = output
    complete = complete
    bulk_complete = classmethod(bulk_complete)
    _constructor: Constructor | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "param_kwargs" not in vars(self):  # else a constructor passes on what is set already
            super().__init__(*args, **kwargs)

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        take_layer_name(cls)
        if inspect.isfunction(vars(cls).get("__init__")):
            Constructor.install(cls)

    @classmethod
    def get_param_values(cls, params: Any, args: Iterable[Any], kwargs: Mapping[str, Any]) -> Any:
        if cls._constructor is not None:
            args, kwargs = (), cls._constructor.bind(args, kwargs)
        return super().get_param_values(params, args, kwargs)

    def get_artifact_path(self) -> str:
        """Returns the URI of the artifact that this task makes."""
        return dn.get_artifact_path(self)

    def store_results(self, path: str, result: Any, serializer: str | None = None) -> Any:
        """Stores the result: ``self.store_results(self.get_artifact_path(), result)``.

        Raises:
            ArgumentError: `path` is another artifact's.
        """
        layer, own = self.storage_layer, dn.get_artifact_name(self)
        name = layer.name_of(path)
        if name != own:
            raise dn.errors.ArgumentError(f"{type(self).__name__} makes {own}, so it cannot store {name}")
        return layer.store(name, result, serializer)

    def load_input(self) -> Any:
        """Returns the values of what `requires` returns, in that shape; of tasks that keep theirs, the targets."""
        return _values(self.requires())


verify_after_run(NectarTask)


def _values(required: Any) -> Any:
    if isinstance(required, luigi.Task):
        return dn.artifact(required).load() if makes_artifact(required) else required.output()
    if isinstance(required, Mapping):
        return {key: _values(item) for key, item in required.items()}
    if isinstance(required, (list, tuple)) or hasattr(required, "__next__"):
        kind = type(required) if isinstance(required, (list, tuple)) else list
        return kind(_values(item) for item in required)
    return getpaths(required)
