"""The user's own Feast: opened from feature_store.yaml, once in each process."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from datanectar.errors import ConfigurationError, FeatureStoreError
from datanectar_feast.options import FeastOptions
from datanectar_feast.references import registered


def _forget_threads() -> None:
    """Has dask start threads anew in a forked process: it would wait for those of its parent, forever."""
    threaded = sys.modules.get("dask.threaded")
    if threaded is not None:
        threaded.default_pool = None  # type: ignore[attr-defined]
        getattr(threaded, "pools", {}).clear()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_forget_threads)


class Native:
    """Opens `feast.FeatureStore` objects of one feature repository.

    Attributes:
        repo: The repository.
    """

    def __init__(self, options: FeastOptions) -> None:
        self.repo = options.repo.absolute()
        self._yaml = (options.yaml or self.repo / "feature_store.yaml").absolute()
        self._opened: tuple[int, Any] | None = None
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return Native, (FeastOptions(repo=self.repo, yaml=self._yaml),)

    @property
    def store(self) -> Any:
        """The `feast.FeatureStore` that this process keeps; a forked process opens its own connections."""
        with self._lock:
            if self._opened is None or self._opened[0] != os.getpid():
                self._opened = os.getpid(), self.open()
            return self._opened[1]

    def refreshed(self) -> Any:
        """Returns that store, which knows what any process registered; a registry that was removed is an empty one.

        Raises:
            FeatureStoreError: The registry is damaged.
        """
        try:
            with self._registry_read():
                self.store.refresh_registry()
        except FileNotFoundError:
            with self._lock:
                self._opened = None
        return self.store

    def open(self) -> Any:
        """Opens another one, which has read nothing yet.

        Raises:
            ConfigurationError: There is no feature_store.yaml, or Feast refuses it.
            FeatureStoreError: The registry is damaged.
        """
        from feast import FeatureStore

        config = self._config()
        with self._registry_read():
            return FeatureStore(repo_path=str(self.repo), config=config)

    def _config(self) -> Any:
        import yaml
        from feast.repo_config import FeastConfigError, load_repo_config

        self._check()
        # What dask does for Feast with pandas 2, which is all that Feast allows: nobody who reads it can act on it.
        warnings.filterwarnings("ignore", "Downcasting object dtype arrays", FutureWarning, r"dask\.")
        try:
            return load_repo_config(self.repo, self._yaml)
        except (FeastConfigError, yaml.YAMLError, TypeError) as error:  # the last where it is no table
            raise ConfigurationError(f"Feast refuses {self._yaml}: {error}") from error

    @contextmanager
    def _registry_read(self) -> Iterator[None]:
        from google.protobuf.message import DecodeError

        try:
            yield
        except DecodeError as error:
            path = str(self._config().registry.path)
            where = path if "://" in path else self.repo / path
            raise FeatureStoreError(
                f"the Feast registry {where} of {self._yaml} is damaged ({error}): a process may have been killed "
                "while it wrote it. Restore it, or remove it and apply all definitions again; batches and what is "
                "online stay"
            ) from error

    def _check(self) -> None:
        if not self._yaml.is_file():
            raise ConfigurationError(
                f"there is no {self._yaml}: `feast init` makes a feature repository; say where yours is with "
                'repo = "…" in [feature_stores.feast]'
            )

    @property
    def registry_options(self) -> Any:
        """What feature_store.yaml says of the registry, as Feast understands it."""
        return self.store.config.registry

    def definition(self, name: str) -> Any:
        """Returns the registered view of a name, whatever its kind.

        Raises:
            FeatureStoreError: None is registered.
        """
        return registered(self.refreshed(), name)

    @contextmanager
    def reading(self, folders: Mapping[str, Path]) -> Iterator[Any]:
        """Opens a `feast.FeatureStore` in which some views are of given directories; nothing else differs.

        Feast is given a registry of its own for that, in a private directory, which goes when the block ends.

        Args:
            folders: The directory of each such view.
        """
        from feast import FeatureStore
        from feast.protos.feast.core.Registry_pb2 import Registry

        store, registry = self.store, Registry()
        registry.CopyFrom(store.registry.proto())
        for view in (*registry.feature_views, *registry.stream_feature_views):
            if view.spec.project == store.project and view.spec.name in folders:
                view.spec.batch_source.file_options.uri = str(folders[view.spec.name])
                view.spec.batch_source.file_options.s3_endpoint_override = ""
        with tempfile.TemporaryDirectory(prefix="datanectar-feast-") as place:
            copied = Path(place, "registry.db")
            copied.write_bytes(registry.SerializeToString())
            config = self._config()
            config.registry_config = str(copied)
            yield FeatureStore(repo_path=str(self.repo), config=config)
