"""A Feast registry that loses no update, in any store that Datanectar can open.

It is named in ``feature_store.yaml``::

    registry:
      registry_store_type: datanectar_feast.registry.DatanectarRegistryStore
      path: s3://bucket/prefix        # a URL, or a directory relative to the repository
"""

from datanectar_feast.registry.store import DatanectarRegistryStore

__all__ = ["DatanectarRegistryStore"]
