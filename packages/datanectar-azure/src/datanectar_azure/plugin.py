"""What the plugin brings. Nothing is imported here but datanectar; the SDK is, when a store is first opened."""

from __future__ import annotations

from collections.abc import Iterator

import datanectar as dn


@dn.hookimpl
def datanectar_storages() -> Iterator[dn.StorageType]:
    yield dn.StorageType(
        name="azure",
        factory="datanectar_azure.backend:AzureBackend",
        options="datanectar_azure.options:AzureOptions",
        schemes=("az",),
        summary="A container of Azure Blob Storage",
    )
