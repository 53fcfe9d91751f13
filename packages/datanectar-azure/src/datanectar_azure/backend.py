"""A container of Azure Blob Storage."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from datetime import UTC
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobClient, BlobProperties, StandardBlobTier, StorageStreamDownloader

import datanectar as dn
from datanectar.errors import InvalidKey, KeyNotFound
from datanectar_azure import links
from datanectar_azure.connection import Connection, connect, sas_of
from datanectar_azure.errors import Place, answered, typed_errors
from datanectar_azure.options import AzureOptions
from datanectar_azure.pickling import reduced
from datanectar_azure.reading import stream
from datanectar_azure.writing import Resumed, first_piece

_BLOCK = 4 << 20  # the SDK's own; `config.max_block_size` changes it
_MOST_DELETED_AT_ONCE = 256
_BEYOND_THE_END = 416


class AzureBackend(dn.StorageBackend):
    """Keeps objects as block blobs, whose names are the keys behind a prefix."""

    def __init__(self, options: AzureOptions) -> None:
        self.options = options
        service, _ = connection = connect(options)
        # Sockets are not for two processes, so a forked one makes a connection of its own.
        self._connections = {os.getpid(): connection}
        # Two accounts may have a container of one name, so the address begins with the account's.
        self.url = "/".join(filter(None, (f"az://{service.primary_hostname}", options.container, options.prefix)))
        self._place = Place(
            self.url, options.container, service.account_name or service.primary_hostname, sas_of(options)
        )
        self._start = f"{options.prefix}/" if options.prefix else ""
        self._of_all: dict[str, Any] = {"overwrite": True, "max_concurrency": options.threads}
        if options.tags:
            self._of_all["tags"] = options.tags
        if options.encryption_scope:
            self._of_all["encryption_scope"] = options.encryption_scope
        tier = StandardBlobTier(options.tier.capitalize()) if options.tier else None
        self._of_data = {**self._of_all, "standard_blob_tier": tier}

    @property
    def _connection(self) -> Connection:
        found = self._connections.get(os.getpid())
        return found or self._connections.setdefault(os.getpid(), connect(self.options))

    def _name(self, key: str) -> str:
        return self._start + dn.check_key(key)

    def _blob(self, key: str) -> BlobClient:
        return self._connection.container.get_blob_client(self._name(key))

    def _errors(self, action: str, key: str) -> typed_errors:
        return typed_errors(self._place, action, key)

    def read(self, key: str) -> bytes:
        with self._errors("read", key):
            return self._download(key).readall()  # type: ignore[no-any-return]

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        if end is not None and end <= start:
            if self.stat(key) is None:
                raise KeyNotFound(f"{key} is not in {self.url}")
            return io.BytesIO()
        ranged = {} if not start and end is None else {"offset": start, "length": end and end - start}
        with self._errors("read", key):
            try:
                return stream(self._download(key, **ranged), self._place, key)
            except HttpResponseError as error:
                if error.status_code != _BEYOND_THE_END:
                    raise
                return io.BytesIO()

    def fetch(self, key: str, file: BinaryIO) -> None:
        with self._errors("read", key):
            self._download(key).readinto(file)

    def _download(self, key: str, **ranged: Any) -> StorageStreamDownloader[bytes]:
        """Fetches the first piece, which is all of most objects; the SDK fetches the others, several at once."""
        found = self._blob(key).download_blob(max_concurrency=self.options.threads, **ranged)
        if _is_folder(found.properties):
            raise KeyNotFound(f"{key} is not in {self.url}")
        return found

    def write(self, key: str, source: bytes | BinaryIO | Path) -> dn.ObjectInfo:
        # Whatever stands under the key is ours: written by a request of which the answer was lost.
        if isinstance(source, Path):
            with source.open("rb") as file:
                return self.write(key, file)
        block = self.options.config.get("max_block_size", _BLOCK)
        data = source if isinstance(source, bytes) else first_piece(source, block)
        if isinstance(source, bytes) or len(data) < block:
            return self._put("write", key, data, self._of_data)
        resumed, blob = Resumed(data, source), self._blob(key)
        with self._errors("write", key):
            answer = blob.upload_blob(resumed, **self._of_data)
        return dn.ObjectInfo(key, resumed.size, answer["last_modified"].astimezone(UTC))

    def create(self, key: str, data: bytes) -> dn.ObjectInfo:
        return self._put("create", key, data, {**self._of_all, "overwrite": False})

    def _put(self, action: str, key: str, data: bytes, settings: dict[str, Any]) -> dn.ObjectInfo:
        blob = self._blob(key)
        with self._errors(action, key):
            answer = blob.upload_blob(data, length=len(data), **settings)
        return dn.ObjectInfo(key, len(data), answer["last_modified"].astimezone(UTC))

    def stat(self, key: str) -> dn.ObjectInfo | None:
        blob = self._blob(key)
        try:
            with self._errors("read", key):
                found = blob.get_blob_properties()
                return None if _is_folder(found) else _info(key, found)
        except KeyNotFound:
            return None

    def list(self, prefix: str) -> Iterator[dn.ObjectInfo]:
        with self._errors("list", prefix):
            for found in self._connection.container.list_blobs(self._start + prefix, include=["metadata"]):
                key = found.name.removeprefix(self._start)
                if _is_key(key) and not _is_folder(found):
                    yield _info(key, found)

    def delete(self, keys: Iterable[str]) -> None:
        waiting = iter(keys)
        while batch := tuple(dict.fromkeys(islice(waiting, _MOST_DELETED_AT_ONCE))):
            if len(batch) == 1:
                self._delete_one(batch[0])
            else:
                self._delete_batch(batch)

    def _delete_one(self, key: str) -> None:
        blob = self._blob(key)
        try:
            with self._errors("delete", key):
                blob.delete_blob()
        except KeyNotFound:
            pass

    def _delete_batch(self, keys: tuple[str, ...]) -> None:
        names = [self._name(key) for key in keys]
        with self._errors("delete", f"{keys[0]} and {len(keys) - 1} others"):
            answers = self._connection.container.delete_blobs(*names, raise_on_any_failure=False)
        for key, answer in zip(keys, answers, strict=True):
            if answer.status_code >= 400:
                refusal = answered(self._place, "delete", key, answer.headers.get("x-ms-error-code", ""), answer)
                if not isinstance(refusal, KeyNotFound):
                    raise refusal

    def link(self, key: str, expires: int) -> str:
        name = self._name(key)
        with self._errors("link to", key):
            return links.link(self._connection, name, expires)

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(type(self), self.options)


def _info(key: str, found: BlobProperties) -> dn.ObjectInfo:
    if found.last_modified is None:
        raise ValueError("the answer has no Last-Modified")
    return dn.ObjectInfo(key, found.size, found.last_modified.astimezone(UTC))


def _is_key(name: str) -> bool:
    try:
        return bool(dn.check_key(name))
    except InvalidKey:  # not one of ours
        return False


def _is_folder(found: BlobProperties) -> bool:
    """Whether this stands for a directory, as accounts with a hierarchical namespace have them."""
    return bool(found.metadata) and found.metadata.get("hdi_isfolder") == "true"
