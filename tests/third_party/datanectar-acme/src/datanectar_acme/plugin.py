"""What the plugin brings. Nothing is imported here but datanectar; the backend is, when it is first used."""

from collections.abc import Iterator
from typing import Any

import datanectar as dn


@dn.hookimpl
def datanectar_storages() -> Iterator[dn.StorageType]:
    yield dn.StorageType(
        name="vault",
        factory="datanectar_acme.storage:Vault",
        options="datanectar_acme.storage:VaultOptions",
        schemes=("vault",),
        summary="An SQLite file",
    )


@dn.hookimpl
def datanectar_defaults() -> dict[str, Any]:
    return {
        "profiles": {"acme": {"storage_layer": "safe", "orchestrator": "local"}},
        "storage": {"safe": {"type": "vault", "path": "acme.db"}},
        "policies": [{"task_type": "train_model", "retries": 2}],
    }
