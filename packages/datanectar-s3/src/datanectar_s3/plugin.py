"""What the plugin brings. Nothing is imported here but datanectar; boto3 is, when a store is first opened."""

from __future__ import annotations

from collections.abc import Iterator

import datanectar as dn


@dn.hookimpl
def datanectar_storages() -> Iterator[dn.StorageType]:
    yield dn.StorageType(
        name="s3",
        factory="datanectar_s3.backend:S3Backend",
        options="datanectar_s3.options:S3Options",
        schemes=("s3",),
        summary="A bucket of Amazon S3, or of a store that speaks its protocol",
    )
