"""A blob as a stream: fetched in pieces, each of which is tried again where it breaks off."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, cast

from azure.storage.blob import StorageStreamDownloader

from datanectar_azure.errors import Place, typed_errors

_BUFFER = 1 << 20


def stream(download: StorageStreamDownloader[bytes], place: Place, key: str) -> BinaryIO:
    """Opens what the SDK downloads; it sees to it that all pieces are of one version of the blob."""
    return cast(BinaryIO, io.BufferedReader(_Download(download, place, key), _BUFFER))


class _Download(io.RawIOBase):
    def __init__(self, download: StorageStreamDownloader[bytes], place: Place, key: str) -> None:
        self._download, self._place, self._key = download, place, key

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any, /) -> int:
        with typed_errors(self._place, "read", self._key):
            data = self._download.read(len(target))
        target[: len(data)] = data
        return len(data)
