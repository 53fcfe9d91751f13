"""Imports an SDK that its distribution forgot to require."""

import sdk_that_is_not_there

import datanectar as dn


@dn.hookimpl
def datanectar_storages():
    yield dn.StorageType(name="broken", factory=sdk_that_is_not_there.Storage, summary="Never registered")
