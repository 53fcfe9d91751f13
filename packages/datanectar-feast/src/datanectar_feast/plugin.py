"""What the plugin brings. Nothing is imported here but datanectar; Feast is, when a feature store is first used."""

from __future__ import annotations

from collections.abc import Iterator

import datanectar as dn


@dn.hookimpl
def datanectar_feature_stores() -> Iterator[dn.FeatureStoreType]:
    yield dn.FeatureStoreType(
        name="feast",
        factory="datanectar_feast.store:FeastStore",
        options="datanectar_feast.options:FeastOptions",
        summary="Feast, by its own feature_store.yaml",
    )


@dn.hookimpl
def datanectar_services() -> Iterator[dn.ServiceType]:
    yield dn.ServiceType(
        name="feast",
        factory="datanectar_feast.service:feast",
        options="datanectar_feast.service:FeastServerOptions",
        summary="Feast's feature server, by its own feature_store.yaml",
    )
