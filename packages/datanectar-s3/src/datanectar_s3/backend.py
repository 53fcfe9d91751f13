"""A bucket of Amazon S3, or of a store that speaks its protocol."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from botocore.exceptions import ClientError

from datanectar import ObjectInfo, StorageBackend, check_key
from datanectar.errors import InvalidKey, KeyNotFound, StorageError, UnsupportedError
from datanectar_s3 import reading
from datanectar_s3.connection import Connection
from datanectar_s3.errors import refusal, typed_errors
from datanectar_s3.options import S3Options
from datanectar_s3.writing import (
    Parts,
    data_arguments,
    manifest_arguments,
    request_arguments,
    take,
    transfer_config,
)

_LONGEST_KEY = 1024  # bytes, of prefix and key
_DELETED_AT_ONCE = 1000
_LONGEST_LINK = 7 * 86_400  # seconds


class S3Backend(StorageBackend):
    """Keeps objects in a bucket. `create` is one conditional put, so one of many writers wins.

    Objects are checked by whoever reads them: what the storage layer stores has a SHA-256 in its manifest.
    """

    reach = "anywhere"

    def __init__(self, options: S3Options) -> None:
        self.options, self.url = options, options.url
        self._connection = Connection(options)
        self._prefix = f"{options.prefix}/" if options.prefix else ""
        self._request = request_arguments(options)
        self._transfer = transfer_config(options)
        self._bucket_is_there = False

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.options,)

    def _named(self, key: str) -> dict[str, str]:
        """The arguments that say which object a request is about."""
        name = self._prefix + check_key(key)
        if len(name) > _LONGEST_KEY:
            msg = (
                f"key {key!r} is refused: with the prefix {self.options.prefix!r} it has more than {_LONGEST_KEY} bytes"
            )
            raise InvalidKey(msg)
        return {"Bucket": self.options.bucket, "Key": name}

    def _typed(self, key: str = "") -> AbstractContextManager[None]:
        return typed_errors(self.options, key)

    # Reading

    def _get(self, key: str, **arguments: str) -> Any:
        try:
            return self._connection.client.get_object(**self._named(key), **self._request, **arguments)
        except ClientError as error:
            self._bucket_is_there |= _code(error) == "NoSuchKey"
            raise

    def read(self, key: str) -> bytes:
        with self._typed(key):
            return reading.whole(partial(self._get, key))

    def open(self, key: str, start: int = 0, end: int | None = None) -> BinaryIO:
        if end is not None and end <= start:
            if self.stat(key) is None:
                raise KeyNotFound(f"{key} is not in {self.url}")
            return io.BytesIO()
        return reading.stream(partial(self._get, key), self.options, key, start, end)

    def fetch(self, key: str, file: BinaryIO) -> None:
        name = self._named(key)
        with self._typed(key):
            self._connection.client.download_fileobj(
                *name.values(), file, ExtraArgs=self._request, Config=self._transfer
            )

    def stat(self, key: str) -> ObjectInfo | None:
        name = self._named(key)
        with self._typed(key):
            try:
                reply = self._connection.client.head_object(**name, **self._request)
            except ClientError as error:
                if self._bucket_is_there and _code(error) == "404":
                    return None
                reply = self._asked_why(key)
        return None if reply is None else ObjectInfo(key, reply["ContentLength"], reply["LastModified"].astimezone(UTC))

    def _asked_why(self, key: str) -> Any:
        """Asks for an object that a HEAD did not give: the reply to that has no body, so it does not say why."""
        try:
            reply = self._get(key)
            reply["Body"].close()
            return reply
        except ClientError as error:
            if _code(error) != "NoSuchKey":
                raise
            return None

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        start = len(self._prefix)
        with self._typed(prefix):
            pages = self._connection.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.options.bucket, Prefix=self._prefix + prefix, **self._request
            )
            for page in pages:
                for entry in page.get("Contents", ()):
                    key = entry["Key"][start:]
                    # Others are somebody else's, such as the "folder/" of a console; some stores list "a/" for "a//".
                    if _is_key(key) and key.startswith(prefix):
                        yield ObjectInfo(key, entry["Size"], entry["LastModified"].astimezone(UTC))

    def link(self, key: str, expires: int) -> str:
        name = self._named(key)
        if expires > _LONGEST_LINK:
            raise UnsupportedError(f"{self.url} makes links for {_LONGEST_LINK} seconds at most, not for {expires}")
        with self._typed(key):
            return self._connection.client.generate_presigned_url("get_object", Params=name, ExpiresIn=expires)  # type: ignore[no-any-return]

    # Writing

    def create(self, key: str, data: bytes) -> ObjectInfo:
        return self._put(key, data, IfNoneMatch="*", **manifest_arguments(self.options))

    def write(self, key: str, source: bytes | BinaryIO | Path) -> ObjectInfo:
        if isinstance(source, Path):
            with source.open("rb") as file:
                return self._write_file(key, file, os.fstat(file.fileno()).st_size)
        if isinstance(source, bytes):
            return self._write_file(key, io.BytesIO(source), len(source))
        first = take(source, self.options.part_size)
        if len(first) < self.options.part_size:
            return self._put(key, first, **data_arguments(self.options))
        parts = Parts(first, source, self.options)
        self._upload(key, parts)
        return self._stored(key, parts.size)

    def _write_file(self, key: str, file: BinaryIO, size: int) -> ObjectInfo:
        if size < self.options.part_size:
            return self._put(key, file.read(), **data_arguments(self.options))
        self._upload(key, file)
        return self._stored(key, size)

    def _put(self, key: str, data: bytes, **arguments: str) -> ObjectInfo:
        name = self._named(key)
        with self._typed(key):
            reply = self._connection.client.put_object(**name, Body=data, **arguments)
        date = reply["ResponseMetadata"]["HTTPHeaders"].get("date")
        if date is None:
            return self._stored(key, len(data))
        return ObjectInfo(key, len(data), parsedate_to_datetime(date).astimezone(UTC))

    def _upload(self, key: str, source: BinaryIO | Parts) -> None:
        """Sends something in parts; `_stored` says whether it is there, for completing can succeed without a reply."""
        name = self._named(key)
        with self._typed(key):
            try:
                self._connection.client.upload_fileobj(
                    source, *name.values(), ExtraArgs=data_arguments(self.options), Config=self._transfer
                )
            except ClientError as error:
                if _code(error) != "NoSuchUpload":
                    raise

    def _stored(self, key: str, size: int) -> ObjectInfo:
        """What is known of an object that was stored this moment; its time is known to the store alone."""
        info = self.stat(key)
        if info is None or info.size != size:
            got = "nothing" if info is None else f"{info.size} bytes"
            raise StorageError(f"{self.url} should have {size} bytes under {key}, and has {got}; run again")
        return info

    def delete(self, keys: Iterable[str]) -> None:
        names = ({"Key": self._named(key)["Key"]} for key in keys)
        while batch := list(islice(names, _DELETED_AT_ONCE)):
            with self._typed():
                reply = self._connection.client.delete_objects(
                    Bucket=self.options.bucket, Delete={"Objects": batch, "Quiet": True}, **self._request
                )
            for error in reply.get("Errors", ()):
                if error.get("Code") != "NoSuchKey":
                    key = error.get("Key", "").removeprefix(self._prefix)
                    raise refusal({"Error": error}, "DeleteObjects", self.options, key)


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]  # type: ignore[no-any-return]


def _is_key(text: str) -> bool:
    try:
        return bool(check_key(text))
    except InvalidKey:
        return False
