"""A storage layer on the backend under test, for the parts of the kit that commit artifacts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from datanectar.configuration.active import settings
from datanectar.contracts.storage import StorageBackend
from datanectar.layer.options import LayerOptions
from datanectar.layer.signing import Signer
from datanectar.layer.storage_layer import StorageLayer
from datanectar.registry import registry

NAME = "train_model/classifier/eta/aaaa"


@contextmanager
def layer_on(backend: StorageBackend) -> Iterator[StorageLayer]:
    """Opens a layer that trusts no earlier look at the bytes."""
    with settings() as held:
        yield StorageLayer("test", backend, LayerOptions(verify="always"), registry(held), Signer((), Path.cwd()))
